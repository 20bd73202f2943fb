/** Saves a draft and describes it to the model. */
import { z } from 'zod';
import { appendMessage } from '../../mail/messages/change.ts';
import { isSavedIn, saveDraftOnce } from '../../mail/send-once/save-draft-once.ts';
import { Name } from '../outgoing.ts';
import type { MailSession } from './mail-session.ts';
import { contentOf, type NewMessage } from './new-message.ts';
import { UidValidity } from './parameters.ts';
import { removeDraft } from './writing/finish-draft.ts';
import { type DraftPlace, findDraftPlace } from './writing/own-draft.ts';
import { reviseDraft } from './writing/revise-draft.ts';
import { ownFieldsOf, ShownMessage } from './writing/shown-message.ts';
import { type WriteOptions, type WrittenMessage, writeMessage } from './writing/write-message.ts';

export const DraftResult = z.object({
  ...ShownMessage.shape,
  saved: z.boolean().optional(),
  draft: Name.optional().describe('The draft, as `of` takes it.'),
  message_id: Name,
  folder: Name,
  uid: z.number().nullable().describe('UID of the draft, if the server reports it.'),
  uid_validity: UidValidity.nullable(),
  already_saved: z.boolean().optional().describe('True: an earlier call with this idempotency_key saved it.'),
});
export type DraftResult = z.output<typeof DraftResult>;

export interface DraftOptions {
  /** Where the draft is saved. */
  mailbox: string;
  /** Without it a repeated call saves another draft. */
  idempotencyKey: string | undefined;
  requireFiles: WriteOptions['requireFiles'];
}

export async function saveDraft(fields: NewMessage, options: DraftOptions, session: MailSession): Promise<DraftResult> {
  const { idempotencyKey } = options;
  const { as, of } = fields;
  const replaced = as === 'draft' && of !== undefined ? await findDraftPlace(of, session) : undefined;
  const wanted = { fields, replaced };
  return idempotencyKey === undefined
    ? saveWithoutKey(wanted, options, session)
    : saveWithKey(wanted, { ...options, idempotencyKey }, session);
}

interface WantedDraft {
  fields: NewMessage;
  /** The draft of which this is the new version. */
  replaced: DraftPlace | undefined;
}

function write(
  { fields, replaced }: WantedDraft,
  options: { messageId?: string; requireFiles: WriteOptions['requireFiles'] },
  session: MailSession,
): Promise<WrittenMessage> {
  return replaced === undefined
    ? writeMessage(fields, { ...options, isToBeSent: false }, session)
    : reviseDraft(fields, replaced, options, session);
}

async function saveWithoutKey(
  wanted: WantedDraft,
  { mailbox, requireFiles }: DraftOptions,
  session: MailSession,
): Promise<DraftResult> {
  const written = await write(wanted, { requireFiles }, session);
  const { messageId, rawWithBcc } = written.composed;
  const { uid, uidValidity } = await session.wholeMailbox.changeImap((imap) =>
    appendMessage(imap, mailbox, rawWithBcc, ['\\Draft', '\\Seen']),
  );
  const saved = { message_id: messageId, folder: mailbox, uid, uid_validity: uidValidity };
  return completed(saved, { wanted, written }, session);
}

async function saveWithKey(
  wanted: WantedDraft,
  { mailbox, requireFiles, idempotencyKey }: DraftOptions & { idempotencyKey: string },
  session: MailSession,
): Promise<DraftResult> {
  const id = await session.keyedMessageId({
    tool: 'create_draft_mail_message',
    idempotencyKey,
    content: contentOf(wanted.fields),
  });
  const { result, isRepeat } = await session.recentResults.once(id.place, id.localPart, async () => {
    let written: WrittenMessage | undefined;
    const compose = async () => {
      written = await write(wanted, { messageId: id.messageId, requireFiles }, session);
      return written.composed;
    };
    const { uid, uidValidity, isEarlier } = await saveDraftOnce({ id, mailbox, compose }, session);
    const saved = { message_id: id.messageId, folder: mailbox, uid, uid_validity: uidValidity };
    return completed({ ...saved, ...(isEarlier && { already_saved: true }) }, { wanted, written }, session);
  });
  const saved = DraftResult.parse(result);
  return isRepeat ? { ...saved, already_saved: true } : saved;
}

/** Removes the version before this one, and describes what was saved. */
async function completed(
  saved: DraftResult,
  { wanted: { fields, replaced }, written }: { wanted: WantedDraft; written: WrittenMessage | undefined },
  session: MailSession,
): Promise<DraftResult> {
  const { folder, uid } = saved;
  const draft = uid === null ? undefined : `${folder}/${uid}`;
  const described = { saved: true, ...saved, ...(draft !== undefined && { draft }) };
  if (fields.as === undefined) return { ...(written && ownFieldsOf(written.shown)), ...described };
  const { warnings = [], ...shown } = written?.shown ?? {};
  const notRemoved = replaced === undefined ? [] : await removeOld(replaced, saved, session);
  return { ...shown, ...described, warnings: [...warnings, ...notRemoved] };
}

/** Removes the version before this one once this one is found in its mailbox. @returns a warning if that is still there */
async function removeOld(place: DraftPlace, saved: DraftResult, session: MailSession): Promise<string[]> {
  const { folder, message_id: messageId } = saved;
  const { finishReading } = session.wholeMailbox;
  const isProven = await finishReading((imap) => isSavedIn(imap, folder, { messageId, now: session.now() })).catch(
    () => false,
  );
  return isProven ? removeDraft(place, 'The new version was saved.', session) : [NOT_PROVEN];
}

const NOT_PROVEN =
  'The draft before it was kept, because the new version could not be found after it was saved: look into Drafts.';
