/** Tests forwarded messages as they arrive: files byte for byte, whole messages, marks, powers. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { rawCaller } from '../../../support/app/raw-calls.ts';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { waitUntil } from '../../../support/app/wait-until.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { type MessageOptions, message } from '../../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { withImapFlow } from '../../../support/mail/with-imapflow.ts';

type Account = ReturnType<typeof newAccount>;

async function withOriginal(options: MessageOptions) {
  const [owner, reader] = [newAccount(), newAccount()];
  const original = await message({ from: 'Mara <mara@example.test>', to: owner.email, ...options });
  const { INBOX } = await appendMessages(owner, { INBOX: [original] });
  return { owner, reader, of: `INBOX/${INBOX[0]}`, raw: original.raw };
}

/** The parts of the first message of INBOX as another mail program downloads them: type, name, bytes. */
async function partsArrived(account: Account) {
  await waitUntil(30_000, async () => (await subjectsIn(account, 'INBOX')).length > 0);
  return withImapFlow(account, async (imap) => {
    await imap.mailboxOpen('INBOX', { readOnly: true });
    const found = await imap.fetchOne('*', { bodyStructure: true, envelope: true, headers: true });
    if (!found || found.bodyStructure === undefined) throw new Error('there is no message');
    const parts = [];
    for (const node of found.bodyStructure.childNodes ?? []) {
      const { content } = await imap.download('*', node.part);
      const chunks: Buffer[] = [];
      if (content === undefined) throw new Error('a part is missing');
      for await (const chunk of content) chunks.push(chunk);
      parts.push({
        type: node.type,
        parameters: node.parameters,
        name: node.dispositionParameters?.filename,
        bytes: Buffer.concat(chunks),
      });
    }
    return { subject: found.envelope?.subject, headers: found.headers?.toString() ?? '', parts };
  });
}

const flagsOf = async (account: Account) => (await messagesIn(account, 'INBOX'))[0]?.flags ?? [];

