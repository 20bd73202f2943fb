import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import express from 'express';
import { expect, test } from 'vitest';
import { attachmentHandler, createLinkStore, type WithPart, withPartOf } from '../../src/attachments/links.ts';
import type { AttachmentRef } from '../../src/attachments/store.ts';
import { ToolError, UpstreamError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import type { MailAccount } from '../../src/mail/account.ts';
import { createImapPool, type ImapPool } from '../../src/mail/pool/pool.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../src/oauth/sealed/sealed-types.ts';
import { waitUntil } from '../support/app/wait-until.ts';
import { newAccount, withPassword } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';
import { withImapFlow } from '../support/mail/with-imapflow.ts';

const megabytes = randomBytes(3_000_000);

interface LinkApp extends AsyncDisposable {
  store: ReturnType<typeof createLinkStore>;
  pool: ImapPool;
  /** Advances the clock of the links. */
  passSeconds(seconds: number): void;
}

/** Link store and handler on a free port, as the server puts them together. */
async function linkApp(options: { withPart?: WithPart; stallMs?: number } = {}): Promise<LinkApp> {
  let now = Date.now();
  const links = createTokens(createKeyring({ current: randomBytes(32), previous: [] })).attachment;
  const seal = {
    seal: (reference: AttachmentRef, notAfter?: Date) => links.seal(reference, new Date(now), notAfter),
    open: (link: string) => links.unseal(link, new Date(now)),
  };
  const pool = createImapPool({ log: createLog('ERROR', { write: () => undefined }) });
  const withPart = options.withPart ?? withPartOf(pool);
  const app = express();
  app.get('/attachments/:link', attachmentHandler({ seal, withPart, ...options }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    store: createLinkStore({ issuer, seal, withPart }),
    pool,
    passSeconds(seconds) {
      now += seconds * 1000;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await pool.close();
    },
  };
}

const withoutBytes = async () => expect.unreachable('publishing a link reads nothing');

interface Filed {
  account: MailAccount;
  reference: AttachmentRef;
}

/** A message with one attachment in a new mailbox, and where that is. */
async function filed(attachment: { filename: string; contentType: string; content: Buffer }): Promise<Filed> {
  const account = newAccount();
  const { INBOX } = await appendMessages(account, { INBOX: [message({ attachments: [attachment] })] });
  const uidValidity = await withImapFlow(account, async (imap) =>
    String((await imap.mailboxOpen('INBOX')).uidValidity),
  );
  const reference = { imap: account.imap, mailbox: 'INBOX', uidValidity, uid: INBOX[0] ?? 0, part: '2' };
  return { account, reference };
}

async function publish(app: LinkApp, reference: AttachmentRef): Promise<string> {
  const attached = { ...reference, filename: 'a', contentType: 'x/y', sizeBytes: 1 };
  return (await app.store.publish(attached, withoutBytes)) ?? expect.unreachable();
}

test('a link returns the bytes of the part, as a file with its name', async () => {
  const { reference } = await filed({
    filename: 'Rechnung März 🎌.pdf',
    contentType: 'application/pdf',
    content: megabytes,
  });
  await using app = await linkApp();
  const response = await fetch(await publish(app, reference));
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer()).equals(megabytes)).toBe(true);
  expect(response.headers.get('content-type')).toBe('application/pdf');
  expect(response.headers.get('content-disposition')).toMatch(
    /^attachment; .*filename\*=UTF-8''Rechnung%20M%C3%A4rz%20%F0%9F%8E%8C\.pdf/,
  );
});

test.each(['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/xml'])(
  '%s is offered as a file and never shown as a page',
  async (contentType) => {
    const content = Buffer.from('<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>');
    const { reference } = await filed({ filename: 'page', contentType, content });
    await using app = await linkApp();
    const response = await fetch(await publish(app, reference));
    expect(await response.text()).toBe(content.toString());
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-disposition': 'attachment; filename=page',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
  },
);

test('a link lives no longer than the grant, and never longer than an hour', async () => {
  const { reference } = await filed({ filename: 'a.pdf', contentType: 'application/pdf', content: Buffer.from('x') });
  await using app = await linkApp();
  const attached = { ...reference, filename: 'a', contentType: 'x/y', sizeBytes: 1 };
  const until = (seconds: number) => new Date(Date.now() + seconds * 1000);
  const short = (await app.store.publish(attached, withoutBytes, until(100))) ?? expect.unreachable();
  const long = (await app.store.publish(attached, withoutBytes, until(10_000))) ?? expect.unreachable();
  app.passSeconds(90);
  expect((await fetch(short)).status).toBe(200);
  app.passSeconds(11);
  expect((await fetch(short)).status).toBe(404);
  expect((await fetch(long)).status).toBe(200);
  await expect(app.store.fetchOwn(short, reference, 100)).rejects.toThrow('expired');
  app.passSeconds(3600);
  expect((await fetch(long)).status).toBe(404);
});

test('HEAD returns the headers alone', async () => {
  const { reference } = await filed({ filename: 'a.pdf', contentType: 'application/pdf', content: megabytes });
  await using app = await linkApp();
  const response = await fetch(await publish(app, reference), { method: 'HEAD' });
  expect(response.headers.get('content-disposition')).toContain('a.pdf');
  expect((await response.arrayBuffer()).byteLength).toBe(0);
  expect(app.pool.size()).toEqual({ idle: 1, inUse: 0 });
});

test('an empty part is an empty file', async () => {
  const { reference } = await filed({ filename: 'a.txt', contentType: 'text/plain', content: Buffer.alloc(0) });
  await using app = await linkApp();
  const response = await fetch(await publish(app, reference));
  expect([response.status, await response.text()]).toEqual([200, '']);
});

