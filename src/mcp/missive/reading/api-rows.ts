/** Parses what the API returns of people, files and times, and writes it as rows show it: short, and as other tools take it. */
import { z } from 'zod';
import { cutFileName, cutText } from '../../../text/cut-text.ts';
import { toLocalTime } from '../../../text/time.ts';
import { personText } from '../../person-text.ts';

const text = z.string().optional().catch(undefined);

/** A field of another type than expected counts as absent: the documentation of the API is incomplete. */
export const ApiPerson = z.object({
  name: text,
  address: text,
  email: text,
  phone_number: text,
  id: text,
  username: text,
});
export type ApiPerson = z.output<typeof ApiPerson>;

export const ApiPeople = z.array(ApiPerson).catch([]);

/** Recipients that a row shows of one field. */
const MAX_PEOPLE = 4;
const MAX_SUBJECT_CHARS = 200;
const MAX_FILE_NAME_CHARS = 120;

/** As `to_fields` takes it; people of other channels by number, name or id. */
export function personOf({ name = '', address, email, phone_number, username, id }: ApiPerson): string {
  const mailbox = address ?? email;
  if (mailbox !== undefined) return personText({ name, address: mailbox });
  const other = phone_number ?? username ?? id ?? '';
  return name === '' || name === other ? other : `${name} (${other})`;
}

function peopleOf(people: readonly ApiPerson[]): string[] {
  const shown = people.slice(0, MAX_PEOPLE).map(personOf);
  const more = people.length - shown.length;
  return more > 0 ? [...shown, `${more} more`] : shown;
}

/** @param value from the API; anything */
export function person(value: unknown): string {
  const parsed = ApiPerson.safeParse(value);
  return parsed.success ? personOf(parsed.data) : '';
}

export const people = (value: unknown): string[] => peopleOf(ApiPeople.parse(value));

/** From and Reply-To of a message, without people of other channels. */
export function authorsOf(item: Record<string, unknown>) {
  const mailboxes = (people: unknown[]) =>
    ApiPeople.parse(people).flatMap(({ name = '', address }) => (address === undefined ? [] : [{ name, address }]));
  const replyTo = Array.isArray(item.reply_to_fields) ? item.reply_to_fields : [];
  return { from: mailboxes([item.from_field]), replyTo: mailboxes(replyTo) };
}

const Named = z.object({ name: text, id: text });

/** The name, else the id. */
export function nameOf(value: unknown): string {
  const { data } = Named.safeParse(value);
  return data?.name ?? data?.id ?? '';
}

export const namesOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : []).map(nameOf).filter((name) => name !== '');

/** Unix time as RFC 3339, in the zone of the account owner; empty if it is none. */
export function timeOf(value: unknown, timeZone: string): string {
  const seconds = typeof value === 'number' && Math.abs(value) < 1e11 ? value : undefined;
  return seconds === undefined ? '' : toLocalTime(new Date(seconds * 1000), timeZone);
}

export const subjectOf = (value: unknown): string =>
  typeof value === 'string' ? cutText(value, MAX_SUBJECT_CHARS) : '';

export const fileNamesOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : []).flatMap((file) => {
    const { data } = z.object({ filename: z.string() }).safeParse(file);
    return data === undefined ? [] : [cutFileName(data.filename, MAX_FILE_NAME_CHARS)];
  });

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
