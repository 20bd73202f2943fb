import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { waitUntil } from '../../../support/app/wait-until.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { REFUSING_RECIPIENT } from '../../../support/servers/postfix.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const arrived = async (account: ReturnType<typeof newAccount>) => {
  await waitUntil(20_000, async () => (await subjectsIn(account, 'INBOX')).length > 0);
  return messagesIn(account, 'INBOX');
};

describe('send_mail_message', () => {
  test('the message arrives, from the name and address of the sign-in, and a copy is in Sent', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    const result = await assistant.call('send_mail_message', {
      to: `Grace Hopper <${reader.email}>`,
      subject: 'Größe ✅',
      text_body: 'Hello\n\nBye',
      html_body: '<p>Hello</p>',
    });
    expect(result).toEqual({
      sent: true,
      to: [`Grace Hopper <${reader.email}>`],
      subject: 'Größe ✅',
      copy: `Sent/${result.uid}`,
      message_id: expect.stringMatching(/^<[^<>\s]+@[^<>\s]+>$/),
      accepted: [reader.email],
      rejected: [],
      folder: 'Sent',
      uid: expect.any(Number),
      uid_validity: (await assistant.call('list_mail_messages', { folder: 'Sent' })).uid_validity,
    });
    const [received] = await arrived(reader);
    expect(received?.subject).toBe('Größe ✅');
    expect(received?.raw).toContain(`From: ${sender.fullName} <${sender.email}>`);
    const [copy] = await messagesIn(sender, 'Sent');
    expect(copy).toMatchObject({ uid: result.uid, flags: expect.arrayContaining(['\\Seen']) });
    expect(copy?.raw).toContain(String(result.message_id));
  });

  test('a Bcc recipient gets the message, and only the copy of the sender has the field', async () => {
    const [sender, open, hidden] = [newAccount(), newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    await assistant.call('send_mail_message', { to: open.email, bcc: hidden.email, subject: 'Quiet', text_body: 'x' });
    for (const reader of [open, hidden]) {
      const [received] = await arrived(reader);
      expect(received?.raw).not.toContain('Bcc');
      expect(received?.raw.replaceAll(/^(Delivered-To|X-Original-To|Received):.*(\r\n[ \t].*)*/gm, '')).not.toContain(
        hidden.email,
      );
    }
    expect((await messagesIn(sender, 'Sent'))[0]?.raw).toContain(hidden.email);
  });

  test('where the provider saves the copy, none is added, and the result says so', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender, { flags: { sentCopy: 'never' } });
    const call = { to: reader.email, subject: 'x', text_body: 'x' };
    expect(await assistant.call('send_mail_message', call)).toMatchObject({
      accepted: [reader.email],
      folder: 'Sent',
      uid: null,
      note: expect.stringContaining('files the copy itself'),
    });
    expect(await arrived(reader)).toHaveLength(1);
    expect(await subjectsIn(sender, 'Sent')).toEqual([]);
    await assistant.call('send_mail_message', { ...call, folder: 'Archive' });
    expect(await subjectsIn(sender, 'Archive')).toEqual(['x']);
  });

  test('a recipient that the server refuses is reported, the others get the message', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    const result = await assistant.call('send_mail_message', {
      to: `${reader.email}, ${REFUSING_RECIPIENT}`,
      subject: 'Half',
      text_body: 'x',
    });
    expect(result).toMatchObject({
      accepted: [reader.email],
      rejected: [{ address: REFUSING_RECIPIENT, reason: expect.any(String) }],
    });
    expect(await arrived(reader)).toHaveLength(1);
  });

  test('when every recipient is refused, nothing is sent and no copy is saved', async () => {
    const sender = newAccount();
    await using assistant = await app.assistant(sender);
    expect(
      await assistant.failure('send_mail_message', { to: REFUSING_RECIPIENT, subject: 'None', text_body: 'x' }),
    ).toContain(REFUSING_RECIPIENT);
    expect(await subjectsIn(sender, 'Sent')).toEqual([]);
  });

  test('an unknown folder for the copy is refused before anything is sent', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(sender);
    expect(
      await assistant.failure('send_mail_message', {
        to: reader.email,
        subject: 'x',
        text_body: 'x',
        folder: 'Nowhere',
      }),
    ).toContain('Nowhere');
    await assistant.call('send_mail_message', {
      to: reader.email,
      subject: 'second',
      text_body: 'x',
      folder: 'Archive',
    });
    expect((await arrived(reader)).map(({ subject }) => subject)).toEqual(['second']);
    expect(await subjectsIn(sender, 'Archive')).toEqual(['second']);
  });

  test.each([
    ['no recipient', { to: '' }, /address/],
    ['an invalid address', { to: 'ann at example' }, /to, address 1/],
    ['a bad address in cc', { to: 'ann@example.test', cc: 'bo@' }, /cc, address 1/],
    ['a line break in the subject', { to: 'ann@example.test', subject: 'x\r\nBcc: evil@example.test' }, /subject/],
    ['a line break in an address', { to: 'ann@example.test\r\nBcc: evil@example.test' }, /to/],
    [
      'a URL of another server',
      { to: 'ann@example.test', attachment_urls: ['http://127.0.0.1:1/secret'] },
      /attachment_urls/,
    ],
    ['a file of this machine', { to: 'ann@example.test', attachment_urls: ['file:///etc/passwd'] }, /attachment_urls/],
  ])('%s: refused with a sentence, and nothing is sent', async (_, args, sentence) => {
    const sender = newAccount();
    await using assistant = await app.assistant(sender);
    expect(await assistant.failure('send_mail_message', { subject: 'x', text_body: 'x', ...args })).toMatch(sentence);
    expect(await subjectsIn(sender, 'Sent')).toEqual([]);
  });

  test('an attachment of a message is forwarded by its link, byte for byte', async () => {
    const [sender, reader] = [newAccount(), newAccount()];
    const content = Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 7) % 256));
    const { INBOX } = await appendMessages(sender, {
      INBOX: [message({ attachments: [{ filename: 'Größe.bin', contentType: 'application/x-thing', content }] })],
    });
    await using assistant = await app.assistant(sender);
    const { attachments } = await assistant.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0] });
    const [{ url }] = attachments as [{ url: string }];
    await assistant.call('send_mail_message', {
      to: reader.email,
      subject: 'Forwarded',
      text_body: 'x',
      attachment_urls: [url],
    });
    const [received] = await arrived(reader);
    await using readersAssistant = await app.assistant(reader);
    const got = await readersAssistant.call('get_mail_message', { folder: 'INBOX', uid: received?.uid });
    const [forwarded] = got.attachments as [{ url: string; filename: string }];
    expect(forwarded.filename).toBe('Größe.bin');
    expect(Buffer.from(await (await fetch(forwarded.url)).arrayBuffer()).equals(content)).toBe(true);
  });

  test('a link to an attachment of another account is refused', async () => {
    const [owner, thief] = [newAccount(), newAccount()];
    const { INBOX } = await appendMessages(owner, {
      INBOX: [message({ attachments: [{ filename: 'a.txt', content: 'secret' }] })],
    });
    await using ownersAssistant = await app.assistant(owner);
    const { attachments } = await ownersAssistant.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0] });
    const [{ url }] = attachments as [{ url: string }];
    await using assistant = await app.assistant(thief);
    const sentence = await assistant.failure('send_mail_message', {
      to: thief.email,
      subject: 'x',
      text_body: 'x',
      attachment_urls: [url],
    });
    expect(sentence).toContain('attachment_urls');
  });
});
