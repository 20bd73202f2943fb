import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { appendMessage, updateFlags } from '../../../src/mail/messages/change.ts';
import { type KeyedMessageId, keyedMessageId } from '../../../src/mail/send/keyed-message-id.ts';
import { begin, claim, findEarlier, finish, type Outbox } from '../../../src/mail/send/outbox.ts';
import { newAccount, onBasicServer } from '../../support/mail/accounts.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const secret = randomBytes(32);

function idOf(account: MailAccount, content: string, idempotencyKey = 'k'): KeyedMessageId {
  return keyedMessageId(secret, account, { tool: 'send_mail_message', idempotencyKey, content });
}

function outboxOf(account: MailAccount): Outbox {
  return { id: idOf(account, 'once'), fields: ['Message-ID'], now: new Date(), drafts: 'Drafts', sent: 'Sent' };
}

const raw = ({ messageId }: KeyedMessageId, subject: string) =>
  Buffer.from(`Message-ID: ${messageId}\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString()}\r\n\r\nx\r\n`);

describe.each([
  ['rich', (account: MailAccount) => account],
  ['poor', onBasicServer],
])('a draft that turns up late, on a %s server', (_kind, on) => {
  test('while the message is being sent is taken back when it is filed, and nothing else is', async () => {
    const account = on(newAccount());
    const outbox = outboxOf(account);
    await withImap(account, async (imap) => {
      const begun = await begin(imap, outbox, raw(outbox.id, 'own'));
      expect((await claim(imap, outbox, begun)).others).toEqual({ kind: 'none' });
      await appendMessage(imap, 'Drafts', raw(outbox.id, 'late'), ['\\Draft']);
      await appendMessage(imap, 'Drafts', raw(idOf(account, 'changed'), 'other contents'), ['\\Draft']);
      await appendMessage(imap, 'Drafts', raw(idOf(account, 'once', 'k2'), 'other key'), ['\\Draft']);
      await appendMessage(imap, 'Drafts', raw(outbox.id, 'no draft'), []);
      await updateFlags(imap, 'Drafts', begun ?? 1, { add: [], remove: ['\\Draft'] });
      await finish(imap, outbox, { mayBeFiled: false });
    });
    expect(await subjectsIn(account, 'Sent')).toEqual(['own']);
    expect(await subjectsIn(account, 'Drafts')).toEqual(['other contents', 'other key', 'no draft']);
  });

  test('after the message was filed is known as such to the next call', async () => {
    const account = on(newAccount());
    const outbox = outboxOf(account);
    await withImap(account, async (imap) => {
      await begin(imap, outbox, raw(outbox.id, 'own'));
      await finish(imap, outbox, { mayBeFiled: false });
      expect(await findEarlier(imap, outbox)).toMatchObject({ kind: 'sent', late: [] });
      await appendMessage(imap, 'Drafts', raw(outbox.id, 'late'), ['\\Draft']);
      expect(await findEarlier(imap, outbox)).toMatchObject({ kind: 'sent', late: [2] });
    });
  });
});
