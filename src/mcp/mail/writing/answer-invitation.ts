/** Derives the answer to an invitation: to its organizer, from the address that was invited. No calendar is behind IMAP, so none is changed. */
import { ToolError } from '../../../errors.ts';
import { type InvitationAnswer, invitationReply, PARTICIPATION } from '../../../mail/derived/invitation-reply.ts';
import { findInvitedEvents, type InvitedEvents } from '../../../mail/derived/invited-events.ts';
import { threadFields } from '../../../mail/derived/references.ts';
import { normaliseAddress } from '../../../mail/mime/addresses.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { type Invitation, mainEventOf, toInvitation } from '../../../mail/parts/invitation.ts';
import { ANSWERS, answerText } from '../../../mail/parts/invitation-words.ts';
import { cutText } from '../../../text/cut-text.ts';
import { toInvite } from '../invite.ts';
import type { MailSession } from '../mail-session.ts';
import type { NewMessage } from '../new-message.ts';
import { chosenSender } from './chosen-sender.ts';
import { addressList, type DerivedMessage, oneLine } from './derive-message.ts';
import type { Original } from './read-original.ts';
import { sentBefore } from './sent-before.ts';

/** Of the calendars in a message that is answered: enough for thousands of attendees. */
export const MAX_CALENDAR_BYTES = 512 * 1024;
const MAX_COMMENT_CHARS = 4_000;
const MAX_SUMMARY_CHARS = 200;

const SUBJECTS = { accept: 'Accepted', decline: 'Declined', tentative: 'Tentatively accepted' };

/** @throws {ToolError} if the original is no invitation that can be answered */
export async function answerInvitation(
  fields: NewMessage & { as: InvitationAnswer },
  { message }: Original,
  session: MailSession,
): Promise<DerivedMessage> {
  const { as } = fields;
  const { senders } = session;
  const invited = findInvitedEvents(message.calendars, { senders, chosen: chosenSender(fields, session) });
  const { organizer, sender } = invited;
  const comment = commentOf(fields);
  const calendarReply = invitationReply(invited, { as, comment, now: session.now() });
  const invitation = invitationOf(invited);
  const summary = cutText(oneLine(invitation.summary || message.subject), MAX_SUMMARY_CHARS);
  const address = normaliseAddress(organizer.address) ?? organizer.address;
  const text = answerText({ ...invitation, summary }, { word: SUBJECTS[as], comment });
  return {
    from: sender,
    to: addressList([{ name: organizer.name, address }]),
    cc: '',
    subject: fields.subject || `${SUBJECTS[as]}: ${summary}`,
    ...threadFields(message),
    // The result has the event in `invite`.
    ...{ text, newText: comment || `${SUBJECTS[as]}: ${summary}`, quotedLines: 0, attaches: 'nothing' },
    answered: { calendarReply, shown: shownOf({ invited, invitation, as, comment }, session) },
    warnings: [
      ...warningsOf(invitation, address, { message, now: session.now() }),
      ...(await sentBefore({ recipients: [address] }, session)).warnings,
    ],
  };
}

function commentOf({ text_body: text }: NewMessage): string {
  const comment = text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]|[\u2028\u2029]/gu, ' ')
    .toWellFormed()
    .trim();
  if (comment.length > MAX_COMMENT_CHARS) throw new ToolError(LONG_COMMENT);
  return comment;
}

/** The series rather than its changed dates, as the invitation shows it. */
function invitationOf({ events, components }: InvitedEvents): Invitation {
  const main = mainEventOf(events.map(({ event }) => event));
  if (main === undefined) throw new Error('no event');
  return toInvitation(main, components);
}

interface Answered {
  invited: InvitedEvents;
  invitation: Invitation;
  as: InvitationAnswer;
  comment: string;
}

/** The event and the answer for the caller. */
function shownOf({ invited, invitation, as, comment }: Answered, session: MailSession) {
  const { method: _, ...invite } = toInvite(invitation, session);
  const { length } = invited.events;
  const note = [
    NO_CALENDAR,
    ...(comment === '' ? [] : [ONLY_A_COMMENT]),
    ...(length > 1 ? [`It answers the series and its changed dates, ${length} events in all.`] : []),
  ].join(' ');
  return { invite: { ...invite, status: ANSWERS[PARTICIPATION[as]] ?? as }, note };
}

function warningsOf(
  { start, end, recurrence }: Invitation,
  organizer: string,
  { message: { from }, now }: { message: Original['message']; now: Date },
): string[] {
  const last = end ?? start;
  const isOver = recurrence === '' && last?.kind === 'instant' && last.ms < now.getTime();
  const isSender = from.some(({ address }) => isOwnAddress(address, [organizer]));
  return [
    ...(isSender ? [] : [`The answer goes to the organizer, ${organizer}, who is not the sender of the invitation.`]),
    ...(isOver ? ['The event is over.'] : []),
  ];
}

const LONG_COMMENT = `Nothing was sent: text_body is the comment of the answer and has at most ${MAX_COMMENT_CHARS} characters. Say more with \`as: "reply"\`.`;
const NO_CALENDAR =
  "No calendar is changed, as there is none behind this mailbox: the organizer gets a mail, and the owner's own calendar stays as it is.";
const ONLY_A_COMMENT = 'text_body is a comment that the organizer reads. It is no formal counter-proposal.';
