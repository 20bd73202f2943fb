import { describe, expect, test } from 'vitest';
import { connectImap } from '../../src/mail/imap.ts';
import { newAccount, onPoorServer, overCleartext, overStarttls, withPassword } from '../support/accounts.ts';

describe('connecting to an IMAP server', () => {
  test.each([
    ['TLS', newAccount],
    ['STARTTLS', () => overStarttls(newAccount())],
    ['no encryption, where the operator says so', () => overCleartext(newAccount())],
    ['TLS, on a server without extensions', () => onPoorServer(newAccount())],
  ])('it logs in over %s', async (_name, account) => {
    const imap = await connectImap(account().imap);
    expect(imap.isUsable).toBe(true);
    expect(await imap.select('inbox', { readOnly: true, fresh: false })).toMatchObject({
      path: 'INBOX',
      exists: 0,
      isReadOnly: true,
    });
    imap.end();
  });

  test('a wrong password is the fault of the credentials, with the response code', async () => {
    const { imap } = withPassword(newAccount(), 'wrong');
    await expect(connectImap(imap)).rejects.toMatchObject({
      service: 'IMAP',
      fault: 'credentials',
      code: 'AUTHENTICATIONFAILED',
    });
  });
});
