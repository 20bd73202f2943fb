import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { InboxIdentity, LoginProblem, MailAccount, MailServer } from '../../src/mail/account.ts';
import type { OwnedImapConnection } from '../../src/mail/imap/imap-connection.ts';
import { type VerifyOptions, verifyLogin as verifyWithCauses } from '../../src/mail/verify-login.ts';
import { newAccount, overCleartext, overStarttls, withPassword } from '../support/mail/accounts.ts';
import { startScriptedSmtp } from '../support/mail/scripted-smtp.ts';

/** A server that sends one greeting, and then answers each IMAP command with `answer`. */
async function listener(options: {
  greeting?: string;
  answer?: string;
}): Promise<AsyncDisposable & { server: MailServer }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (options.greeting !== undefined) socket.write(`${options.greeting}\r\n`);
    socket.on('data', (data) => {
      const [tag = '', command = ''] = data.toString('latin1').split(' ');
      if (command.startsWith('CAPABILITY')) socket.write(`* CAPABILITY IMAP4rev1\r\n${tag} OK done\r\n`);
      else if (options.answer !== undefined) socket.write(`${tag} ${options.answer}\r\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    server: {
      host: '127.0.0.1',
      port: typeof address === 'object' && address ? address.port : 0,
      security: 'cleartext',
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const imapAt = (account: MailAccount, server: MailServer): MailAccount => ({
  ...account,
  imap: { ...account.imap, server },
});
const smtpAt = (account: MailAccount, server: MailServer): MailAccount => ({
  ...account,
  smtp: { ...account.smtp, server },
});
const both = (fault: LoginProblem['fault']): LoginProblem[] => [
  { service: 'imap', fault },
  { service: 'smtp', fault },
];

/** Without causes, which are codes of the server. */
const verifyLogin = async (account: MailAccount, options?: VerifyOptions): Promise<LoginProblem[]> =>
  (await verifyWithCauses(account, options)).map(({ service, fault }) => ({ service, fault }));

test.each([
  ['TLS', (account: MailAccount) => account],
  ['STARTTLS', overStarttls],
  ['no encryption', overCleartext],
])('a login that works on both servers has no problems, over %s', async (_name, over) => {
  expect(await verifyLogin(over(newAccount()))).toEqual([]);
});

test('a wrong password is found on both servers at once', async () => {
  expect(await verifyLogin(withPassword(newAccount(), 'wrong'))).toEqual(both('credentials'));
});

test('a wrong password for one server is a problem of that server only', async () => {
  const account = newAccount();
  const wrong = withPassword(account, 'wrong');
  expect(await verifyLogin({ ...account, imap: wrong.imap })).toEqual([{ service: 'imap', fault: 'credentials' }]);
  expect(await verifyLogin({ ...account, smtp: wrong.smtp })).toEqual([{ service: 'smtp', fault: 'credentials' }]);
});

test('a certificate without a trusted issuer is a problem, over TLS and STARTTLS', async () => {
  const account = newAccount();
  expect(await verifyLogin(account, { tls: { ca: [] } })).toEqual(both('certificate'));
  expect(await verifyLogin(overStarttls(account), { tls: { ca: [] } })).toEqual(both('certificate'));
});

test('a server without STARTTLS gets no password where STARTTLS is required', async () => {
  await using imap = await listener({ greeting: '* OK hello', answer: 'BAD what' });
  await using smtp = await startScriptedSmtp();
  const account = smtpAt(imapAt(newAccount(), { ...imap.server, security: 'starttls' }), {
    ...smtp.server,
    security: 'starttls',
  });
  expect(await verifyLogin(account)).toEqual(both('no_starttls'));
  expect(smtp.commands.join()).not.toContain('AUTH');
});

test('a server that requires an app password is not reported as a wrong password', async () => {
  await using imap = await listener({
    greeting: '* OK hello',
    answer:
      'NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)',
  });
  await using smtp = await startScriptedSmtp({
    answers: { AUTH: '534-5.7.9 Application-specific password required.\r\n534 5.7.9 https://example.test' },
  });
  expect(await verifyLogin(smtpAt(imapAt(newAccount(), imap.server), smtp.server))).toEqual(both('app_password'));
});

test('a silent server ends in a timeout after the time limit of both servers together', async () => {
  await using silent = await listener({});
  const startedAt = performance.now();
  const problems = await verifyLogin(smtpAt(imapAt(newAccount(), silent.server), silent.server), { totalMs: 500 });
  expect(problems).toEqual(both('timeout'));
  // The default limit is fifteen seconds.
  expect(performance.now() - startedAt).toBeLessThan(9_000);
});

test('a TLS handshake that never ends ends in a timeout after the time limit', async () => {
  await using silent = await listener({});
  const server: MailServer = { ...silent.server, security: 'tls' };
  expect(await verifyLogin(smtpAt(imapAt(newAccount(), server), server), { totalMs: 500 })).toEqual(both('timeout'));
});

test('a closed port is unreachable', async () => {
  const gone = await listener({});
  await gone[Symbol.asyncDispose]();
  expect(await verifyLogin(smtpAt(imapAt(newAccount(), gone.server), gone.server))).toEqual(both('unreachable'));
});

test('a host name that does not exist is unreachable', async () => {
  const server: MailServer = { host: 'no-such-host.invalid', port: 993, security: 'tls' };
  expect(await verifyLogin(smtpAt(imapAt(newAccount(), server), server))).toEqual(both('unreachable'));
});

test('a web server is reported as a problem', async () => {
  await using web = await listener({
    greeting: 'HTTP/1.1 400 Bad Request\r\n\r\n<html><script>alert(1)</script></html>',
  });
  const problems = await verifyLogin(smtpAt(imapAt(newAccount(), web.server), web.server), { totalMs: 1_000 });
  expect(problems.map(({ service }) => service)).toEqual(['imap', 'smtp']);
  for (const { fault } of problems) expect(['unreachable', 'refused', 'timeout']).toContain(fault);
});

test('the IMAP connection is handed over when both logins work, and closed otherwise', async () => {
  const account = newAccount();
  const taken: OwnedImapConnection[] = [];
  const onImap = (imap: OwnedImapConnection) => void taken.push(imap);
  expect(await verifyLogin({ ...account, smtp: withPassword(account, 'wrong').smtp }, { onImap })).toHaveLength(1);
  expect(taken).toHaveLength(0);
  expect(await verifyLogin(account, { onImap })).toEqual([]);
  expect(taken).toHaveLength(1);
  for (const imap of taken) imap.close();
});

test('the server says by which values its INBOX is distinguished, the same each time', async () => {
  const account = newAccount();
  const found: InboxIdentity[] = [];
  for (let time = 0; time < 2; time++) await verifyLogin(account, { identify: (inbox) => void found.push(inbox) });
  await verifyLogin(newAccount(), { identify: (inbox) => void found.push(inbox) });
  expect(found).toHaveLength(3);
  expect(Number(found[0]?.uidValidity)).toBeGreaterThan(1_000_000);
  expect(found[1]).toEqual(found[0]);
});
