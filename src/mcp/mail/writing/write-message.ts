/** Writes the message of a call: from its parameters alone, or from those and the message that it follows from. */
import { ToolError } from '../../../errors.ts';
import { FORWARDED_ID } from '../../../mail/derived/draft-header.ts';
import { parseAddressList } from '../../../mail/mime/addresses.ts';
import {
  type ComposedMessage,
  composeMessage,
  type OutgoingAttachment,
  type OutgoingMessage,
} from '../../../mail/send/compose.ts';
import { requireRecipients } from '../../permit/recipients.ts';
import { withoutEmpty } from '../../without-empty.ts';
import type { MailSession } from '../mail-session.ts';
import { isInvitationAnswer, type NewMessage } from '../new-message.ts';
import { peopleTexts } from '../rows/people.ts';
import { answerInvitation, MAX_CALENDAR_BYTES } from './answer-invitation.ts';
import { answerWarnings } from './answer-warnings.ts';
import { chosenSender } from './chosen-sender.ts';
import {
  type AnsweredInvitation,
  alternativesWarnings,
  type DerivedMessage,
  deriveMessage,
  requireVisible,
} from './derive-message.ts';
import { attachedFiles, forwardedFiles, wholeMessageFile } from './forwarded-files.ts';
import { type Original, readOriginal } from './read-original.ts';
import { manyRecipients, recipientWarnings } from './sent-before.ts';
import { type ShownMessage, shownText } from './shown-message.ts';

export interface WrittenMessage {
  composed: ComposedMessage;
  /** What leaves, for the person who decides about it. */
  shown: ShownMessage;
  /** Of an answer to an invitation: the event, and what the caller has to know. */
  answered?: AnsweredInvitation['shown'];
  original?: Original;
}

export interface WriteOptions {
  /** With angle brackets. Default: a new one. */
  messageId?: string | undefined;
  /** False for a draft: its recipients are not limited. */
  isToBeSent: boolean;
  /** True: it is only shown, with warnings. What follows from another message always has them. */
  isPreview?: boolean;
  /** Called before files of the original are read. @throws if this connection may not have them */
  requireFiles(): void;
}

export async function writeMessage(
  fields: NewMessage,
  { messageId, isToBeSent, isPreview = false, requireFiles }: WriteOptions,
  session: MailSession,
): Promise<WrittenMessage> {
  const { original, derived } = await derive(fields, session);
  const { account, now, permit } = session;
  const ownText =
    derived === undefined && fields.html_body !== undefined
      ? await requireVisible(fields.html_body, undefined, session.runJob)
      : '';
  const html = derived === undefined ? fields.html_body : derived.html;
  const message: OutgoingMessage = {
    from: chosenSender(fields, session) ?? derived?.from ?? { fullName: account.fullName, email: account.email },
    to: derived?.to ?? fields.to ?? '',
    cc: derived?.cc ?? fields.cc ?? '',
    bcc: fields.bcc ?? '',
    subject: derived?.subject ?? fields.subject ?? '',
    text: derived?.text ?? fields.text_body,
    ...(html !== undefined && { html }),
    ...(derived?.answered && { calendarReply: derived.answered.calendarReply }),
    ...(derived?.inReplyTo !== undefined && { inReplyTo: derived.inReplyTo }),
    references: derived?.references ?? [],
    ...(!isToBeSent && { fields: fieldsOfDraft(derived) }),
    attachments: [],
    date: now(),
    ...(messageId !== undefined && { messageId }),
  };
  if (isToBeSent && original !== undefined) requireRecipients(permit, message);
  const own = original && derived ? await filesOf({ original, derived, requireFiles }, session) : [];
  const files = [...own, ...(await attachedFiles(fields.attachment_urls, session))];
  const composed = await composeMessage({ ...message, attachments: files });
  if (isToBeSent) requireSendable(fields, composed);
  const shown = shownOf(message, { newText: derived?.newText ?? message.text, quotedLines: derived?.quotedLines ?? 0 });
  const recipients = composed.envelope.to;
  const warnings =
    original && derived
      ? [...derived.warnings, ...answerWarnings(fields, original, session), ...manyRecipients(recipients)]
      : isPreview
        ? [...alternativesWarnings(fields.text_body, ownText), ...(await recipientWarnings(recipients, session))]
        : [];
  return {
    composed,
    shown: {
      ...shown,
      ...(message.from.email !== account.email && { from: senderText(message.from) }),
      files: files.map(({ filename }) => filename),
      warnings,
    },
    ...(derived?.answered && { answered: derived.answered.shown }),
    ...(original && { original }),
  };
}

/** What follows from the original, if the call names one. */
async function derive(
  fields: NewMessage,
  session: MailSession,
): Promise<{ original?: Original; derived?: DerivedMessage }> {
  const { as, of } = fields;
  if (of === undefined) return {};
  if (isInvitationAnswer(as)) {
    const original = await readOriginal(of, session, MAX_CALENDAR_BYTES);
    return { original, derived: await answerInvitation({ ...fields, as }, original, session) };
  }
  const original = await readOriginal(of, session);
  return { original, derived: await deriveMessage(fields, original, session) };
}

/** What names the original when the draft is sent, whatever its subject is then. */
const fieldsOfDraft = (derived: DerivedMessage | undefined): NonNullable<OutgoingMessage['fields']> =>
  derived?.forwards === undefined ? [] : [{ name: FORWARDED_ID, value: derived.forwards }];

/** What of the original is attached. */
async function filesOf(
  {
    original,
    derived,
    requireFiles,
  }: { original: Original; derived: DerivedMessage } & Pick<WriteOptions, 'requireFiles'>,
  session: MailSession,
): Promise<OutgoingAttachment[]> {
  const { message } = original;
  if (derived.attaches === 'nothing' || (derived.attaches === 'files' && message.attachments.length === 0)) return [];
  requireFiles();
  return derived.attaches === 'message' ? [await wholeMessageFile(message, session)] : forwardedFiles(message, session);
}

function requireSendable(
  { as, text_body, html_body, attachment_urls }: NewMessage,
  { envelope }: ComposedMessage,
): void {
  if (envelope.to.length === 0) throw new ToolError('Nobody to send to: name at least one address.'); // phrase allowed: the sentence on the wire
  const isEmpty = text_body.trim() === '' && html_body === undefined && attachment_urls.length === 0;
  if (as !== undefined && as !== 'forward' && !isInvitationAnswer(as) && isEmpty)
    throw new ToolError('Nothing was sent: text_body is empty. Write what the answer says.');
}

const senderText = ({ fullName, email }: OutgoingMessage['from']): string =>
  peopleTexts([{ name: fullName, address: email }]).join('');

function shownOf(message: OutgoingMessage, { newText, quotedLines }: { newText: string; quotedLines: number }) {
  const people = (list: string | undefined, name: 'to' | 'cc' | 'bcc') =>
    peopleTexts(parseAddressList(list ?? '', name).flatMap((entry) => ('group' in entry ? entry.group : [entry])));
  return {
    to: people(message.to, 'to'),
    ...withoutEmpty({ cc: people(message.cc, 'cc'), bcc: people(message.bcc, 'bcc') }),
    subject: message.subject,
    text: shownText(newText, quotedLines),
  };
}
