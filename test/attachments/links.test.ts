/** Tests attachment links with streams that a test defines; links.servers.test.ts tests them with a mail server. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { WithPart } from '../../src/attachments/links.ts';
import { ToolError, UpstreamError } from '../../src/errors.ts';
import { publishLink, startLinkApp } from '../support/app/link-app.ts';
import { waitUntil } from '../support/app/wait-until.ts';

const endpoint = {
  server: { host: 'imap.example.test', port: 993, security: 'tls' as const },
  login: { kind: 'password' as const, username: 'ada@example.test', password: 'a password' },
};
const account = { fullName: 'Ada', email: 'ada@example.test', imap: endpoint, smtp: endpoint };
const reference = { imap: endpoint, mailbox: 'INBOX', uidValidity: '1', uid: 1, part: '2' };

test('a link reveals nothing about the mailbox', async () => {
  await using app = await startLinkApp();
  const link = await publishLink(app, reference);
  for (const part of link.split(/[./]/)) {
    const decoded = Buffer.from(part, 'base64url').toString('latin1');
    expect(decoded).not.toContain(account.imap.login.password);
    expect(decoded).not.toContain(account.email);
  }
});

test('a mail server that fails before the first byte makes the response a 502', async () => {
  const broken: WithPart = (_reference, use) => {
    const stream = new Readable({
      read() {
        this.destroy(new UpstreamError('IMAP', 'unreachable', 'gone'));
      },
    });
    return use({ stream, filename: 'a', contentType: 'text/html', sizeBytes: 1 });
  };
  await using app = await startLinkApp({ withPart: broken });
  const response = await fetch(await publishLink(app, reference));
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
  await using app = await startLinkApp({ withPart: halfway });
  await expect(fetch(await publishLink(app, reference)).then((response) => response.arrayBuffer())).rejects.toThrow();
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
  await using app = await startLinkApp({ withPart: endless, stallMs: 300 });
  const link = await publishLink(app, reference);

  const leaving = new AbortController();
  await fetch(link, { signal: leaving.signal });
  leaving.abort();
  await waitUntil(20_000, () => isReleased);

  isReleased = false;
  const stalled = await fetch(link);
  await waitUntil(20_000, () => isReleased);
  await stalled.body?.cancel();
});

test('no other URL is ever fetched', async () => {
  await using app = await startLinkApp({ withPart: () => expect.unreachable() });
  const link = await publishLink(app, reference);
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
