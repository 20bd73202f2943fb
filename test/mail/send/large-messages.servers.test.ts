import { createHash, randomBytes } from 'node:crypto';
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { appendMessage } from '../../../src/mail/messages/change.ts';
import { listMessages } from '../../../src/mail/messages/list.ts';
import { composeMessage } from '../../../src/mail/send/compose.ts';
import { submit } from '../../../src/mail/send/smtp.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { messagesIn } from '../../support/mail/mailbox-contents.ts';
import { withImap } from '../../support/mail/with-imap.ts';
import { failing, messageWith, reopenable } from './reopenable.ts';

describe('a message that is not in memory', () => {
  test('of 10 MiB is submitted and saved, and arrives unchanged', async () => {
    const [sender, recipient] = [newAccount(), newAccount()];
    const bytes = randomBytes(10 * 1024 * 1024);
    const message = await composeMessage({ ...messageWith([reopenable(bytes)]), to: recipient.email, bcc: '' });
    await submit(sender, message);
    await withImap(sender, async (imap) => {
      expect((await appendMessage(imap, 'Sent', message.rawWithBcc, ['\\Seen'])).uid).toBe(1);
      // The connection is still usable.
      expect((await listMessages(imap, 'Sent', { page: 1, perPage: 5 })).total).toBe(1);
    });
    const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex');
    const [saved] = await messagesIn(sender, 'Sent');
    const { attachments } = await simpleParser(saved?.raw ?? '');
    expect(attachments.map(({ content }) => digest(content))).toEqual([digest(bytes)]);
    await expect.poll(async () => (await messagesIn(recipient, 'INBOX')).length, { timeout: 10_000 }).toBe(1);
  });

  test('whose attachment fails while it is saved is an error, is not in the mailbox and ends the connection', async () => {
    const account = newAccount();
    const error = new UpstreamError('S3', 'unreachable', 'The store has gone.');
    const { rawWithBcc } = await composeMessage(messageWith([failing(randomBytes(100_000), error)]));
    await withImap(account, async (imap) => {
      await expect(appendMessage(imap, 'Drafts', rawWithBcc, [])).rejects.toThrow('The store has gone.');
      expect(imap.isUsable).toBe(false);
    });
    expect(await messagesIn(account, 'Drafts')).toEqual([]);
  });

  test('whose attachment fails while it is submitted is an error and is not sent', async () => {
    const [sender, recipient] = [newAccount(), newAccount()];
    const error = new UpstreamError('S3', 'unreachable', 'The store has gone.');
    const content = failing(randomBytes(100_000), error);
    const message = await composeMessage({ ...messageWith([content]), to: recipient.email, bcc: '' });
    await expect(submit(sender, message)).rejects.toThrow('The store has gone.');
    await submit(sender, await composeMessage({ ...messageWith([]), to: recipient.email, bcc: '' }));
    await expect.poll(async () => (await messagesIn(recipient, 'INBOX')).length, { timeout: 10_000 }).toBe(1);
  });
});
