/**
 * Sends a draft as it stands.
 *
 * Invariant: a draft is sent at most once. Its place in Drafts is its idempotency key, with or without one of the caller's own.
 */
import { ToolError, UpstreamError } from '../../errors.ts';
import { type DraftHeader, readDraftHeader } from '../../mail/derived/draft-header.ts';
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import { openWholeMessage, readHeader } from '../../mail/messages/read.ts';
import { isOwnAddress } from '../../mail/own-address.ts';
import { type ComposedMessage, MAX_MESSAGE_BYTES } from '../../mail/send/compose.ts';
import { composeDraft } from '../../mail/send/compose-draft.ts';
import type { KeyedMessageId } from '../../mail/send-once/keyed-message-id.ts';
import { CLAIM_LEFT, type SendOutcome, sendOnce } from '../../mail/send-once/send-once.ts';
import { requireRecipients } from '../permit/recipients.ts';
import type { MailSession } from './mail-session.ts';
import { contentOf, type NewMessage } from './new-message.ts';
import { describeSent, planCopyIn, type SendOptions, SendResult, toSendResult } from './send.ts';
import { markDraftOriginal, removeDraft } from './writing/finish-draft.ts';
import { readBytes } from './writing/forwarded-files.ts';
import type { MessagePlace } from './writing/message-place.ts';
import { type DraftPlace, findDraftPlace, type OwnDraft, readOwnDraft } from './writing/own-draft.ts';
import { recipientWarnings } from './writing/sent-before.ts';
import { shownDraft } from './writing/shown-draft.ts';
import type { ShownMessage } from './writing/shown-message.ts';

export async function sendDraft(
  { fields, of }: { fields: NewMessage; of: MessagePlace },
  options: SendOptions,
  session: MailSession,
): Promise<SendResult> {
  const { idempotencyKey } = options;
  const place = await findDraftPlace(of, session);
  const send = () => sendPlace(place, options, session);
  if (idempotencyKey === undefined) return send();
  const given = await session.keyedMessageId({
    tool: 'send_mail_message',
    idempotencyKey,
    content: contentOf(fields),
  });
  const { result } = await session.recentResults.once(given.place, given.localPart, send);
  return SendResult.parse(result);
}

/** What would be sent. Nothing is sent, saved, marked, removed or counted. */
export async function previewDraft(
  of: MessagePlace,
  { requireFiles }: Pick<SendOptions, 'requireFiles'>,
  session: MailSession,
): Promise<SendResult> {
  const draft = await readDraft(await findDraftPlace(of, session), requireFiles, session);
  const { messageId } = await draftId(draft.place, session);
  const { raw, envelope } = await composeFrom(draft, messageId, session);
  const warnings = await recipientWarnings(envelope.to, session);
  return { sent: false, ...shownOf(draft, warnings, session), size: raw.length };
}

/** Of the text, of which the start is shown. */
const MAX_READ_CHARS = 200_000;

function draftId({ mailbox, uid, uidValidity }: DraftPlace, session: MailSession): Promise<KeyedMessageId> {
  const idempotencyKey = JSON.stringify([mailbox, uidValidity, uid]);
  return session.keyedMessageId({ tool: 'send_mail_message of a draft', idempotencyKey, content: null });
}

async function sendPlace(
  place: DraftPlace,
  { folder, requireFiles }: SendOptions,
  session: MailSession,
): Promise<SendResult> {
  const id = await draftId(place, session);
  const { result, isRepeat } = await session.recentResults.once(id.place, id.localPart, async ({ mayHaveHappened }) => {
    let draft: OwnDraft | undefined;
    let warnings: string[] = [];
    const message = {
      id,
      mayBeSent: mayHaveHappened,
      planCopy: (imap: ImapConnection) => planCopyIn(imap, folder, session),
      compose: async () => {
        draft = await readDraft(place, requireFiles, session);
        const composed = await composeFrom(draft, id.messageId, session);
        warnings = await recipientWarnings(composed.envelope.to, session);
        return composed;
      },
    };
    const outcome = await sendOnce(message, session).catch(withoutKey);
    return completed(outcome, { place, draft, warnings }, session);
  });
  const sent = SendResult.parse(result);
  return isRepeat ? { ...sent, already_sent: true } : sent;
}

async function readDraft(place: DraftPlace, requireFiles: () => void, session: MailSession): Promise<OwnDraft> {
  const draft = await readOwnDraft(place, MAX_READ_CHARS, session);
  if (draft.message.attachments.length > 0) requireFiles();
  return draft;
}

