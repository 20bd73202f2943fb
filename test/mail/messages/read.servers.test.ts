import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { type Message, openPart, readMessage } from '../../../src/mail/messages/read.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { withImap } from '../../support/mail/with-imap.ts';
import { withImapFlow } from '../../support/mail/with-imapflow.ts';

describe('reading a message', () => {
  test('reading does not mark it as read', async () => {
    const account = newAccount();
    const {
      INBOX: [uid = 0],
    } = await appendMessages(account, { INBOX: [message({ text: 'Hello', attachments: [{ content: 'x' }] })] });
    await withImap(account, async (imap) => {
      await readMessage(imap, 'INBOX', uid);
      await bytes((await openPart(imap, 'INBOX', uid, '2')).stream);
      expect((await readMessage(imap, 'INBOX', uid)).flags).toEqual([]);
    });
    const flags = await withImapFlow(account, async (imap) => {
      await imap.mailboxOpen('INBOX', { readOnly: true });
      return (await imap.fetchOne(`${uid}`, { flags: true }, { uid: true })) || undefined;
    });
    expect([...(flags?.flags ?? [])].filter((flag) => flag !== '\\Recent')).toEqual([]);
  });

  test('every field of the envelope is decoded', async () => {
    const read = await readOne({
      from: 'Zoë Müller <zoe@example.test>',
      sender: 'Office <office@example.test>',
      replyTo: 'answers@example.test',
      to: 'Ada <ada@example.test>, Friends: bob@example.test, "Lee, Cy" <cy@example.test>;',
      cc: 'dan@example.test',
      bcc: 'eve@example.test',
      subject: 'Grüße aus Łódź 🎈',
      messageId: '<two@example.test>',
      inReplyTo: '<one@example.test>',
      references: ['<zero@example.test>', '<one@example.test>'],
      date: new Date('2024-02-29T23:30:00Z'),
      text: 'Hello',
      flags: ['\\Flagged', '$Label1'],
    });
    expect(read).toMatchObject({
      from: [{ name: 'Zoë Müller', address: 'zoe@example.test' }],
      sender: [{ name: 'Office', address: 'office@example.test' }],
      replyTo: [{ name: '', address: 'answers@example.test' }],
      to: [
        { name: 'Ada', address: 'ada@example.test' },
        { name: '', address: 'bob@example.test' },
        { name: 'Lee, Cy', address: 'cy@example.test' },
      ],
      cc: [{ name: '', address: 'dan@example.test' }],
      bcc: [{ name: '', address: 'eve@example.test' }],
      subject: 'Grüße aus Łódź 🎈',
      messageId: '<two@example.test>',
      inReplyTo: '<one@example.test>',
      references: ['<zero@example.test>', '<one@example.test>'],
      sentAt: '2024-02-29T23:30:00Z',
      text: 'Hello',
      html: null,
      textIsFromHtml: false,
      warnings: [],
    });
    expect(read.flags.toSorted()).toEqual(['$Label1', '\\Flagged']);
    expect(read.uidValidity).toMatch(/^[1-9]\d*$/);
  });

  test('a message without text parts has null for text', async () => {
    const read = await readOne({
      raw: 'Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n',
    });
    expect(read).toMatchObject({
      text: null,
      html: null,
      attachments: [{ contentType: 'application/pdf', part: '1', filename: 'attachment-1.pdf' }],
    });
  });

  test('HTML alone is returned as HTML and as text, without what it hides', async () => {
    const html = `<html><head><title>no</title><style>p{}</style></head><body>
      <div style="display : none">HIDDEN-1</div><p hidden>HIDDEN-2</p><template>HIDDEN-3</template><script>HIDDEN-4</script>
      <span style="FONT-SIZE:0px">HIDDEN-5</span><span style="visibility: hidden">HIDDEN-6</span><ul><li style="display:none">HIDDEN-7</li><li>one</li></ul>
      <table><tr><td style="mso-hide:all;display:none">HIDDEN-8</td><td>cell</td></tr></table><div style="opacity:0">HIDDEN-9</div>
      <p style="color:#333">See <a href="https://example.test/a?b=1">the page</a>.</p></body></html>`;
    const read = await readOne({ raw: `Content-Type: text/html; charset=utf-8\n\n${html}` });
    expect(read.text).toContain('See the page <https://example.test/a?b=1>.');
    expect(read.text).toContain('- one');
    expect(read.text).toContain('cell');
    expect(read.text).not.toContain('HIDDEN');
    expect(read.html).toContain('HIDDEN-1');
    expect(read.textIsFromHtml).toBe(true);
  });

  test('a message that does not exist is named in the error, with its mailbox', async () => {
    await withImap(newAccount(), async (imap) => {
      await expect(readMessage(imap, 'INBOX', 4711)).rejects.toThrow('There is no message with UID 4711 in "INBOX".');
      await expect(openPart(imap, 'INBOX', 4711, '1')).rejects.toThrow('There is no message with UID 4711 in "INBOX".');
    });
  });

  test('a part that does not exist is named in the error', async () => {
    const account = newAccount();
    const {
      INBOX: [uid = 0],
    } = await appendMessages(account, { INBOX: [message()] });
    await withImap(account, async (imap) => {
      await expect(openPart(imap, 'INBOX', uid, '7')).rejects.toThrow('has no part "7"');
    });
  });

  test.each<[string, Partial<Message>]>([
    [
      'alternative-in-related-in-mixed',
      {
        text: 'Plain text.',
        html: '<p>Rich <img src="cid:logo"> text.</p>',
        textIsFromHtml: false,
        attachments: [expect.anything(), expect.objectContaining({ inline: false })],
      },
    ],
    [
      'attached-message',
      { text: 'See the attached message.', html: null, attachments: [expect.objectContaining({ inline: false })] },
    ],
    ['iso-2022-jp', { subject: 'こんにちは', text: 'こんにちは、世界。' }],
    ['charset-from-meta', { text: 'Grüße' }],
    ['charset-wrong', { text: 'Grüße' }],
    ['charset-unknown', { text: 'Grüße' }],
    ['header-raw-bytes', { subject: 'Grüße' }],
    ['header-raw-utf8', { subject: 'Grüße', from: [{ name: 'Zoë', address: 'zoe@example.test' }] }],
    ['header-split-word', { subject: 'Übergrößenträger' }],
    ['date-unparsable', { sentAt: null, isSentAtUnreadable: true, arrivedAt: '2025-03-04T05:06:07Z' }],
    ['date-obsolete-zone', { sentAt: '1997-11-21T17:55:06Z' }],
    ['undisclosed-recipients', { to: [{ name: 'undisclosed-recipients', address: '' }] }],
    ['quoted-printable-broken', { text: 'Good = bad =ZZ end=' }],
    ['base64-broken', { text: 'Hello, world' }],
    ['flowed', { text: 'A long line that was folded by the sender.\n> quoted\nNext.' }],
    ['several-texts', { text: 'First.\n\nSecond.' }],
    ['boundary-missing', { attachments: [] }],
    ['no-header-at-all', { subject: '', from: [], messageId: null }],
    ['inline-first', { text: 'After the picture.' }],
  ])('%s', async (fixture, expected) => {
    expect(
      await readOne({ raw: readFileSync(new URL(`../../fixtures/mail/${fixture}.eml`, import.meta.url)) }),
    ).toMatchObject(expected);
  });
});

