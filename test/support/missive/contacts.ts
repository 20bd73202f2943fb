/** Handles requests for contact books, groups and contacts in the stand-in for Missive. */
import { randomUUID } from 'node:crypto';
import {
  batchObjects,
  type Call,
  created,
  envelopedList,
  type Fields,
  fieldsOf,
  find,
  type Handler,
  knownFields,
  ok,
  Refusal,
  requireFields,
} from './call.ts';
import { type Row, toPublicRow } from './data.ts';
import { offsetPage } from './pages.ts';

const NAMES = [
  'first_name',
  'last_name',
  'middle_name',
  'phonetic_first_name',
  'phonetic_middle_name',
  'phonetic_last_name',
];
const ATTRIBUTES = [
  ...NAMES,
  'prefix',
  'suffix',
  'nickname',
  'file_as',
  'notes',
  'gender',
  'starred',
  'infos',
  'memberships',
];

const LABELS: Record<string, string> = {
  email: 'home work personal other',
  phone_number: 'main mobile home work home_fax work_fax other_fax pager other',
  twitter: 'work personal other',
  facebook: 'work personal other',
  physical_address: 'work home other',
  url: 'homepage profile blog work personal other',
  custom: 'other',
};

const listed = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);

/** Silently drops flat keys such as `email`, and refuses invalid entries of the lists. */
function attributesOf({ data }: Call, fields: Fields): Fields {
  const own = knownFields(fields, ATTRIBUTES);
  for (const info of listed(own.infos)) {
    requireFields(info, 'kind', 'label');
    const labels = LABELS[String(info.kind)]?.split(' ') ?? [];
    if (!labels.includes(String(info.label)))
      throw new Refusal(400, 'Validation failed: infos label is not included in the list');
    if (info.custom_label && info.label !== 'other')
      throw new Refusal(400, 'Validation failed: infos custom_label must be blank');
  }
  const memberships = listed(own.memberships).map((membership) => {
    const group = fieldsOf(membership.group);
    requireFields(group, 'kind', 'name');
    const known = data.contact_groups.find(({ name, _kind }) => name === group.name && _kind === group.kind);
    return { ...membership, group: { id: known?.id ?? randomUUID(), ...knownFields(group, ['kind', 'name']) } };
  });
  return { ...own, ...(own.memberships !== undefined && { memberships }) };
}

function matches(row: Row, words: string | null): boolean {
  if (words === null) return true;
  const { first_name, last_name, infos, memberships, notes } = row;
  return JSON.stringify([`${first_name} ${last_name}`, infos, memberships, notes])
    .toLowerCase()
    .includes(words.toLowerCase());
}

const list: Handler = ({ data, query }) => {
  const book = query.get('contact_book');
  if (book === null) throw new Refusal(400, "'contact_book' is required");
  find(data.contact_books, book);
  const since = query.get('modified_since');
  const rows = data.contacts.filter(
    (row) =>
      row.contact_book === book &&
      matches(row, query.get('search')) &&
      (since === null || Number(row.modified_at) >= Number(since)) &&
      (row.deleted !== true || (since !== null && query.get('include_deleted') === 'true')),
  );
  const sorted =
    query.get('order') === 'last_modified'
      ? rows.toSorted((a, b) => Number(b.modified_at) - Number(a.modified_at))
      : rows.toSorted((a, b) => String(a.last_name).localeCompare(String(b.last_name)));
  const view = (row: Row) =>
    row.deleted === true ? knownFields(row, ['id', 'deleted', 'modified_at']) : toPublicRow(row);
  return ok({ contacts: offsetPage(sorted, query).map(view) });
};

const create: Handler = (call) => {
  const { data, now } = call;
  const rows = envelopedList(call, 'contacts').map((fields): Row => {
    requireFields(fields, 'contact_book');
    const { id: contact_book } = find(data.contact_books, fields.contact_book);
    return {
      id: randomUUID(),
      contact_book,
      starred: false,
      deleted: false,
      modified_at: now,
      infos: [],
      memberships: [],
      ...attributesOf(call, fields),
    };
  });
  data.contacts.push(...rows);
  return created({ contacts: rows.map((row) => toPublicRow(row)) });
};

const update: Handler = (call) => {
  const rows = batchObjects(call, 'contacts').map((fields) => {
    const row = find(call.data.contacts, fields.id);
    // Lists are replaced as a whole.
    return toPublicRow(Object.assign(row, attributesOf(call, fields), { modified_at: call.now }));
  });
  return ok({ contacts: rows });
};

const groups: Handler = ({ data, query }) => {
  for (const name of ['contact_book', 'kind']) if (!query.has(name)) throw new Refusal(400, `'${name}' is required`);
  const rows = data.contact_groups.filter(
    ({ _book, _kind }) => _book === query.get('contact_book') && _kind === query.get('kind'),
  );
  return ok({ contact_groups: offsetPage(rows, query).map((row) => toPublicRow(row)) });
};

const get: Handler = ({ data, param }) => {
  const row = find(data.contacts, param('id'));
  if (row.deleted === true) throw new Refusal(404, 'Not found');
  return ok({ contacts: [toPublicRow(row)] });
};

export const contactRoutes: [string, Handler][] = [
  [
    'GET /contact_books',
    ({ data, query }) => ok({ contact_books: offsetPage(data.contact_books, query).map((row) => toPublicRow(row)) }),
  ],
  ['GET /contact_groups', groups],
  ['GET /contacts', list],
  ['GET /contacts/:id', get],
  ['POST /contacts', create],
  ['PATCH /contacts/:ids', update],
];