test('a link works for an hour; an expired, changed or truncated one is not found', async () => {
  const { reference } = await filed({ filename: 'a.txt', contentType: 'text/plain', content: Buffer.from('x') });
  await using app = await linkApp();
  const link = await publish(app, reference);
  app.passSeconds(3_590);
  expect((await fetch(link)).status).toBe(200);
  app.passSeconds(120);
  for (const url of [link, link.slice(0, -5), `${link}A`, link.replace(/[^/]+$/, 'x'.repeat(9_000))]) {
    const response = await fetch(url);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toContain('expired');
  }
});

test('a link reveals nothing about the mailbox', async () => {
  const { account, reference } = await filed({
    filename: 'a.txt',
    contentType: 'text/plain',
    content: Buffer.from('x'),
  });
  await using app = await linkApp();
  const link = await publish(app, reference);
  for (const part of link.split(/[./]/)) {
    const decoded = Buffer.from(part, 'base64url').toString('latin1');
    expect(decoded).not.toContain(account.imap.login.password);
    expect(decoded).not.toContain(account.email);
  }
});

test('a message that was removed is not found, nor one whose mailbox was created anew', async () => {
  const { account, reference } = await filed({
    filename: 'a.txt',
    contentType: 'text/plain',
    content: Buffer.from('x'),
  });
  await using app = await linkApp();
  expect((await fetch(await publish(app, { ...reference, uid: 999 }))).status).toBe(404);
  const anew = { ...reference, uidValidity: '1' };
  const response = await fetch(await publish(app, anew));
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('x');
  await expect(app.store.fetchOwn(await publish(app, anew), account, 100)).rejects.toBeInstanceOf(ToolError);
});

test('a mail server that fails before the first byte makes the response a 502', async () => {
  const { account, reference } = await filed({
    filename: 'a.txt',
    contentType: 'text/plain',
    content: Buffer.from('x'),
  });
  await using app = await linkApp();
  const wrong = { ...reference, imap: withPassword(account, 'wrong').imap };
  expect((await fetch(await publish(app, wrong))).status).toBe(502);

  const broken: WithPart = (_reference, use) => {
    const stream = new Readable({
      read() {
        this.destroy(new UpstreamError('IMAP', 'unreachable', 'gone'));
      },
    });
    return use({ stream, filename: 'a', contentType: 'text/html', sizeBytes: 1 });
  };
  await using other = await linkApp({ withPart: broken });
  const response = await fetch(await publish(other, reference));
  expect(response.status).toBe(502);
  expect(response.headers.get('content-type')).toContain('text/plain');
});

test('a mail server that fails halfway breaks the connection, so that half a file never looks complete', async () => {
  const halfway: WithPart = (_reference, use) => {
    let reads = 0;
    const stream = new Readable({
      read() {
        reads += 1;
        if (reads < 3) this.push(Buffer.alloc(100_000));
        else this.destroy(new Error('gone'));
      },
    });
    return use({ stream, filename: 'a', contentType: 'x/y', sizeBytes: 1 });
  };
  await using app = await linkApp({ withPart: halfway });
  const { reference } = await filed({ filename: 'a', contentType: 'x/y', content: Buffer.from('x') });
  await expect(fetch(await publish(app, reference)).then((response) => response.arrayBuffer())).rejects.toThrow();
});

test('the connection to the mail server is released when the client leaves or stops reading', async () => {
  let isReleased = false;
  const endless: WithPart = async (_reference, use) => {
    const stream = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    try {
      return await use({ stream, filename: 'a', contentType: 'x/y', sizeBytes: 1 });
    } finally {
      isReleased = stream.destroyed;
    }
  };
  await using app = await linkApp({ withPart: endless, stallMs: 300 });
  const { reference } = await filed({ filename: 'a', contentType: 'x/y', content: Buffer.from('x') });
  const link = await publish(app, reference);

  const leaving = new AbortController();
  await fetch(link, { signal: leaving.signal });
  leaving.abort();
  await waitUntil(20_000, () => isReleased);

  isReleased = false;
  const stalled = await fetch(link);
  await waitUntil(20_000, () => isReleased);
  await stalled.body?.cancel();
});

test('a link of this server can be attached, for its own mailbox only', async () => {
  const { account, reference } = await filed({
    filename: 'a b.txt',
    contentType: 'text/plain',
    content: Buffer.from('the text'),
  });
  await using app = await linkApp();
  const link = await publish(app, reference);
  const file = await app.store.fetchOwn(link, account, 100);
  expect({ ...file, content: file.content.toString() }).toEqual({
    filename: 'a b.txt',
    contentType: 'text/plain',
    content: 'the text',
  });
  await expect(app.store.fetchOwn(link, newAccount(), 100)).rejects.toThrow('not a link of this server');
  await expect(app.store.fetchOwn(link, account, 7)).rejects.toThrow('too large');
  app.passSeconds(7_200);
  await expect(app.store.fetchOwn(link, account, 100)).rejects.toThrow('expired');
});

test('no other URL is ever fetched', async () => {
  await using app = await linkApp({ withPart: () => expect.unreachable() });
  const { account, reference } = await filed({ filename: 'a', contentType: 'x/y', content: Buffer.from('x') });
  const link = await publish(app, reference);
  for (const url of [
    'https://example.com/a.pdf',
    'file:///etc/passwd',
    'http://169.254.169.254/latest/meta-data/',
    link.replace('127.0.0.1', 'localhost'),
    link.replace('/attachments/', '/attachments/../'),
    ` ${link}`,
    '',
  ]) {
    await expect(app.store.fetchOwn(url, account, 100)).rejects.toBeInstanceOf(ToolError);
  }
});
