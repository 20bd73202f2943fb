/** Operations on contact books, contact groups and contacts. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { bookRows, contactRow, contactRows } from '../../missive/answers/short-rows.ts';
import { FLAT_FIELDS, readContacts, readInfos, readMemberships } from '../../missive/arguments/contact-fields.ts';
import { Info, infoInput, Membership, membershipInput } from '../../missive/contact-parts.ts';
import { mergedContact, newContacts } from '../../missive/contact-request.ts';
import { LongText, OFFSET_PAGING, requireChange, Seconds, Text } from '../../missive/fields.ts';
import { onlyOne, optionalId, pathId } from '../../missive/id-parameters.ts';
import { allInBody, asTime, defineOperation, inBody, inQuery, type Parameter } from '../../missive/operation.ts';
import { clears, rare } from '../../parameter-meanings.ts';

const contactBook = (place: 'query' | 'body') =>
  onlyOne(optionalId(place, 'contact_book', 'list_all_missive_contact_books finds it.'));

const Contact = z.object({
  id: z.string(),
  contact_book: Text,
  deleted: z.boolean().optional(),
  modified_at: z.number().optional(),
  first_name: Text,
  middle_name: Text,
  last_name: Text,
  prefix: Text,
  suffix: Text,
  nickname: Text,
  phonetic_first_name: Text,
  phonetic_middle_name: Text,
  phonetic_last_name: Text,
  file_as: Text,
  notes: LongText,
  gender: Text,
  starred: z.boolean().optional(),
  infos: z.array(Info).optional(),
  memberships: z.array(Membership).optional(),
});

const ContactRow = z.object({
  id: z.string(),
  name: Text,
  infos: z.array(z.string()).optional().describe('Addresses and numbers.'),
  groups: z.array(z.string()).optional().describe('Organizations and groups.'),
  notes: Text.describe('Their start.'),
  contact_book: Text,
  starred: z.boolean().optional(),
  deleted: z.boolean().optional(),
});

const name = (what: string) => z.string().optional().describe(what);

/** @param given wraps each parameter */
const attributes = (given: <Schema extends z.ZodType>(schema: Schema) => Schema) => ({
  first_name: given(name('First name.')),
  middle_name: rare(given(name('Middle name.'))),
  last_name: given(name('Last name.')),
  phonetic_first_name: rare(given(name('How the first name is spoken.'))),
  phonetic_middle_name: rare(given(name('How the middle name is spoken.'))),
  phonetic_last_name: rare(given(name('How the last name is spoken.'))),
  prefix: rare(given(name('Such as "Dr".'))),
  suffix: rare(given(name('Such as "Jr".'))),
  nickname: rare(given(name('Nickname.'))),
  file_as: rare(given(name('Name to sort by.'))),
  notes: given(name('Free text.')),
  gender: rare(given(name('Gender.'))),
  starred: rare(z.boolean().optional().describe('Marked with a star.')),
  infos: given(z.array(infoInput).optional().describe('Email addresses, phone numbers and so on.')),
  memberships: given(z.array(membershipInput).optional().describe('Organization and groups.')),
});

const newAttributes = attributes((schema) => schema);

const changedAttributes = attributes(clears);

const changes = { ...changedAttributes, memberships: rare(changedAttributes.memberships) };

/** With infos and memberships as models write them. */
const withLists = <Of extends { infos: Parameter; memberships: Parameter }>(parameters: Of): Of => ({
  ...parameters,
  infos: { ...parameters.infos, read: readInfos },
  memberships: { ...parameters.memberships, read: readMemberships },
});

/** The same fields; what the first contact shows is not published again. */
const oneOfSeveral = {
  ...newAttributes,
  notes: rare(newAttributes.notes),
  infos: rare(newAttributes.infos),
  memberships: rare(newAttributes.memberships),
};

