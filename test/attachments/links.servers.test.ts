import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AttachmentRef } from '../../src/attachments/store.ts';
import { ToolError } from '../../src/errors.ts';
import type { MailAccount } from '../../src/mail/account.ts';
import { publishLink, startLinkApp, withoutBytes } from '../support/app/link-app.ts';
import { newAccount, withPassword } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';
import { withImapFlow } from '../support/mail/with-imapflow.ts';

const megabytes = randomBytes(3_000_000);

interface StoredAttachment {
  account: MailAccount;
  reference: AttachmentRef;
}

/** Appends a message with one attachment to a new mailbox. */
async function appendAttachment(attachment: {
  filename: string;
  contentType: string;
  content: Buffer;
}): Promise<StoredAttachment> {
  const account = newAccount();
  const { INBOX } = await appendMessages(account, { INBOX: [message({ attachments: [attachment] })] });
  const uidValidity = await withImapFlow(account, async (imap) =>
    String((await imap.mailboxOpen('INBOX')).uidValidity),
  );
  const reference = { imap: account.imap, mailbox: 'INBOX', uidValidity, uid: INBOX[0] ?? 0, part: '2' };
  return { account, reference };
}

test('a link returns the bytes of the part, as a file with its name', async () => {
  const { reference } = await appendAttachment({
    filename: 'Rechnung März 🎌.pdf',
    contentType: 'application/pdf',
    content: megabytes,
  });
  await using app = await startLinkApp();
  const response = await fetch(await publishLink(app, reference));
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
    const { reference } = await appendAttachment({ filename: 'page', contentType, content });
    await using app = await startLinkApp();
    const response = await fetch(await publishLink(app, reference));
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
  const { reference } = await appendAttachment({
    filename: 'a.pdf',
    contentType: 'application/pdf',
    content: Buffer.from('x'),
  });
  await using app = await startLinkApp();
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
  const { reference } = await appendAttachment({
    filename: 'a.pdf',
    contentType: 'application/pdf',
    content: megabytes,
  });
  await using app = await startLinkApp();
  const response = await fetch(await publishLink(app, reference), { method: 'HEAD' });
  expect(response.headers.get('content-disposition')).toContain('a.pdf');
  expect((await response.arrayBuffer()).byteLength).toBe(0);
  expect(app.pool.size()).toEqual({ idle: 1, inUse: 0 });
});

test('an empty part is an empty file', async () => {
  const { reference } = await appendAttachment({
    filename: 'a.txt',
    contentType: 'text/plain',
    content: Buffer.alloc(0),
  });
  await using app = await startLinkApp();
  const response = await fetch(await publishLink(app, reference));
  expect([response.status, await response.text()]).toEqual([200, '']);
});

test('a link works for an hour; an expired, changed or truncated one is not found', async () => {
  const { reference } = await appendAttachment({
    filename: 'a.txt',
    contentType: 'text/plain',
    content: Buffer.from('x'),
  });
  await using app = await startLinkApp();
  const link = await publishLink(app, reference);
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

test('a message that was removed is not found, nor one whose mailbox was created anew', async () => {
  const { account, reference } = await appendAttachment({
    filename: 'a.txt',
    contentType: 'text/plain',
    content: Buffer.from('x'),
  });
  await using app = await startLinkApp();
  expect((await fetch(await publishLink(app, { ...reference, uid: 999 }))).status).toBe(404);
  const anew = { ...reference, uidValidity: '1' };
  const response = await fetch(await publishLink(app, anew));
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('x');
  await expect(app.store.fetchOwn(await publishLink(app, anew), account, 100)).rejects.toBeInstanceOf(ToolError);
});

test('a mail server that fails before the first byte makes the response a 502', async () => {
  const { account, reference } = await appendAttachment({
    filename: 'a.txt',
    contentType: 'text/plain',
    content: Buffer.from('x'),
  });
  await using app = await startLinkApp();
  const wrong = { ...reference, imap: withPassword(account, 'wrong').imap };
  expect((await fetch(await publishLink(app, wrong))).status).toBe(502);
});

test('a link of this server can be attached, for its own mailbox only', async () => {
  const { account, reference } = await appendAttachment({
    filename: 'a b.txt',
    contentType: 'text/plain',
    content: Buffer.from('the text'),
  });
  await using app = await startLinkApp();
  const link = await publishLink(app, reference);
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