describe('as: forward', () => {
  test('the text and every file arrive, byte for byte, and the original is marked', async () => {
    const [small, large] = [randomBytes(2_000), randomBytes(3_000_000)];
    const latin = Buffer.from('Gr\u00fc\u00dfe\n', 'latin1');
    const { owner, reader, of } = await withOriginal({
      subject: 'WG: Harbour',
      text: 'See the files.',
      attachments: [
        { filename: 'Größe.pdf', contentType: 'application/pdf', content: small },
        { filename: 'large.bin', contentType: 'application/octet-stream', content: large },
        { filename: 'words.txt', contentType: 'text/plain; charset=iso-8859-1', content: latin },
      ],
    });
    await using tools = openMailTools(owner);
    const result = await tools.call('send_mail_message', {
      as: 'forward',
      of,
      to: reader.email,
      text_body: 'For you.',
    });
    expect(result).toMatchObject({
      sent: true,
      to: [reader.email],
      subject: 'Fwd: Harbour',
      files: ['Größe.pdf', 'large.bin', 'words.txt'],
      text: 'For you.\n\n(quote of 1 line follows)',
      warnings: [],
    });
    const { subject, headers, parts } = await partsArrived(reader);
    expect(subject).toBe('Fwd: Harbour');
    expect(headers).not.toMatch(/^In-Reply-To:/im);
    expect(parts.map(({ type, name }) => [type, name])).toEqual([
      ['text/plain', undefined],
      ['application/pdf', 'Größe.pdf'],
      ['application/octet-stream', 'large.bin'],
      ['text/plain', 'words.txt'],
    ]);
    expect(parts[1]?.bytes.equals(small)).toBe(true);
    expect(parts[2]?.bytes.equals(large)).toBe(true);
    expect(parts[3]?.bytes.equals(latin)).toBe(true);
    expect(parts[3]?.parameters).toMatchObject({ charset: 'iso-8859-1' });
    const text = parts[0]?.bytes.toString() ?? '';
    expect(text).toMatch(/^For you\.\r?\n\r?\n-{10} Forwarded message -{9}\r?\nFrom: Mara <mara@example.test>/);
    expect(text).toMatch(/Subject: WG: Harbour\r?\nTo: .*\r?\n\r?\nSee the files\./);
    expect(await flagsOf(owner)).toContain('$Forwarded');
    expect(await flagsOf(owner)).not.toContain('\\Answered');
    const [copy] = await messagesIn(owner, 'Sent');
    expect(copy?.raw.length).toBeGreaterThan(4_000_000);
  });

  test.each([
    [
      'signed',
      'multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha256',
      'application/pgp-signature',
    ],
    ['encrypted', 'multipart/encrypted; protocol="application/pgp-encrypted"', 'application/octet-stream'],
  ])('a message that is %s is forwarded whole', async (_, type, second) => {
    const raw = `From: Mara <mara@example.test>\nTo: a@example.test\nSubject: Sealed / words\nMessage-ID: <s@x.test>\nMIME-Version: 1.0\nContent-Type: ${type}; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße \n--b\nContent-Type: ${second}\n\nxyz\n--b--\n`;
    const { owner, reader, of, raw: original } = await withOriginal({ raw });
    await using tools = openMailTools(owner);
    const result = await tools.call('send_mail_message', { as: 'forward', of, to: reader.email, text_body: 'Look.' });
    expect(result).toMatchObject({ files: ['Sealed words.eml'], text: 'Look.' });
    const { parts } = await partsArrived(reader);
    expect(parts.map((part) => part.type)).toEqual(['text/plain', 'message/rfc822']);
    expect(parts[1]?.bytes.equals(original)).toBe(true);
  });

  test('a whole message with lines that SMTP does not take arrives as a file with the same bytes', async () => {
    const long = 'x'.repeat(2_000);
    const raw = `From: mara@example.test\nSubject: Long\nContent-Type: multipart/signed; boundary=b\n\n--b\n\n${long}\n--b\nContent-Type: application/pkcs7-signature\n\nxyz\n--b--\n`;
    const { owner, reader, of, raw: original } = await withOriginal({ raw });
    await using tools = openMailTools(owner);
    await tools.call('send_mail_message', { as: 'forward', of, to: reader.email });
    const { parts } = await partsArrived(reader);
    expect(parts.at(-1)).toMatchObject({ type: 'application/octet-stream', name: 'Long.eml' });
    expect(parts.at(-1)?.bytes.equals(original)).toBe(true);
  });

  test('a message within the message stays one', async () => {
    const inner = Buffer.from('From: bo@example.test\r\nSubject: Inner\r\n\r\nInner text\r\n');
    const { owner, reader, of } = await withOriginal({
      text: 'Outer',
      attachments: [{ filename: 'inner.eml', contentType: 'message/rfc822', content: inner }],
    });
    await using tools = openMailTools(owner);
    await tools.call('send_mail_message', { as: 'forward', of, to: reader.email });
    const { parts } = await partsArrived(reader);
    expect(parts.at(-1)).toMatchObject({ type: 'message/rfc822' });
    expect(parts.at(-1)?.bytes.toString()).toContain('Inner text');
  });

  test('hidden text and scripts of the original are not forwarded', async () => {
    const { owner, reader, of } = await withOriginal({
      html: '<p>Seen words</p><script>x()</script><div style="display:none">Unseen words</div><img src="https://t.test/p.gif">',
    });
    await using tools = openMailTools(owner);
    await tools.call('send_mail_message', { as: 'forward', of, to: reader.email });
    await waitUntil(20_000, async () => (await subjectsIn(reader, 'INBOX')).length > 0);
    const [received] = await messagesIn(reader, 'INBOX');
    expect(received?.raw).toContain('Seen words');
    expect(received?.raw).not.toMatch(/Unseen|<script|<img|t\.test/);
  });

  test('a draft of it has the files, and with an idempotency_key it is sent once', async () => {
    const content = randomBytes(1_500_000);
    const { owner, reader, of } = await withOriginal({ attachments: [{ filename: 'a.bin', content }] });
    await using tools = openMailTools(owner);
    const draft = await tools.call('create_draft_mail_message', { as: 'forward', of });
    expect(draft).toMatchObject({ saved: true, files: ['a.bin'], subject: 'Fwd: A message', to: [] });
    expect((await messagesIn(owner, 'Drafts'))[0]?.raw.length).toBeGreaterThan(2_000_000);
    const args = { as: 'forward', of, to: reader.email, idempotency_key: 'k' };
    const sent = await tools.call('send_mail_message', args);
    expect(await tools.call('send_mail_message', args)).toEqual({ ...sent, already_sent: true });
    const { parts } = await partsArrived(reader);
    expect(parts.at(-1)?.bytes.equals(content)).toBe(true);
    expect(await subjectsIn(reader, 'INBOX')).toHaveLength(1);
  });

  test('a server without extensions and without keywords sends it too', async () => {
    const { owner, reader, of } = await withOriginal({
      attachments: [{ filename: 'a.bin', content: randomBytes(100) }],
    });
    await using tools = openMailTools(onBasicServer(owner));
    expect(await tools.call('send_mail_message', { as: 'forward', of, to: reader.email })).toMatchObject({
      sent: true,
    });
    expect((await partsArrived(reader)).parts).toHaveLength(2);
  });

  test('files that are too large together are refused before anything is sent', async () => {
    const attachments = [{ filename: 'a.bin', content: randomBytes(28 * 1024 * 1024) }];
    const { owner, reader, of } = await withOriginal({ attachments });
    await using tools = openMailTools(owner);
    const failure = await tools.failure('send_mail_message', { as: 'forward', of, to: reader.email });
    expect(String(failure)).toContain('MiB');
    expect(await subjectsIn(owner, 'Sent')).toEqual([]);
  });
});