describe('opening a part', () => {
  test.each([
    ['base64', 'application/octet-stream', randomBytes(3_000_001)],
    ['quoted-printable', 'text/plain', Buffer.from('Grüße = ok\r\n'.repeat(80_000), 'latin1')],
    ['8bit', 'text/plain', Buffer.from('Grüße\r\n'.repeat(120_000))],
  ])('%s is undone and every byte arrives', async (contentTransferEncoding, contentType, content) => {
    const { account, uid } = await stored({
      attachments: [{ filename: 'file', contentType, content, contentTransferEncoding } as never],
    });
    const { opened, received } = await withImap(account, async (imap) => {
      const { stream, ...opened } = await openPart(imap, 'INBOX', uid, '2');
      return { opened, received: await bytes(stream) };
    });
    expect(opened).toMatchObject({ filename: 'file', contentType });
    expect(received.equals(content)).toBe(true);
    expect(Math.abs(opened.sizeBytes - content.length)).toBeLessThan(
      content.length / (contentType === 'text/plain' ? 1 : 1000),
    );
  });

  test('an attached message is returned whole', async () => {
    const { account, uid } = await storedFixture('attached-message');
    await withImap(account, async (imap) => {
      const { attachments } = await readMessage(imap, 'INBOX', uid);
      expect(attachments).toMatchObject([
        { part: '2', contentType: 'message/rfc822', filename: 'The inner _ one.eml', inline: false },
      ]);
      const whole = await bytes((await openPart(imap, 'INBOX', uid, '2')).stream);
      expect(whole.toString()).toMatch(/^From: inner@example\.test\r\n[\s\S]*INNER TEXT[\s\S]*--c--/);
    });
  });

  test('a stream that is destroyed early leaves the connection usable', async () => {
    const { account, uid } = await stored({ attachments: [{ filename: 'a', content: Buffer.alloc(2_000_000) }] });
    await withImap(account, async (imap) => {
      const { stream } = await openPart(imap, 'INBOX', uid, '2');
      for await (const _ of stream) break;
      expect(await readMessage(imap, 'INBOX', uid)).toMatchObject({ uid });
    });
  });

  test('the names of attachments are decoded and safe', async () => {
    const { account, uid } = await storedFixture('alternative-in-related-in-mixed');
    const { attachments } = await withImap(account, (imap) => readMessage(imap, 'INBOX', uid));
    expect(attachments).toMatchObject([
      { filename: 'logo.png', inline: true, contentId: '<logo>', part: '1.2' },
      { filename: 'Rechnung März.pdf', inline: false, contentType: 'application/pdf', part: '2', sizeBytes: 9 },
    ]);
  });
});

async function stored(options: Parameters<typeof message>[0]): Promise<{ account: MailAccount; uid: number }> {
  const account = newAccount();
  const {
    INBOX: [uid = 0],
  } = await appendMessages(account, { INBOX: [message(options)] });
  return { account, uid };
}

function storedFixture(name: string): Promise<{ account: MailAccount; uid: number }> {
  return stored({ raw: readFileSync(new URL(`../../fixtures/mail/${name}.eml`, import.meta.url)) });
}

async function readOne(options: Parameters<typeof message>[0]): Promise<Message> {
  const { account, uid } = await stored(options);
  return withImap(account, (imap) => readMessage(imap, 'INBOX', uid));
}

async function bytes(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
