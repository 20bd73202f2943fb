/** Shortens the rows of lists: what is empty or the same in all of them is left out, and people, addresses and groups are texts. */
import { z } from 'zod';
import { cutText } from '../../../text/cut-text.ts';
import { labelPathOf } from '../thing-lists.ts';

type Row = Record<string, unknown>;

const MAX_NOTE_CHARS = 80;
const MAX_DESCRIPTION_CHARS = 200;

/** Without fields that are false, empty, or the default of their kind. */
function present(row: Row): Row {
  const isSaid = (value: unknown) =>
    value !== undefined &&
    value !== null &&
    value !== false &&
    value !== '' &&
    !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(row).filter(([, value]) => isSaid(value)));
}

/** The rows without a field that is the same in all of them. */
function withoutShared(rows: readonly Row[], field: string): Row[] {
  const values = new Set(rows.map((row) => row[field]));
  return rows.map(({ [field]: value, ...row }) =>
    values.size > 1 && value !== undefined ? { ...row, [field]: value } : row,
  );
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

const textOf = (...parts: unknown[]): string =>
  parts
    .map(text)
    .filter((part) => part !== '')
    .join(' ');

const Entries = z.array(z.record(z.string(), z.unknown())).catch([]);

/** `{name, address}` and other people as one text. */
function personText(person: unknown): string {
  const { name, email, address, phone_number, username, id } = z
    .record(z.string(), z.unknown())
    .catch({})
    .parse(person);
  const key = [email, address, phone_number, username, id].map(text).find((one) => one !== '') ?? '';
  return text(name) === '' ? key : key === '' ? text(name) : `${text(name)} <${key}>`;
}

const Named = z.object({ id: z.string(), name: z.string().nullish() });

function nameOf(thing: unknown): string {
  const { name, id } = Named.safeParse(thing).data ?? {};
  return name ?? id ?? '';
}

const ADDRESS = ['street', 'extended_address', 'postal_code', 'city', 'region', 'po_box', 'country'];

function infoText(info: Row): string {
  const address = ADDRESS.map((part) => text(info[part])).filter((part) => part !== '');
  return text(info.value) || text(info.name) || address.join(', ');
}

const groupText = ({ group }: Row): string => text(z.object({ name: z.string() }).safeParse(group).data?.name);

/** @returns the contact with its infos and the names of its groups as texts, without labels and titles */
export function contactRow(row: Row): Row {
  const { id, contact_book, first_name, middle_name, last_name, nickname, file_as, notes, starred, deleted } = row;
  return present({
    id,
    name: textOf(first_name, middle_name, last_name) || text(nickname) || text(file_as),
    infos: Entries.parse(row.infos ?? [])
      .map(infoText)
      .filter((info) => info !== ''),
    groups: Entries.parse(row.memberships ?? [])
      .map(groupText)
      .filter((group) => group !== ''),
    notes: cutText(text(notes).replaceAll(/\s+/g, ' '), MAX_NOTE_CHARS),
    contact_book,
    starred,
    deleted,
  });
}

export const contactRows = (rows: readonly Row[]): Row[] => withoutShared(rows.map(contactRow), 'contact_book');

export const bookRows = (rows: readonly Row[]): Row[] =>
  withoutShared(
    rows.map(({ organization, ...row }) => present({ ...row, organization, private: !organization })),
    'organization',
  );

export const labelRows = (rows: readonly Row[], { areColored }: { areColored: boolean }): Row[] =>
  withoutShared(
    rows.map(({ id, color, organization, ...row }) =>
      present({ id, path: labelPathOf(row), ...(areColored && { color }), organization }),
    ),
    'organization',
  );

export const directoryRows = (rows: readonly Row[]): Row[] => withoutShared(rows.map(present), 'organization');

/** @returns the task with its people and team as texts; ids stay ids */
export function taskRow({ assignees, team, type, ...row }: Row): Row {
  const people = z
    .array(z.unknown())
    .catch([])
    .parse(assignees ?? []);
  return present({
    ...row,
    type: type === 'task' ? '' : type,
    assignees: people.map((person) => (typeof person === 'string' ? person : personText(person))),
    team: typeof team === 'string' ? team : nameOf(team),
  });
}

export const taskRows = (rows: readonly Row[]): Row[] =>
  rows.map(({ description, ...row }) =>
    taskRow({ ...row, description: cutText(text(description), MAX_DESCRIPTION_CHARS) }),
  );

const PEOPLE = ['to_fields', 'cc_fields', 'bcc_fields'];

/** @returns the response with its recipients and labels as texts */
export function responseRow({ shared_labels: labels, ...row }: Row): Row {
  const people = PEOPLE.map((field) => [field, Entries.parse(row[field] ?? []).map(personText)] as const);
  return present({ ...row, ...Object.fromEntries(people), shared_labels: Entries.parse(labels ?? []).map(nameOf) });
}

export const responseRows = (rows: readonly Row[]): Row[] =>
  withoutShared(
    rows.map(({ modified_at: _, ...row }) => responseRow(row)),
    'organization',
  );