async function composeFrom(
  { header, place }: OwnDraft,
  messageId: string,
  session: MailSession,
): Promise<ComposedMessage> {
  const { recipients } = header;
  requireRecipients(session.permit, recipients);
  const open = (imap: ImapConnection) => openWholeMessage(imap, place.mailbox, place.uid, 'TEXT');
  const body = await readBytes(place, { open, left: MAX_MESSAGE_BYTES, isChecked: true }, session);
  if (body.form === null) throw new ToolError(NOT_AS_IT_STANDS);
  const is8bit = body.form === '8bit';
  const composed = composeDraft({ header, body: body.content, is8bit, date: session.now(), messageId });
  if (composed.envelope.to.length === 0) throw new ToolError(NO_RECIPIENT);
  return composed;
}

/** Removes the draft, marks what it answers, and describes what was sent. */
async function completed(
  outcome: SendOutcome,
  { place, draft, warnings: earlier }: { place: DraftPlace; draft: OwnDraft | undefined; warnings: readonly string[] },
  session: MailSession,
): Promise<SendResult> {
  const { warnings = [], ...shown } = draft === undefined ? {} : shownOf(draft, earlier, session);
  const header = draft?.header ?? (await earlierHeader(outcome, place, session));
  const notRemoved = await removeDraft(place, 'The message was sent.', session);
  const notMarked = header === undefined ? [] : await markDraftOriginal(header, session);
  return {
    ...describeSent(toSendResult(outcome), shown),
    warnings: [...warnings, ...notRemoved, ...notMarked],
  };
}

/** The header of a draft that an earlier call has sent: of the draft if that is still there, or of its copy. */
async function earlierHeader(
  { copy, copyPlan }: SendOutcome,
  place: DraftPlace,
  { wholeMailbox: { finishReading } }: MailSession,
): Promise<DraftHeader | undefined> {
  const read = async (mailbox: string, uid: number) =>
    readDraftHeader(await finishReading((imap) => readHeader(imap, mailbox, uid), mailbox));
  const ofCopy = async () =>
    copyPlan.mailbox === null || typeof copy?.uid !== 'number' ? undefined : read(copyPlan.mailbox, copy.uid);
  return read(place.mailbox, place.uid)
    .catch(ofCopy)
    .catch(() => undefined);
}

function shownOf({ header, message }: OwnDraft, warnings: readonly string[], session: MailSession): ShownMessage {
  const { recipients, from, replyTo } = header;
  const { subject, text, attachments: files } = message;
  const elsewhere = replyTo.find(({ address }) => !isOwnAddress(address, session.ownAddresses));
  return {
    ...shownDraft({ ...recipients, from, subject, text: text ?? '', files }, session),
    warnings: [
      ...(message.hiddenLetters > 0 ? [HIDDEN] : []),
      ...message.warnings,
      ...warnings,
      ...(elsewhere === undefined ? [] : [`Answers to it will go to ${elsewhere.address}, as its Reply-To says.`]),
    ],
  };
}

/** An error of sendOnce() for a caller who has given no key. */
function withoutKey(error: unknown): never {
  const isKnown = error instanceof UpstreamError || error instanceof ToolError;
  if (!isKnown || !error.message.includes('idempotency_key')) throw error;
  if (error.message.endsWith(CLAIM_LEFT)) throw withMessage(error, error.message.replace(CLAIM_LEFT, COPY_LEFT));
  const { cause } = error;
  const isReason = cause instanceof ToolError || (cause instanceof UpstreamError && cause.fault === 'refused');
  const notSent = isReason ? `${NOT_SENT} ${cause.message}` : NOT_SENT;
  const isUnknown = error instanceof UpstreamError && error.fault === 'unknown_outcome';
  throw withMessage(error, isUnknown ? OUTCOME_UNKNOWN : notSent);
}

function withMessage(error: UpstreamError | ToolError, message: string): UpstreamError | ToolError {
  if (error instanceof ToolError) return new ToolError(message, { cause: error });
  const { service, fault, code } = error;
  return new UpstreamError(service, fault, message, { cause: error, code });
}

const HIDDEN = 'The draft has text that people cannot see, which is not shown here.';
const NO_RECIPIENT =
  'Nothing was sent: the draft has no recipient. Save its new version with create_draft_mail_message.';
const NOT_AS_IT_STANDS =
  'Nothing was sent: the draft has lines that are too long for mail servers. Save its new version with create_draft_mail_message and as "draft", and send that.';
const OUTCOME_UNKNOWN =
  'It is not known whether the draft was sent: it may have been sent or not. Calling again does not send it twice, and says so if its copy turns up in Sent. If it does not, and a recipient has not received it, look into Drafts: there are two of it; delete the newer one, then call again.';
const COPY_LEFT = 'If Drafts has two of it, delete the newer one, then call again.';
const NOT_SENT = `Nothing was sent: before a draft is sent, a copy of it is saved in Drafts and looked for there, and that failed. ${COPY_LEFT}`;
