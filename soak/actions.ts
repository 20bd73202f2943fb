/** Defines the random actions of a simulated person: one tool call each, and the contents of the mailboxes that must follow. */
import { type Actor, eitherFolder, FOLDERS, newSubject, outcomeOf } from './actor.ts';
import { ANSWER_ACTIONS } from './answer-actions.ts';
import { DRAFT_ACTIONS } from './draft-actions.ts';
import { findMessage } from './find-message.ts';
import { sendWithKey } from './keyed-sends.ts';
import { ODD_MAILBOX } from './odd-messages.ts';
import { SET_ACTIONS } from './set-actions.ts';

async function draft({ self, call, model }: Actor): Promise<void> {
  const subject = newSubject();
  model.expect(self, subject, [], ['Drafts']);
  const outcome = await outcomeOf(call('create_draft_mail_message', { to: '', subject, text_body: 'x' }));
  if (outcome === 'nothing') model.expect(self, subject, []);
  else if (outcome !== 'unknown') model.expect(self, subject, ['Drafts']);
}

async function send({ self, other, address, call, model }: Actor): Promise<void> {
  const subject = newSubject();
  model.expect(self, subject, [], ['Sent']);
  model.expect(other, subject, [], ['INBOX']);
  const outcome = await outcomeOf(call('send_mail_message', { to: address, subject, text_body: 'x' }));
  if (outcome === 'unknown') return model.expect(self, subject, []);
  const isSent = outcome !== 'nothing';
  model.expect(other, subject, isSent ? ['INBOX'] : []);
  if (isSent && outcome.result.warning !== undefined) return;
  model.expect(self, subject, isSent ? ['Sent'] : []);
}

async function sendOnce(actor: Actor): Promise<void> {
  const subject = newSubject();
  const args = { to: actor.address, subject, text_body: 'x', idempotency_key: subject };
  await sendWithKey(actor, { subject, args });
}

async function move(actor: Actor): Promise<void> {
  const found = await findMessage(actor);
  if (found === undefined) return;
  const { subject, target } = found;
  const destinations = FOLDERS.filter((folder) => folder !== target.folder);
  const destination = destinations[Math.floor(actor.random() * destinations.length)] ?? 'Archive';
  const stepsBefore = actor.imapRestartSteps();
  const outcome = await outcomeOf(actor.call('move_mail_message', { ...target, destination, create: true }));
  if (outcome === 'unknown')
    actor.model.expect(actor.self, subject, ...eitherFolder(actor, stepsBefore, [target.folder, destination]));
  else if (outcome !== 'nothing') actor.model.expect(actor.self, subject, [destination]);
}

async function remove(actor: Actor): Promise<void> {
  const found = await findMessage(actor);
  if (found === undefined) return;
  const { subject, target } = found;
  const outcome = await outcomeOf(actor.call('delete_mail_message', target));
  if (outcome === 'unknown') actor.model.expect(actor.self, subject, [], [target.folder]);
  else if (outcome !== 'nothing') actor.model.expect(actor.self, subject, []);
}

async function flag(actor: Actor): Promise<void> {
  const found = await findMessage(actor);
  if (found === undefined) return;
  const { subject, target } = found;
  const outcome = await outcomeOf(actor.call('update_mail_message_flags', { ...target, add: ['\\Flagged'] }));
  if (typeof outcome === 'string') return;
  const { flags } = outcome.result;
  if (!Array.isArray(flags) || !flags.includes('\\Flagged'))
    throw new Error(`${subject} was flagged, but the flag is missing`);
}

async function read(actor: Actor): Promise<void> {
  const found = await findMessage(actor);
  if (found === undefined) return;
  const { subject, target } = found;
  const outcome = await outcomeOf(actor.call('get_mail_message', target));
  if (typeof outcome !== 'string' && outcome.result.subject !== subject)
    throw new Error(`${subject} was read, but another message was returned`);
}

async function look({ call }: Actor): Promise<void> {
  await outcomeOf(call('list_mailboxes', { with_counts: true }));
  await outcomeOf(call('list_mail_messages', { folder: 'INBOX' }));
}

const FORMATS = ['text', 'text', 'html', 'both'];

/** Reads an odd or hostile message, which must be readable once the faults are over. */
async function readOdd({ call, checkLater, random }: Actor): Promise<void> {
  const listed = await outcomeOf(call('list_mail_messages', { folder: ODD_MAILBOX, per_page: 100 }));
  if (typeof listed === 'string') return;
  const messages: unknown[] = Array.isArray(listed.result.messages) ? listed.result.messages : [];
  const message = messages[Math.floor(random() * messages.length)];
  if (typeof message !== 'object' || message === null || !('uid' in message))
    throw new Error('an odd message has no UID');
  const { uid } = message;
  const args = { folder: ODD_MAILBOX, uid, body_format: FORMATS[Math.floor(random() * FORMATS.length)] };
  const outcome = await outcomeOf(call('get_mail_message', args));
  if (typeof outcome !== 'string' && outcome.result.uid !== uid) throw new Error('another odd message was returned');
  if (typeof outcome === 'string') {
    checkLater(async (callAgain) => {
      if (typeof (await outcomeOf(callAgain('get_mail_message', args))) === 'string')
        throw new Error(`the odd message with UID ${uid} cannot be read`);
    });
  }
}

export const ACTIONS: readonly ((actor: Actor) => Promise<void>)[] = [
  ...[draft, draft, send, send, sendOnce],
  ...[move, move, remove, flag, read, readOdd, look],
  ...SET_ACTIONS,
  ...ANSWER_ACTIONS,
  ...DRAFT_ACTIONS,
];