describe('attachment_urls', () => {
  test('a part of a message is attached byte for byte, by its place', async () => {
    const [small, large] = [randomBytes(500), randomBytes(1_500_000)];
    const { owner, reader, of } = await withOriginal({
      attachments: [
        { filename: 'a.pdf', contentType: 'application/pdf', content: small },
        { filename: 'b.bin', content: large },
      ],
    });
    await using tools = openMailTools(owner);
    const args = { to: reader.email, subject: 'Files', text_body: 'x', attachment_urls: [`${of}/2`, `${of}/3`] };
    await tools.call('send_mail_message', args);
    const { parts } = await partsArrived(reader);
    expect(parts.map(({ name }) => name)).toEqual([undefined, 'a.pdf', 'b.bin']);
    expect(parts[1]?.bytes.equals(small)).toBe(true);
    expect(parts[2]?.bytes.equals(large)).toBe(true);
  });

  test('a part or message that is not there, and another uid_validity, are refused', async () => {
    const { owner, of } = await withOriginal({ attachments: [{ filename: 'a.bin', content: randomBytes(10) }] });
    await using tools = openMailTools(owner);
    for (const url of [`${of}/9`, 'INBOX/999/1', `${of.replace('/', ';UIDVALIDITY=1/')}/2`, 'Nowhere/1/2']) {
      const args = { to: owner.email, subject: 'x', attachment_urls: [url] };
      expect(String(await tools.failure('create_draft_mail_message', args))).toMatch(/ToolError/);
    }
    expect(await subjectsIn(owner, 'Drafts')).toEqual([]);
  });
});

describe('from', () => {
  test('is one of the addresses of the account owner; any other is refused', async () => {
    const owner = newAccount();
    await using tools = openMailTools(owner, { identities: ['Ida at the shop <shop@example.test>'] });
    const args = { to: owner.email, subject: 'x', text_body: 'x' };
    await tools.call('send_mail_message', { ...args, from: 'SHOP@example.test' });
    await partsArrived(owner);
    expect((await messagesIn(owner, 'INBOX'))[0]?.raw).toContain('From: Ida at the shop <shop@example.test>');
    const failure = await tools.failure('send_mail_message', { ...args, from: 'eve@example.test' });
    expect(String(failure)).toContain('from must be an address of the account owner');
  });
});

describe('powers', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());

  test('no file of a folder outside the list is attached', async () => {
    const owner = newAccount();
    const secret = message({ attachments: [{ filename: 'a.txt', content: 'secret words' }] });
    const { Secret } = await appendMessages(owner, { Secret: [secret] });
    const caller = await rawCaller(app, owner, { policy: { folders: ['INBOX'] } });
    const args = { to: owner.email, subject: 'x', attachment_urls: [`Secret/${Secret[0]}/2`] };
    for (const tool of ['send_mail_message', 'create_draft_mail_message']) {
      expect((await caller.call(tool, args)).sentence).toMatch(
        /^(This connection may not use the|There is no) mailbox/,
      );
    }
  });

  test('a forward needs a recipient, and files need the right to attachments', async () => {
    const { owner, reader, of } = await withOriginal({ attachments: [{ filename: 'a.txt', content: 'secret words' }] });
    const { Plain } = await appendMessages(owner, { Plain: [message({ text: 'only text' })] });
    const caller = await rawCaller(app, owner, { policy: { tags: ['messages', 'mailboxes', 'drafts'] } });
    const send = (args: object) => caller.call('send_mail_message', { as: 'forward', of, ...args });
    expect((await send({})).sentence).toContain('to: is missing');
    expect((await send({ to: reader.email })).sentence).toBeTruthy();
    expect((await send({ to: reader.email, dry_run: true })).sentence).toBeTruthy();
    expect((await caller.call('create_draft_mail_message', { as: 'forward', of })).sentence).toBeTruthy();
    expect(await subjectsIn(owner, 'Drafts')).toEqual([]);
    expect(await subjectsIn(owner, 'Sent')).toEqual([]);
    const attachment_urls = [`${of}/2`];
    const attached = await caller.call('send_mail_message', { to: reader.email, subject: 'x', attachment_urls });
    expect(attached.sentence).toBeTruthy();
    expect(await subjectsIn(owner, 'Sent')).toEqual([]);
    expect((await send({ of: `Plain/${Plain[0]}`, to: reader.email })).result).toMatchObject({ sent: true, files: [] });
  });
});
