/** Says in words what an invitation is and asks for, and writes it as text for a message that does not say so itself. */
import { isOwnAddress } from '../own-address.ts';
import { writeTime } from './event-time.ts';
import type { Attendee, EventTime, Invitation } from './invitation.ts';

/** What a message with this method is (RFC 5546 §1.4). */
const KINDS: Readonly<Record<string, string>> = {
  REQUEST: 'Invitation',
  CANCEL: 'Cancelled event',
  REPLY: 'Answer to an invitation',
  COUNTER: 'Proposal of another time',
  DECLINECOUNTER: 'Refusal of another time',
  REFRESH: 'Request for the current invitation',
  ADD: 'Further event of a series',
};

/** What PARTSTAT says (RFC 5545 §3.2.12). */
export const ANSWERS: Readonly<Record<string, string>> = {
  ACCEPTED: 'accepted',
  DECLINED: 'declined',
  TENTATIVE: 'tentatively accepted',
  DELEGATED: 'delegated',
  COMPLETED: 'accepted',
  'IN-PROCESS': 'accepted',
};

export const NEEDS_ANSWER = 'needs answer';

/** @param ownAddresses of the account */
export function statusInWords(invitation: Invitation, ownAddresses: readonly string[]): string {
  const { method, attendees, organizer, isCancelled } = invitation;
  const isOwn = (attendee: Attendee | null) => isOwnAddress(attendee?.address ?? '', ownAddresses);
  const [first] = attendees;
  switch (method) {
    case 'CANCEL':
      return 'cancelled';
    case 'REPLY':
      return first === undefined ? 'answered' : `${personOf(first)} ${ANSWERS[first.answer] ?? 'has not decided'}`;
    case 'COUNTER':
      return first === undefined ? 'another time is proposed' : `${personOf(first)} proposes another time`;
    case 'DECLINECOUNTER':
      return 'the proposed time was refused';
    case 'REFRESH':
      return 'an attendee asks for the current version';
    case 'REQUEST':
    case 'ADD': {
      if (isCancelled) return 'cancelled';
      if (isOwn(organizer)) return 'you are the organizer';
      const own = attendees.find(isOwn) ?? (attendees.length === 1 ? first : undefined);
      if (own === undefined && first !== undefined) return 'no own address is invited';
      return ANSWERS[own?.answer ?? ''] ?? NEEDS_ANSWER;
    }
    default:
      return isCancelled ? 'cancelled' : 'no answer expected';
  }
}

/** `Ann Lee <ann@example.test>`; the address alone without a name. */
export function personOf({ name, address }: Pick<Attendee, 'name' | 'address'>): string {
  if (name === '' || name.toLowerCase() === address.toLowerCase()) return address;
  const shown = /[()<>[\]:;@\\,."]/.test(name) ? `"${name.replace(/["\\]/g, '')}"` : name;
  return address === '' ? shown : `${shown} <${address}>`;
}

/** The text of a message that answers an invitation. @param word what the answer is: `Accepted` */
export function answerText(invitation: Invitation, { word, comment }: { word: string; comment: string }): string {
  const { summary, where } = invitation;
  const lines = [
    `${word}: ${oneLine(summary)}`,
    ...whenLines(invitation),
    ...(where === '' ? [] : [`Where: ${where}`]),
    ...(invitation.recurrence === '' ? [] : [`Recurring: ${invitation.recurrence}`]),
  ];
  return [comment, lines.join('\n')].filter((part) => part !== '').join('\n\n');
}

/** The invitation as text. @param isWhole true: with its description */
export function invitationText(invitation: Invitation, isWhole: boolean): string {
  const { method, summary, where, organizer, recurrence, description, isOneOfSeries, attendees } = invitation;
  const [first] = attendees;
  const isAnswer = (method === 'REPLY' || method === 'COUNTER') && first !== undefined;
  const lines = [
    `${KINDS[method] ?? 'Event'}${summary === '' ? '' : `: ${oneLine(summary)}`}`,
    ...whenLines(invitation),
    ...(where === '' ? [] : [`Where: ${where}`]),
    ...(organizer === null ? [] : [`Organizer: ${personOf(organizer)}`]),
    ...(isAnswer ? [`Answer: ${statusInWords(invitation, [])}`] : []),
    ...(recurrence === '' ? [] : [`Recurring: ${recurrence}`]),
    ...(isOneOfSeries ? ['Only this event of a series is meant.'] : []),
  ];
  return isWhole && description !== '' ? `${lines.join('\n')}\n\n${description}` : lines.join('\n');
}

/** Attendees that are named. */
const MAX_NAMED = 30;

/** Who takes part with their answers, and the status of the event: a line each. */
export function peopleLines({ attendees, isCancelled }: Invitation): string[] {
  const named = attendees.slice(0, MAX_NAMED).map((attendee) => {
    const answer = ANSWERS[attendee.answer];
    return `${personOf(attendee)}${answer === undefined ? '' : ` (${answer})`}`;
  });
  const more = attendees.length > MAX_NAMED ? [`${attendees.length - MAX_NAMED} more`] : [];
  return [
    ...(named.length === 0 ? [] : [`Attendees: ${[...named, ...more].join(', ')}`]),
    ...(isCancelled ? ['Status: cancelled'] : []),
  ];
}

function whenLines({ start, end }: Invitation): string[] {
  if (start === null) return [];
  const [from, to] = [short(start), end === null ? '' : ` to ${short(end)}`];
  if (start.kind === 'day') return [`When: ${from}${to}, all day`];
  const zone =
    start.kind === 'local'
      ? start.isZoneGiven
        ? 'in a time zone that is not known here'
        : 'no time zone is given'
      : start.zone;
  return [`When: ${from}${to}${zone === null || zone === 'UTC' ? '' : ` (${zone})`}`];
}

function short(time: EventTime): string {
  const written = writeTime(time);
  return `${written.weekday.slice(0, 3)} ${written.time}`;
}

/** True if a text says when and where the event is, in any usual spelling. */
export function saysWhenAndWhere(text: string, { start, where }: Invitation): boolean {
  const said = oneLine(text).toLowerCase();
  if (where !== '' && !said.includes(oneLine(where).toLowerCase())) return false;
  if (start === null) return true;
  const { time } = writeTime(start);
  const [, month = '', day = '', hour, minute = ''] = /^\d{4}-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}))?/.exec(time) ?? [];
  const hasDay = new RegExp(`(?<!\\d)0?${Number(day)}(?!\\d)`).test(said) && month !== '';
  if (hour === undefined) return hasDay;
  const hours = [Number(hour), Number(hour) % 12 || 12];
  const minutes = minute === '00' ? '(?:[:.h]?00)?' : `[:.h]?${minute}`;
  return hasDay && hours.some((one) => new RegExp(`(?<!\\d)0?${one}${minutes}(?!\\d)`).test(said));
}

function oneLine(text: string): string {
  return text.slice(0, MAX_COMPARED_CHARS).replace(/\s+/g, ' ').trim();
}

const MAX_COMPARED_CHARS = 30_000;
