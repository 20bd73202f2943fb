/** Checks the test servers, proxies and faulty servers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createTransport } from 'nodemailer';
import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../src/mail/account.ts';
import { waitUntil } from './app/wait-until.ts';
import {
  changeablePasswordAccount,
  newAccount,
  newAccountWithPassword,
  onBasicServer,
  overCleartext,
  overStarttls,
  passwordOf,
  withPassword,
} from './mail/accounts.ts';
import { message } from './mail/build-message.ts';
import {
  startDroppingServer,
  startGarbageServer,
  startServerWithCertificate,
  startSilentServer,
  unusedPort,
} from './mail/faulty-servers.ts';
import { appendMessages, fillMailbox } from './mail/mailboxes.ts';
import { withImapFlow } from './mail/with-imapflow.ts';
import { launchChromium } from './servers/chromium.ts';
import { BUSY_RECIPIENT, REFUSING_RECIPIENT, UNKNOWN_RECIPIENT } from './servers/postfix.ts';
import { startCuttableProxy, startDelayProxy } from './servers/proxies.ts';
import { testServers } from './servers/servers.ts';

const { imap: imapServer, s3, certificates } = testServers();
const imapTarget = { host: imapServer.host, port: imapServer.tlsPort };

function logIn(account: MailAccount): Promise<boolean> {
  return withImapFlow(account, async () => true);
}

function through(account: MailAccount, server: { host: string; port: number }): MailAccount {
  return { ...account, imap: { ...account.imap, server: { host: server.host, port: server.port, security: 'tls' } } };
}

function transport({ smtp: { server, login } }: MailAccount) {
  return createTransport({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    requireTLS: server.security === 'starttls',
    ignoreTLS: server.security === 'cleartext',
    auth: { user: login.username, pass: passwordOf(login) },
  });
}

describe('Dovecot', () => {
  const account = newAccount();

  test.each([
    ['TLS', account],
    ['STARTTLS', overStarttls(account)],
    ['cleartext', overCleartext(account)],
    ['TLS on the server without extensions', onBasicServer(account)],
  ])('a new user logs in over %s and has the special-use mailboxes', async (_over, variant) => {
    const boxes = await withImapFlow(variant, (imap) => imap.list());
    expect(boxes.map(({ path }) => path).sort()).toEqual(['Archive', 'Drafts', 'INBOX', 'Junk', 'Sent', 'Trash']);
  });

  test('a wrong password is refused for every kind of user', async () => {
    for (const known of [newAccount(), newAccountWithPassword('right')]) {
      await expect(logIn(withPassword(known, 'wrong'))).rejects.toMatchObject({ authenticationFailed: true });
      await expect(logIn(withPassword(known, ''))).rejects.toThrow();
    }
  });

  test('an unknown user is refused', async () => {
    const { imap, ...rest } = newAccount();
    const unknown = { ...rest, imap: { ...imap, login: { ...imap.login, username: 'unknown@example.test' } } };
    await expect(logIn(unknown)).rejects.toMatchObject({ authenticationFailed: true });
  });

  test('any text can be a password', async () => {
    for (const password of ['two words', ' "quoted\\" ', 'a:b:{PLAIN}c', '%u $HOME', 'pässwörd 密码 🔑']) {
      expect(await logIn(newAccountWithPassword(password)), password).toBe(true);
    }
  });

  test('after a change of password only the new one is accepted', async () => {
    const { account: before, changePassword } = changeablePasswordAccount();
    expect(await logIn(before)).toBe(true);
    const after = await changePassword('second password');
    expect(await logIn(after)).toBe(true);
    await expect(logIn(before)).rejects.toMatchObject({ authenticationFailed: true });
  });

  test('the basic server advertises none of the extensions of the full one', async () => {
    const capabilities = (of: MailAccount) => withImapFlow(of, async (imap) => [...imap.capabilities.keys()]);
    const extensions = [
      'UIDPLUS',
      'MOVE',
      'SPECIAL-USE',
      'LIST-STATUS',
      'LIST-EXTENDED',
      'ESEARCH',
      'LITERAL+',
      'IDLE',
    ];
    expect(await capabilities(account)).toEqual(expect.arrayContaining(extensions));
    const basic = await capabilities(onBasicServer(account));
    expect(basic).toContain('IMAP4rev1');
    expect(basic.filter((name) => extensions.includes(name))).toEqual([]);
  });

  test('appended messages have their flags and date, and the returned UIDs', async () => {
    const owner = newAccount();
    const date = new Date('2024-02-29T12:00:00Z');
    const { INBOX, 'Wörk/Läter': later } = await appendMessages(owner, {
      INBOX: [message({ subject: 'one' }), message({ subject: 'two', flags: ['\\Seen', '$Label1'], date })],
      'Wörk/Läter': [message({ raw: 'Subject: =?bogus\n\nbody' })],
    });
    expect([INBOX, later]).toEqual([[1, 2], [1]]);
    const found = await withImapFlow(owner, async (imap) => {
      await imap.mailboxOpen('INBOX');
      return imap.fetchOne('2', { uid: true, flags: true, internalDate: true, envelope: true }, { uid: true });
    });
    expect(found).toMatchObject({ uid: 2, internalDate: date, envelope: { subject: 'two' } });
    // \Recent is the server's own (RFC 3501 §2.3.2).
    expect(found && [...(found.flags ?? [])].filter((flag) => flag !== '\\Recent').sort()).toEqual([
      '$Label1',
      '\\Seen',
    ]);
  });

  test('a filled mailbox has its messages in order', async () => {
    const owner = newAccount();
    fillMailbox(owner, 'INBOX', 500);
    fillMailbox(owner, 'Old', 3);
    const [inbox, old, last] = await withImapFlow(owner, async (imap) => {
      const counts = [await imap.status('INBOX', { messages: true }), await imap.status('Old', { messages: true })];
      await imap.mailboxOpen('INBOX');
      return [...counts, await imap.fetchOne('500', { uid: true, envelope: true })];
    });
    expect([inbox, old]).toMatchObject([{ messages: 500 }, { messages: 3 }]);
    expect(last).toMatchObject({ uid: 500, envelope: { subject: 'Message 500' } });
  });
});

describe('Postfix', () => {
  const letter = { from: 'sender@example.test', subject: 'Hello', text: 'there' };

  test.each([
    ['TLS', newAccount()],
    ['STARTTLS', overStarttls(newAccount())],
    ['cleartext', overCleartext(newAccount())],
  ])('mail submitted over %s arrives', async (_over, account) => {
    await transport(account).sendMail({ ...letter, to: account.email });
    const arrived = await waitUntil(20_000, () =>
      withImapFlow(account, async (imap) => {
        const status = await imap.status('INBOX', { messages: true });
        return status && status.messages === 1;
      }),
    );
    expect(arrived).toBe(true);
  });

  test.each([
    ['an unknown recipient', UNKNOWN_RECIPIENT, 550],
    ['the refusing recipient', REFUSING_RECIPIENT, 550],
    ['the busy recipient', BUSY_RECIPIENT, 451],
    ['a recipient elsewhere', 'someone@elsewhere.test', 550],
  ])('%s is refused at RCPT', async (_who, to, responseCode) => {
    const sending = transport(newAccount()).sendMail({ ...letter, to });
    await expect(sending).rejects.toMatchObject({ command: 'RCPT TO', responseCode });
  });

  test('a wrong password is refused', async () => {
    const sending = transport(withPassword(newAccount(), 'wrong')).verify();
    await expect(sending).rejects.toMatchObject({ code: 'EAUTH', responseCode: 535 });
  });

  test('mail is refused without a login', async () => {
    const { host, port } = newAccount().smtp.server;
    const sending = createTransport({ host, port, secure: true }).sendMail({ ...letter, to: newAccount().email });
    await expect(sending).rejects.toMatchObject({ responseCode: 554 });
  });
});

describe('Swift', () => {
  test('an object can be stored and read, only with the right secret', async () => {
    const { endpoint, region, accessKeyId, secretAccessKey, bucket: Bucket } = s3;
    const client = (secret: string) =>
      new S3Client({
        endpoint,
        region,
        credentials: { accessKeyId, secretAccessKey: secret },
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
      });
    const object = { Bucket, Key: 'servers.test/ünicode name' };
    await client(secretAccessKey).send(new PutObjectCommand({ ...object, Body: 'content' }));
    const { Body } = await client(secretAccessKey).send(new GetObjectCommand(object));
    expect(await Body?.transformToString()).toBe('content');
    const refused = client('wrong').send(new GetObjectCommand(object));
    await expect(refused).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });
});

describe('proxies and faulty servers', () => {
  test('a delay proxy adds twice its delay to each round trip', async () => {
    await using far = await startDelayProxy({ target: imapTarget, delayMs: 50 });
    const milliseconds = await withImapFlow(through(newAccount(), far), async (imap) => {
      const start = performance.now();
      await imap.noop();
      return performance.now() - start;
    });
    expect(milliseconds).toBeGreaterThanOrEqual(98);
    expect(far.accepted()).toBe(1);
  });

  test('a cuttable proxy resets open connections and accepts new ones', async () => {
    await using proxy = await startCuttableProxy({ target: imapTarget });
    const account = through(newAccount(), proxy);
    const lost = withImapFlow(account, async (imap) => {
      const idle = imap.mailboxOpen('INBOX').then(() => imap.idle());
      await waitUntil(20_000, () => imap.mailbox !== false);
      proxy.cut();
      await waitUntil(20_000, () => !imap.usable);
      await idle.catch(() => {});
      return proxy.open();
    });
    expect(await lost).toBe(0);
    expect(await logIn(account)).toBe(true);
    expect(proxy.accepted()).toBe(2);
  });

  test('a certificate of another host and a self-signed one are refused, the right one is accepted', async () => {
    await using wrongHost = await startServerWithCertificate(certificates.wrongHost, '* OK');
    await using selfSigned = await startServerWithCertificate(certificates.selfSigned, '* OK');
    await using right = await startServerWithCertificate(certificates.server, '* BYE not today');
    const account = newAccount();
    await expect(logIn(through(account, wrongHost))).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await expect(logIn(through(account, selfSigned))).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await expect(logIn(through(account, right))).rejects.not.toHaveProperty('code', expect.stringMatching(/CERT/));
  });

  test('a silent server accepts connections and sends nothing', async () => {
    await using server = await startSilentServer();
    const account = through(newAccount(), server);
    const attempt = logIn(account).catch(() => 'refused');
    const outcome = await Promise.race([attempt, sleep(300).then(() => 'silent')]);
    expect(outcome).toBe('silent');
    expect(server.accepted()).toBe(1);
  });

  test('a login fails at a server that sends garbage, resets connections or does not listen', async () => {
    await using garbage = await startGarbageServer();
    await using dropping = await startDroppingServer();
    for (const server of [garbage, dropping, await unusedPort()]) {
      await expect(logIn(through(newAccount(), server))).rejects.toThrow();
    }
    expect([garbage.accepted(), dropping.accepted()]).toEqual([1, 1]);
  });
});

test('Chromium opens a page', async () => {
  await using browser = await launchChromium();
  const page = await browser.newPage();
  await page.setContent('<title>It works</title>');
  expect(await page.title()).toBe('It works');
});
