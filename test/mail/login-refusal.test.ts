import { expect, test } from 'vitest';
import { loginRefusalOf } from '../../src/mail/login-refusal.ts';

test.each([
  '[ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)',
  '534-5.7.9 Application-specific password required. For more information, go to',
  '535 5.7.0 Application password is REQUIRED',
  'Please create an app password to use this service',
  '535 Login Fail. Please enter your authorization code to login. More information in http://example.test/help',
  'LOGIN Login error, use the authorisation code of the mailbox',
  '535 Error: 请使用授权码登录',
])('an answer that requires an app password is recognised: %s', (answer) => {
  expect(loginRefusalOf(answer)).toBe('app_password');
});

test.each([
  '535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [AM0PR01]',
  'Basic authentication is disabled.',
  'LOGIN failed. BasicAuth is disabled',
  'AUTHENTICATE failed. [Error="AuthFailed:LogonDenied-BasicAuthBlocked-LoginPermanentException"]',
  'basic authentication not supported, an app password does not help',
  'Modern authentication is required for this mailbox',
  '535 5.7.8 This account requires OAuth',
])('an answer of a server that takes no passwords is recognised: %s', (answer) => {
  expect(loginRefusalOf(answer)).toBe('no_passwords');
});

test.each([
  '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://example.test',
  'SmtpClientAuthentication is disabled for the Mailbox.',
])('an answer of a server at which sending with a password is switched off is recognised: %s', (answer) => {
  expect(loginRefusalOf(answer)).toBe('smtp_auth_off');
});

test.each([
  "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.",
  '535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.',
])('an answer that gives a rule of the organization as the reason is recognised: %s', (answer) => {
  expect(loginRefusalOf(answer)).toBe('blocked');
});

test.each([
  '[AUTHENTICATIONFAILED] Authentication failed.',
  '535 5.7.8 Error: authentication failed: wrong password',
  '535-5.7.8 Username and Password not accepted. For more information, go to',
  '534 5.7.9 Authentication mechanism is too weak',
  '535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.',
  'LOGIN Login error or password error',
  'AUTHENTICATE failed.',
  `${'x'.repeat(2_000)} app password`,
])('an answer to a wrong password is not recognised as one of these: %s', (answer) => {
  expect(loginRefusalOf(answer)).toBeUndefined();
});
