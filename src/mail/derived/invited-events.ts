/** Finds the events of an invitation to which the account owner is invited, and says why there are none. */
import { ToolError } from '../../errors.ts';
import { normaliseAddress } from '../mime/addresses.ts';
import { isOwnAddress, type Sender } from '../own-address.ts';
import {
  type CalendarComponent,
  type CalendarProperty,
  parameterOf,
  propertyOf,
  readCalendarComponents,
  textOfProperty,
} from '../parts/calendar-components.ts';
import { type Attendee, toAttendee } from '../parts/invitation.ts';
import { personOf } from '../parts/invitation-words.ts';
import type { CalendarSource } from '../parts/special-contents.ts';

export interface InvitedEvent {
  event: CalendarComponent;
  /** The ATTENDEE that is the account owner. */
  attendee: CalendarProperty;
}

export interface InvitedEvents {
  /** One or more, of one UID. */
  events: InvitedEvent[];
  /** The address that was invited. */
  sender: Sender;
  organizer: Attendee;
  /** All components of the calendar. */
  components: CalendarComponent[];
}

export interface Invited {
  /** Whom messages may come from. */
  senders: readonly Sender[];
  /** The one that is to answer, if the call names it. */
  chosen: Sender | undefined;
}

const MAX_LINES = 30_000;
/** Other attendees that are read, to name them. */
const MAX_OTHERS = 20;
const MAX_NAMED = 3;

/** @throws {ToolError} that says why this is no invitation that can be answered, and what to do */
export function findInvitedEvents(calendars: readonly CalendarSource[], { senders, chosen }: Invited): InvitedEvents {
  const { text } = requestOf(calendars);
  const isWanted = attendeeFilter(senders);
  const components = readCalendarComponents(text, { maxLines: MAX_LINES, isWanted });
  const all = components.filter(({ name }) => name === 'vevent');
  const [first] = all;
  if (first === undefined || textOfProperty(first, 'uid') === '') throw refused(DAMAGED);
  if (all.some((event) => textOfProperty(event, 'uid') !== textOfProperty(first, 'uid'))) throw refused(SEVERAL_EVENTS);
  const current = all.filter((event) => textOfProperty(event, 'status').toUpperCase() !== 'CANCELLED');
  if (current.length === 0) throw refused(CANCELLED);
  const organizer = organizerOf(first, senders);
  const sender = invitedSender(current, { senders, chosen }, organizer);
  const events = current.flatMap((event) => {
    const attendee = attendeesOf(event).find((each) => isOwnAddress(toAttendee(each).address, [sender.email]));
    return attendee === undefined ? [] : [{ event, attendee }];
  });
  requireNotDelegated(events);
  return { events, sender, organizer, components };
}

/** The calendar that asks for an answer. */
function requestOf(calendars: readonly CalendarSource[]): CalendarSource {
  const [request, ...others] = calendars.filter(({ method }) => method === 'REQUEST');
  if (request === undefined) {
    const [first] = [...calendars.filter(({ method }) => method !== ''), ...calendars];
    throw refused(first === undefined ? NO_INVITATION : (OTHER_METHODS[first.method] ?? NO_ANSWER_WANTED));
  }
  if (others.some(({ uid }) => uid !== request.uid)) throw refused(SEVERAL_EVENTS);
  return request;
}

/** Skips most attendees of a large event, but none that may be the account owner. */
function attendeeFilter(senders: readonly Sender[]): (line: string) => boolean {
  const starts = senders.map(({ email }) => `:${email.slice(0, email.lastIndexOf('@') + 1).toLowerCase()}`);
  let others = 0;
  return (line) => {
    if (!/^attendee[;:]/i.test(line)) return true;
    const written = line.toLowerCase();
    if (starts.some((start) => written.includes(start))) return true;
    others += 1;
    return others <= MAX_OTHERS;
  };
}

const attendeesOf = ({ properties }: CalendarComponent): CalendarProperty[] =>
  properties.filter(({ name }) => name === 'attendee');

function organizerOf(event: CalendarComponent, senders: readonly Sender[]): Attendee {
  const property = propertyOf(event, 'organizer');
  const organizer = property === undefined ? undefined : toAttendee(property);
  const isMail = /^\s*mailto:/i.test(String(property?.values[0] ?? ''));
  if (organizer === undefined || !isMail || normaliseAddress(organizer.address) === undefined)
    throw refused(NO_ORGANIZER);
  const isOwn = isOwnAddress(
    organizer.address,
    senders.map(({ email }) => email),
  );
  if (isOwn) throw refused(OWN_EVENT);
  return organizer;
}