export const contacts = [
  defineOperation({
    name: 'list_all_missive_contact_books',
    title: 'List Missive contact books',
    description: 'Contact books of this person, which the other contact tools take by id or name.',
    http: 'GET',
    path: '/contact_books',
    effect: 'reads',
    method: 'list',
    tags: ['contacts'],
    parameters: {},
    paging: OFFSET_PAGING,
    answer: {
      kind: 'list',
      key: 'contact_books',
      item: z.object({
        id: z.string(),
        name: Text,
        description: LongText,
        private: z.boolean().optional(),
        organization: Text.describe('Where there are several.'),
        share_with_team: Text,
      }),
    },
    short: bookRows,
  }),
  defineOperation({
    name: 'list_all_missive_contact_groups',
    title: 'List Missive contact groups',
    description: 'Groups of a contact book, or organizations that its contacts work for.',
    http: 'GET',
    path: '/contact_groups',
    effect: 'reads',
    method: 'list',
    tags: ['contacts'],
    parameters: {
      contact_book: contactBook('query'),
      kind: inQuery(z.enum(['group', 'organization']).describe('Which of the two.')),
    },
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'contact_groups', item: z.object({ id: z.string(), name: Text }) },
  }),
  defineOperation({
    name: 'list_all_missive_contacts',
    title: 'List Missive contacts',
    description: 'Contacts of one book, all or those that match, each in one line.',
    http: 'GET',
    path: '/contacts',
    effect: 'reads',
    method: 'list',
    tags: ['contacts'],
    parameters: {
      contact_book: contactBook('query'),
      search: inQuery(z.string().min(1).optional().describe('Part of a name, address, number, organization or note.')),
      order: inQuery(
        rare(
          z.enum(['last_name', 'last_modified']).optional().describe('By last name (default), or newest change first.'),
        ),
      ),
      modified_since: asTime(inQuery(Seconds.optional().describe('Unix time or ISO 8601: only what is newer.'))),
      include_deleted: inQuery(
        rare(z.literal(true).optional().describe('Deleted ones as well; only together with modified_since.')),
      ),
    },
    paging: OFFSET_PAGING,
    aliases: { query: 'search', q: 'search' },
    answer: { kind: 'list', key: 'contacts', item: ContactRow },
    short: contactRows,
    check({ include_deleted, modified_since }) {
      if (include_deleted && modified_since === undefined) {
        throw new ToolError('include_deleted needs modified_since: Missive ignores it otherwise.');
      }
    },
  }),
  defineOperation({
    name: 'get_single_missive_contact_by_id',
    title: 'Get a Missive contact',
    description: 'One contact with all its addresses, memberships and notes.',
    http: 'GET',
    path: '/contacts/:id',
    effect: 'reads',
    method: 'get',
    tags: ['contacts'],
    parameters: { id: pathId('contact') },
    answer: { kind: 'one', key: 'contacts', as: 'contact', item: Contact },
  }),
  defineOperation({
    name: 'create_a_missive_contact',
    title: 'Create Missive contacts',
    description: 'Adds contacts to a book. Missive keeps duplicates: look first (list_all_missive_contacts).',
    http: 'POST',
    path: '/contacts',
    effect: 'writes',
    method: 'create',
    tags: ['contacts'],
    parameters: {
      contact_book: contactBook('body'),
      ...withLists(allInBody(newAttributes)),
      contacts: {
        read: readContacts,
        ...inBody(
          z
            .array(z.strictObject(oneOfSeveral))
            .min(1)
            .optional()
            .describe('Several for the same book, each with the fields of one, in the place of these.'),
        ),
      },
    },
    insteadOf: FLAT_FIELDS,
    answer: { kind: 'list', key: 'contacts', item: ContactRow },
    short: (rows) => rows.map(contactRow),
    body: async (args) => ({ contacts: newContacts(args) }),
  }),
  defineOperation({
    name: 'update_a_missive_contact_by_id',
    title: 'Update a Missive contact',
    description:
      'Changes what is given. infos and memberships are added to those there are, or replace them all if replace is true.',
    http: 'PATCH',
    path: '/contacts/:id',
    effect: 'writes',
    method: 'update',
    tags: ['contacts'],
    idempotent: true,
    parameters: {
      id: pathId('contact'),
      ...withLists(allInBody(changes)),
      replace: inBody(z.boolean().default(false).describe('See above.')),
    },
    insteadOf: FLAT_FIELDS,
    answer: { kind: 'one', key: 'contacts', as: 'contact', item: Contact },
    check({ id: _, replace: __, ...changes }) {
      requireChange(changes);
    },
    body: async (args, session) => ({ contacts: [await mergedContact(args, session)] }),
  }),
];
