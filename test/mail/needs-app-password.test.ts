import { expect, test } from 'vitest';
import { needsAppPassword } from '../../src/mail/needs-app-password.ts';

test.each([
  '[ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)',
  '534-5.7.9 Application-specific password required. For more information, go to',
  '535 5.7.0 Application password is REQUIRED',
  'Please create an app password to use this service',
  '535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [AM0PR01]',
])('an answer that requires an app password is recognised: %s', (answer) => {
  expect(needsAppPassword(answer)).toBe(true);
});

test.each([
  '[AUTHENTICATIONFAILED] Authentication failed.',
  '535 5.7.8 Error: authentication failed: wrong password',
  '535-5.7.8 Username and Password not accepted. For more information, go to',
  '534 5.7.9 Authentication mechanism is too weak',
  '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.',
  `${'x'.repeat(2_000)} app password`,
])('an answer to a wrong password is not recognised as one: %s', (answer) => {
  expect(needsAppPassword(answer)).toBe(false);
});