/** @throws {ToolError} unless exactly one address of the account owner is invited, or the call has chosen one of them */
function invitedSender(
  events: readonly CalendarComponent[],
  { senders, chosen }: Invited,
  organizer: Attendee,
): Sender {
  const attendees = events.flatMap((event) => attendeesOf(event).map(toAttendee));
  const isInvited = ({ email }: Sender) => attendees.some(({ address }) => isOwnAddress(address, [email]));
  const invited = senders.filter(isInvited);
  const [only, ...others] = invited;
  if (only === undefined) throw refused(notInvited(attendees, senders, organizer));
  const names = invited.map(({ email }) => email).join(', ');
  if (chosen !== undefined) {
    if (!isInvited(chosen))
      throw refused(`${chosen.email} is not invited, only ${names}: leave out \`from\`, or name that.`);
    return chosen;
  }
  if (others.length > 0)
    throw refused(
      `several addresses of the account owner are invited (${names}). Say in \`from\` which of them answers.`,
    );
  return only;
}

function notInvited(attendees: readonly Attendee[], senders: readonly Sender[], organizer: Attendee): string {
  const people = [...new Map(attendees.map((each) => [each.address.toLowerCase(), each])).values()];
  const named = people.slice(0, MAX_NAMED).map(shortPerson);
  const whom = named.length === 0 ? 'nobody' : [...named, ...(people.length > MAX_NAMED ? ['others'] : [])].join(', '); // phrase allowed: the sentence on the wire
  const own = senders.map(({ email }) => email).join(', ');
  return `it invites ${whom}, and no address of the account owner (${own}). If one of them is the owner's, it has to be added at the sign-in. If the invitation was forwarded, ask the organizer (${shortPerson(organizer)}) for one.`;
}

const MAX_PERSON_CHARS = 120;
const shortPerson = (person: Attendee): string => personOf(person).slice(0, MAX_PERSON_CHARS);

/** A delegation ends in the calendar program, which also informs the delegate. @throws {ToolError} if the account owner has delegated an event */
function requireNotDelegated(events: readonly InvitedEvent[]): void {
  const passedOn = events.find(({ attendee }) => parameterOf(attendee, 'partstat').toUpperCase() === 'DELEGATED');
  if (passedOn === undefined) return;
  const { 'delegated-to': to } = passedOn.attendee.parameters;
  const delegates = [to].flat().map((each) =>
    String(each ?? '')
      .replace(/^mailto:/i, '')
      .slice(0, MAX_PERSON_CHARS),
  );
  const whom = delegates.filter((each) => each !== '').join(', ');
  throw refused(`the account owner has delegated it${whom === '' ? '' : ` to ${whom}`}, who answers it. ${ELSEWHERE}`);
}

const refused = (why: string): ToolError => new ToolError(`Nothing was sent: ${why}`);

const ELSEWHERE = 'To take part after all, write to the organizer with `as: "reply"`.';
const NO_INVITATION =
  'the message has no invitation that can be read, or one of more than 512 KiB. To answer it as a mail, use `as: "reply"`.';
const DAMAGED = 'the invitation is damaged. Ask its sender for a new one, with `as: "reply"`.';
const SEVERAL_EVENTS =
  'the message has several different events, and cannot be answered as one invitation. Write to the sender which of them suit, with `as: "reply"`.';
const CANCELLED = 'the organizer has cancelled this event, so there is nothing to answer.';
const NO_ORGANIZER =
  'the invitation names no organizer with a mail address to answer. To answer the sender, use `as: "reply"`.';
const OWN_EVENT =
  'the account owner is the organizer of this event. It is changed or cancelled in the calendar program that it is in.';
const NO_ANSWER_WANTED =
  'the calendar in this message announces an event and asks for no answer. To write to the sender, use `as: "reply"`.';
const OTHER_METHODS: Readonly<Record<string, string>> = {
  CANCEL: CANCELLED,
  REPLY: 'this is an answer to an invitation, not an invitation. To write to its sender, use `as: "reply"`.',
  COUNTER:
    'an attendee proposes another time for an event of the account owner, which is accepted in the calendar program. To write to the attendee, use `as: "reply"`.',
  DECLINECOUNTER:
    'the organizer has refused another time. What can be answered is the invitation before it: find that message.',
  ADD: 'this adds an event to a series, which has no answer of its own. To write to the organizer, use `as: "reply"`.',
  REFRESH: 'an attendee asks for the current version of an event. To write to the attendee, use `as: "reply"`.',
};
