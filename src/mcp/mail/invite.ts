/** Declares what get_mail_message returns of an invitation, and converts one to it. */
import { z } from 'zod';
import { writeTime } from '../../mail/parts/event-time.ts';
import type { EventTime, Invitation } from '../../mail/parts/invitation.ts';
import { NEEDS_ANSWER, personOf, statusInWords } from '../../mail/parts/invitation-words.ts';
import type { MailSession } from './mail-session.ts';

const Time = z.string().describe('RFC 3339. A date alone: all day. Without an offset: see `warnings`.');

export const Invite = z.object({
  method: z.string().optional().describe('What the sender asks for (RFC 5546): request, cancel, reply, publish …'),
  summary: z.string().optional(),
  start: Time.optional(),
  weekday: z.string().optional().describe('Of the start.'),
  end: Time.optional().describe('Of an event of several days: its last day.'),
  where: z.string().optional(),
  organizer: z.string().optional().describe('Chosen by the sender; proves nothing.'),
  status: z.string().describe('"needs answer", "accepted", "cancelled" …; "marked as answered" by \\Answered.'),
  recurring: z.string().optional(),
  one_of_series: z.boolean().optional().describe('True: only this event of a series is meant.'),
  more_events: z.number().optional().describe('Further events in the same calendar.'),
});

const MAX_SUMMARY_CHARS = 200;

export function toInvite(
  invitation: Invitation,
  { ownAddresses, timeZone }: Pick<MailSession, 'ownAddresses' | 'timeZone'>,
  { isAnswered }: { isAnswered: boolean } = { isAnswered: false },
): z.output<typeof Invite> {
  const { method, summary, start, end, where, organizer, recurrence, isOneOfSeries, otherEvents } = invitation;
  const first = start === null ? undefined : writeTime(start, timeZone);
  const last = end === null ? undefined : writeTime(end, timeZone);
  const status = statusInWords(invitation, ownAddresses);
  return {
    ...(method !== '' && { method: method.toLowerCase() }),
    ...(summary !== '' && { summary: summary.slice(0, MAX_SUMMARY_CHARS) }),
    ...(first && { start: first.time, weekday: first.weekday }),
    ...(last && { end: last.time }),
    ...(where !== '' && { where }),
    ...(organizer !== null && { organizer: personOf(organizer) }),
    // The calendar says what held when it was sent.
    status: isAnswered && status === NEEDS_ANSWER ? 'marked as answered' : status,
    ...(recurrence !== '' && { recurring: recurrence }),
    ...(isOneOfSeries && { one_of_series: true }),
    ...(otherEvents > 0 && { more_events: otherEvents }),
  };
}

/** Sentences for the reader about times that may mean another moment. */
export function inviteWarnings({ start, end }: Invitation): string[] {
  const local = [start, end].filter((time): time is Extract<EventTime, { kind: 'local' }> => time?.kind === 'local');
  if (local.length === 0) return [];
  return local.some(({ isZoneGiven }) => isZoneGiven) ? [UNKNOWN_ZONE] : [NO_ZONE];
}

const UNKNOWN_ZONE =
  'The invitation names a time zone that is not known here, so its times are as the sender wrote them, without an offset. Ask which time zone is meant.';
const NO_ZONE = 'The invitation gives no time zone: its times are local times, wherever the reader is.';
