import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Assistant, startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { type MessageOptions, message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
let assistant: Assistant;
const account = newAccount();

beforeAll(async () => {
  app = await startApp();
  assistant = await app.assistant(account);
});
afterAll(async () => {
  await assistant.client.close();
  await app.stop();
});

/** Stores a message in INBOX. @returns the result of get_mail_message for it */
async function read(options: MessageOptions, args: Record<string, unknown> = {}) {
  const { INBOX } = await appendMessages(account, { INBOX: [message(options)] });
  return assistant.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0], ...args });
}

describe('get_mail_message', () => {
  test('envelope, references and text', async () => {
    const got = await read({
      subject: 'Über uns',
      bcc: 'carol@example.test',
      references: ['<a@example.test>', '<b@example.test>'],
      inReplyTo: '<b@example.test>',
      text: 'Grüße ✅\n',
    });
    expect(got).toMatchObject({
      folder: 'INBOX',
      uid_validity: expect.stringMatching(/^\d+$/),
      subject: 'Über uns',
      bcc: ['carol@example.test'],
      in_reply_to: '<b@example.test>',
      references: ['<a@example.test>', '<b@example.test>'],
      text_body: expect.stringContaining('Grüße ✅'),
      unread: true,
    });
    for (const field of [
      'html_body',
      'text_from_html',
      'cut',
      'attachments',
      'warnings',
      'flags',
      'sender',
      'arrived',
    ]) {
      expect(got).not.toHaveProperty(field);
    }
  });

  test('reading does not mark it as read', async () => {
    const got = await read({});
    expect(await assistant.call('get_mail_message', { folder: 'INBOX', uid: got.uid })).toMatchObject({ unread: true });
  });

  test('text is made from HTML if there is no other, without what the HTML hides', async () => {
    const html =
      '<p>Visible <a href="https://example.test/x">link</a></p><div style="display:none">hidden</div><script>evil()</script>';
    const got = await read({ html });
    expect(got).toMatchObject({ text_from_html: true });
    expect(got.text_body).toContain('Visible');
    expect(got.text_body).not.toMatch(/hidden|evil/);
  });

  test.each([
    ['text', ['text_body']],
    ['html', ['html_body']],
    ['both', ['text_body', 'html_body']],
  ])('body_format %s returns that format only', async (body_format, fields) => {
    const got = await read({ text: 'as text', html: '<p>as html</p>' }, { body_format });
    expect(Object.keys(got).filter((key) => key.endsWith('_body'))).toEqual(fields);
    if (fields.includes('html_body')) expect(got.html_body).toContain('<p>as html</p>');
    if (fields.includes('text_body')) expect(got.text_body).toContain('as text');
  });

  test('a body that is cut says so, and its pieces make the whole', async () => {
    const text = Array.from({ length: 300 }, (_, n) => `Line ${n} ✅`).join('\n');
    const first = await read({ text }, { max_chars: 1000 });
    const whole = (await assistant.call('get_mail_message', { folder: 'INBOX', uid: first.uid })).text_body as string;
    expect(first.cut).toEqual([{ field: 'text_body', total_chars: whole.length, next_offset: 1000 }]);
    let pieces = '';
    for (let body_offset: number | undefined = 0; body_offset !== undefined; ) {
      const piece = await assistant.call('get_mail_message', {
        folder: 'INBOX',
        uid: first.uid,
        max_chars: 1000,
        body_offset,
      });
      pieces += piece.text_body;
      body_offset = (piece.cut as { next_offset: number }[] | undefined)?.[0]?.next_offset;
    }
    expect(pieces).toBe(whole);
  });

  test('no piece ends in the middle of a character', async () => {
    const got = await read({ text: '😀'.repeat(50) }, { max_chars: 7 });
    expect(got.text_body).toMatch(/^(😀)+$/u);
  });

  test('attachments come with name, type, size and a link to their bytes', async () => {
    const content = Buffer.from(Array.from({ length: 5000 }, (_, n) => n % 256));
    const got = await read({ attachments: [{ filename: 'Größe.bin', contentType: 'application/x-thing', content }] });
    const [attachment] = got.attachments as { url: string; size: number }[];
    expect(attachment).toMatchObject({
      filename: 'Größe.bin',
      content_type: 'application/x-thing',
      part: '2',
    });
    expect(attachment).not.toHaveProperty('inline');
    expect(Math.abs((attachment?.size ?? 0) - content.length)).toBeLessThan(content.length / 20);
    const bytes = await (await fetch(attachment?.url ?? '')).arrayBuffer();
    expect(Buffer.from(bytes).equals(content)).toBe(true);
  });

  test.each([
    [{ uid: 4_000_000 }, '4000000'],
    [{ folder: 'Nowhere' }, 'Nowhere'],
  ])('%j is an error that names it', async (wrong, named) => {
    expect(await assistant.failure('get_mail_message', { folder: 'INBOX', uid: 1, ...wrong })).toContain(named);
  });
});
