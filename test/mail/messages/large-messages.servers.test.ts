import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import type { MessageBytes } from '../../../src/mail/message-bytes.ts';
import { appendMessage } from '../../../src/mail/messages/change.ts';
import { listMessages } from '../../../src/mail/messages/list.ts';
import { composeMessage, type OutgoingMessage } from '../../../src/mail/send/compose.ts';
import { submit } from '../../../src/mail/send/smtp.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { collectBytes } from '../../support/mail/collect-bytes.ts';
import { messagesIn } from '../../support/mail/mailbox-contents.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const outgoing = (contents: MessageBytes[]): OutgoingMessage => ({
  from: { fullName: 'Ada', email: 'ada@example.test' },
  to: 'bob@example.test',
  bcc: 'carol@example.test',
  subject: 'Files',
  text: 'See the attachments.',
  date: new Date('2026-01-02T03:04:05Z'),
  attachments: contents.map((content, n) => ({ filename: `${n}.bin`, contentType: 'application/zip', content })),
});

/** Gives the bytes in pieces of odd sizes, as a network does. */
function reopened(bytes: Buffer, length = bytes.length) {
  let opened = 0;
  function* pieces() {
    for (let start = 0; start < bytes.length; start += 1021) yield bytes.subarray(start, start + 1021);
  }
  return {
    length,
    opened: () => opened,
    open: () => {
      opened += 1;
      return Readable.from(pieces(), { objectMode: false });
    },
  };
}

const fails = (after: Buffer, error: Error): MessageBytes => ({
  length: 1_000_000,
  open: () =>
    Readable.from(
      (async function* () {
        yield after;
        throw error;
      })(),
      { objectMode: false },
    ),
});

describe('messages that are not in memory', () => {
  test.each([0, 1, 2, 3, 56, 57, 58, 114, 115, 1020, 1021, 1022, 57 * 1024, 200_000])(
    'with an attachment of %i bytes the length is exact, and every reading gives the same bytes',
    async (size) => {
      const bytes = randomBytes(size);
      const { raw, rawWithBcc } = await composeMessage(
        outgoing([reopened(bytes), Buffer.from('held'), reopened(bytes)]),
      );
      const [once, again, kept] = await Promise.all([collectBytes(raw), collectBytes(raw), collectBytes(rawWithBcc)]);
      expect(once).toHaveLength(raw.length);
      expect(again.equals(once)).toBe(true);
      expect(kept).toHaveLength(rawWithBcc.length);
      expect(kept.toString().replace('Bcc: carol@example.test\r\n', '')).toBe(once.toString());
      const { attachments } = await simpleParser(once);
      expect(attachments.map(({ content }) => content.equals(bytes))).toEqual([true, false, true]);
    },
  );

  test('they are made of the same bytes as those in memory', async () => {
    const bytes = randomBytes(5000);
    const messageId = '<same@example.test>';
    const read = async (content: MessageBytes) =>
      (await collectBytes((await composeMessage({ ...outgoing([content]), messageId })).raw))
        .toString('latin1')
        .replaceAll(/--_NmP-\w+-Part/g, 'boundary');
    expect(await read(reopened(bytes))).toBe(await read(bytes));
  });

  test('a source that is opened for composing is opened only when the message is read', async () => {
    const source = reopened(randomBytes(3000));
    const { raw } = await composeMessage(outgoing([source]));
    expect(source.opened()).toBe(0);
    await collectBytes(raw);
    expect(source.opened()).toBe(1);
  });

  test.each([-1, 1])(
    'a source that has become longer or shorter (%i) never gives a collectBytes message',
    async (more) => {
      const { raw } = await composeMessage(outgoing([reopened(randomBytes(3000), 3000 + more)]));
      await expect(collectBytes(raw)).rejects.toThrow('changed while it was read');
    },
  );

  test('one of 10 MiB is submitted and saved, and arrives as it was', async () => {
    const [sender, recipient] = [newAccount(), newAccount()];
    const bytes = randomBytes(10 * 1024 * 1024);
    const message = await composeMessage({ ...outgoing([reopened(bytes)]), to: recipient.email, bcc: '' });
    await submit(sender, message);
    await withImap(sender, async (imap) => {
      expect((await appendMessage(imap, 'Sent', message.rawWithBcc, ['\\Seen'])).uid).toBe(1);
      // The connection goes on as if nothing had been.
      expect((await listMessages(imap, 'Sent', { page: 1, perPage: 5 })).total).toBe(1);
    });
    const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex');
    const [saved] = await messagesIn(sender, 'Sent');
    const { attachments } = await simpleParser(saved?.raw ?? '');
    expect(attachments.map(({ content }) => digest(content))).toEqual([digest(bytes)]);
    await expect.poll(async () => (await messagesIn(recipient, 'INBOX')).length, { timeout: 10_000 }).toBe(1);
  });

  test('a source that fails while it is saved says so, leaves nothing in the mailbox and ends the connection', async () => {
    const account = newAccount();
    const error = new UpstreamError('S3', 'unreachable', 'The store has gone.');
    const { rawWithBcc } = await composeMessage(outgoing([fails(randomBytes(100_000), error)]));
    await withImap(account, async (imap) => {
      await expect(appendMessage(imap, 'Drafts', rawWithBcc, [])).rejects.toThrow('The store has gone.');
      expect(imap.isUsable).toBe(false);
    });
    expect(await messagesIn(account, 'Drafts')).toEqual([]);
  });

  test('a source that fails while it is submitted says so, and nothing is sent', async () => {
    const [sender, recipient] = [newAccount(), newAccount()];
    const error = new UpstreamError('S3', 'unreachable', 'The store has gone.');
    const content = fails(randomBytes(100_000), error);
    const message = await composeMessage({ ...outgoing([content]), to: recipient.email, bcc: '' });
    await expect(submit(sender, message)).rejects.toThrow('The store has gone.');
    await submit(sender, await composeMessage({ ...outgoing([]), to: recipient.email, bcc: '' }));
    await expect.poll(async () => (await messagesIn(recipient, 'INBOX')).length, { timeout: 10_000 }).toBe(1);
  });
});
