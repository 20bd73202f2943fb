import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { appendMessage, updateFlags } from '../../../src/mail/messages/change.ts';
import {
  checkClaim,
  type DraftClaim,
  findEarlierSend,
  moveToSent,
  saveDraft,
} from '../../../src/mail/send-once/draft-claim.ts';
import { type KeyedMessageId, keyedMessageId } from '../../../src/mail/send-once/keyed-message-id.ts';
import { newAccount, onBasicServer } from '../../support/mail/accounts.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const secret = randomBytes(32);

function idOf(account: MailAccount, content: string, idempotencyKey = 'k'): Promise<KeyedMessageId> {
  return keyedMessageId(secret, account, { tool: 'send_mail_message', idempotencyKey, content });
}

async function claimOf(account: MailAccount): Promise<DraftClaim> {
  return { id: await idOf(account, 'once'), fields: ['Message-ID'], now: new Date(), drafts: 'Drafts', sent: 'Sent' };
}

const raw = ({ messageId }: KeyedMessageId, subject: string) =>
  Buffer.from(`Message-ID: ${messageId}\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString()}\r\n\r\nx\r\n`);

describe.each([
  ['rich', (account: MailAccount) => account],
  ['poor', onBasicServer],
])('a draft that turns up late, on a %s server', (_kind, on) => {
  test('while the message is being sent, is the only message that is removed when the message moves to Sent', async () => {
    const account = on(newAccount());
    const claim = await claimOf(account);
    await withImap(account, async (imap) => {
      const { uid } = await saveDraft(imap, claim.drafts, raw(claim.id, 'own'));
      expect((await checkClaim(imap, claim, uid)).others).toEqual({ kind: 'none' });
      await appendMessage(imap, 'Drafts', raw(claim.id, 'late'), ['\\Draft']);
      await appendMessage(imap, 'Drafts', raw(await idOf(account, 'changed'), 'other contents'), ['\\Draft']);
      await appendMessage(imap, 'Drafts', raw(await idOf(account, 'once', 'k2'), 'other key'), ['\\Draft']);
      await appendMessage(imap, 'Drafts', raw(claim.id, 'no draft'), []);
      await updateFlags(imap, 'Drafts', uid ?? 1, { add: [], remove: ['\\Draft'] });
      await moveToSent(imap, claim, { mayBeInSent: false });
    });
    expect(await subjectsIn(account, 'Sent')).toEqual(['own']);
    expect(await subjectsIn(account, 'Drafts')).toEqual(['other contents', 'other key', 'no draft']);
  });

  test('after the message has moved to Sent, is recognised as late by the next call', async () => {
    const account = on(newAccount());
    const claim = await claimOf(account);
    await withImap(account, async (imap) => {
      await saveDraft(imap, claim.drafts, raw(claim.id, 'own'));
      await moveToSent(imap, claim, { mayBeInSent: false });
      expect(await findEarlierSend(imap, claim)).toMatchObject({ kind: 'sent', late: [] });
      await appendMessage(imap, 'Drafts', raw(claim.id, 'late'), ['\\Draft']);
      expect(await findEarlierSend(imap, claim)).toMatchObject({ kind: 'sent', late: [2] });
    });
  });
});
