/**
 * Makes the answer to an invitation (iTIP REPLY, RFC 5546 §3.2.3): each event that invites the account owner, with what identifies it, and with one attendee.
 *
 * Times are repeated with their time zones, which Exchange requires. Recurrences, alarms, descriptions and other attendees are not.
 */
import { ToolError } from '../../errors.ts';
import { visibleLine } from '../../text/visible-text.ts';
import {
  type CalendarComponent,
  type CalendarProperty,
  parameterOf,
  propertyOf,
  textOfProperty,
} from '../parts/calendar-components.ts';
import { type Attendee, readTime, toAttendee } from '../parts/invitation.ts';
import { findDefinition } from '../parts/time-zones.ts';
import { type WrittenComponent, writeCalendar } from '../parts/write-calendar.ts';
import type { InvitedEvent, InvitedEvents } from './invited-events.ts';

export const PARTICIPATION = { accept: 'ACCEPTED', decline: 'DECLINED', tentative: 'TENTATIVE' } as const;
export type InvitationAnswer = keyof typeof PARTICIPATION;

export interface ReplyOptions {
  as: InvitationAnswer;
  /** Empty: none. */
  comment: string;
  now: Date;
}

const MAX_UID_CHARS = 2_000;
const MAX_TEXT_CHARS = 1_000;

/** @returns a calendar with CRLF line ends @throws {ToolError} if the invitation is damaged */
export function invitationReply(invited: InvitedEvents, options: ReplyOptions): string {
  const zones = invited.components.filter(({ name }) => name === 'vtimezone');
  const events = invited.events.map((each) => replyEvent(each, { ...options, organizer: invited.organizer, zones }));
  const used = new Set(events.flatMap(({ properties }) => properties.map((each) => parameterOf(each, 'tzid'))));
  const text = writeCalendar({
    name: 'vcalendar',
    properties: [
      textProperty('prodid', '-//mail-mcp//EN'),
      textProperty('version', '2.0'),
      textProperty('method', 'REPLY'),
    ],
    children: [...[...used].flatMap((tzid) => findDefinition(tzid, zones) ?? []), ...events],
  });
  if (text === null) throw new ToolError(DAMAGED);
  return text;
}

interface EventOptions extends ReplyOptions {
  organizer: Attendee;
  zones: readonly CalendarComponent[];
}

function replyEvent({ event, attendee }: InvitedEvent, options: EventOptions): WrittenComponent {
  const { as, comment, now, organizer, zones } = options;
  const summary = lineOf(textOfProperty(event, 'summary'));
  return {
    name: 'vevent',
    properties: [
      ...identityOf(event, zones),
      { ...textProperty('dtstamp', `${now.toISOString().slice(0, 19)}Z`), type: 'date-time' },
      person('organizer', organizer, {}),
      person('attendee', toAttendee(attendee), { partstat: PARTICIPATION[as], ...delegators(attendee) }),
      ...['dtstart', 'dtend', 'duration'].flatMap((name) => timeOf(event, name, zones)),
      ...(summary === '' ? [] : [textProperty('summary', summary)]),
      ...(comment === '' ? [] : [textProperty('comment', comment)]),
    ],
  };
}

/** What the organizer recognises the event by: the values are those of the invitation. */
function identityOf(event: CalendarComponent, zones: readonly CalendarComponent[]): CalendarProperty[] {
  const uid = propertyOf(event, 'uid')?.values[0];
  const sequence = propertyOf(event, 'sequence')?.values[0];
  const recurrenceId = propertyOf(event, 'recurrence-id');
  if (typeof uid !== 'string' || uid.length > MAX_UID_CHARS) throw new ToolError(DAMAGED);
  const one = recurrenceId === undefined ? undefined : written(recurrenceId, zones);
  if (one === null) throw new ToolError(DAMAGED);
  return [
    textProperty('uid', uid),
    ...(one === undefined ? [] : [one]),
    ...(Number.isSafeInteger(sequence)
      ? [{ ...textProperty('sequence', ''), type: 'integer', values: [sequence] }]
      : []),
  ];
}

const DAY = /^\d{4}-\d{2}-\d{2}(?=$|T:*$)/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z?$/;

/** A date or time as it is written, without parameters that say nothing about it; null if it is neither. */
function written(
  { name, parameters: { tzid, range }, values }: CalendarProperty,
  zones: readonly CalendarComponent[],
): CalendarProperty | null {
  const value = typeof values[0] === 'string' ? values[0] : '';
  const day = DAY.exec(value)?.[0];
  if (day === undefined && !TIME.test(value)) return null;
  const definition = typeof tzid === 'string' ? findDefinition(tzid, zones) : undefined;
  const zone = definition === undefined ? tzid : textOfProperty(definition, 'tzid');
  const parameters = {
    ...(typeof zone === 'string' && day === undefined && !value.endsWith('Z') && { tzid: zone }),
    ...(range === 'THISANDFUTURE' && { range }),
  };
  return day === undefined
    ? { name, parameters, type: 'date-time', values: [value] }
    : { name, parameters, type: 'date', values: [day] };
}

/** When the event is. A time in a time zone that the calendar does not define is written in UTC, if it is known. */
function timeOf(event: CalendarComponent, name: string, zones: readonly CalendarComponent[]): CalendarProperty[] {
  const property = propertyOf(event, name);
  if (property === undefined) return [];
  if (name === 'duration') return durationOf(property);
  const time = written(property, zones);
  if (time === null) return [];
  const tzid = parameterOf(time, 'tzid');
  if (tzid === '' || findDefinition(tzid, zones) !== undefined) return [time];
  const read = readTime(property, zones);
  return read?.kind === 'instant'
    ? [{ ...time, parameters: {}, values: [`${new Date(read.ms).toISOString().slice(0, 19)}Z`] }]
    : [];
}

function durationOf({ name, values }: CalendarProperty): CalendarProperty[] {
  const [value] = values;
  return typeof value === 'string' && /^[+-]?P[\dWDTHMS]{1,40}$/.test(value)
    ? [{ name, parameters: {}, type: 'duration', values: [value] }]
    : [];
}

/** @param parameters behind the name */
function person(
  name: string,
  { name: shown, address }: Attendee,
  parameters: Record<string, string>,
): CalendarProperty {
  const cn = lineOf(shown);
  return {
    name,
    parameters: { ...(cn !== '' && { cn }), ...parameters },
    type: 'cal-address',
    values: [`mailto:${address}`],
  };
}

/** The attendee that has delegated the invitation to the account owner (RFC 5546 §4.2.5): the organizer knows the attendee by that. */
function delegators(attendee: CalendarProperty): Record<string, string> {
  const [from] = [attendee.parameters['delegated-from']].flat();
  return typeof from === 'string' && /^mailto:[\x21-\x7e]{1,320}$/i.test(from) ? { 'delegated-from': from } : {};
}

const textProperty = (name: string, value: string): CalendarProperty => ({
  ...{ name, parameters: {}, type: 'text', values: [value] },
});

/** One line that people see. */
function lineOf(text: string): string {
  return visibleLine(text)
    .text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .toWellFormed()
    .slice(0, MAX_TEXT_CHARS)
    .trim();
}

const DAMAGED = 'Nothing was sent: the invitation is damaged. Ask its sender for a new one, with `as: "reply"`.';
