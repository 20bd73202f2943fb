/** Operations on contact books, contact groups and contacts. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { INFO_KINDS, Info, infoInput, Membership, membershipInput } from '../../missive/contact-parts.ts';
import { mergedContact, newContacts } from '../../missive/contact-request.ts';
import { LongText, OFFSET_PAGING, requireChange, Seconds, Text } from '../../missive/fields.ts';
import { onlyOne, optionalId, pathId } from '../../missive/id-parameters.ts';
import { allInBody, asTime, defineOperation, inBody, inQuery } from '../../missive/operation.ts';
import { clears } from '../../parameter-meanings.ts';

const contactBook = (place: 'query' | 'body') => onlyOne(optionalId(place, 'contact_book', 'Left out: the only one.'));

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

const name = (what: string) => z.string().optional().describe(what);

/** @param given wraps each parameter */
const attributes = (given: <Schema extends z.ZodType>(schema: Schema) => Schema) => ({
  first_name: given(name('First name.')),
  middle_name: given(name('Middle name.')),
  last_name: given(name('Last name.')),
  phonetic_first_name: given(name('How the first name is spoken.')),
  phonetic_middle_name: given(name('How the middle name is spoken.')),
  phonetic_last_name: given(name('How the last name is spoken.')),
  prefix: given(name('Such as "Dr".')),
  suffix: given(name('Such as "Jr".')),
  nickname: given(name('Nickname.')),
  file_as: given(name('Name to sort by.')),
  notes: given(name('Free text about the contact.')),
  gender: given(name('Gender.')),
  starred: z.boolean().optional().describe('Marked with a star.'),
  infos: given(
    z
      .array(infoInput)
      .optional()
      .describe(
        `Email addresses, phone numbers and so on, here and nowhere else. By kind, the key and its labels: ${INFO_KINDS}.`,
      ),
  ),
  memberships: given(z.array(membershipInput).optional().describe('Organization and groups of the contact.')),
});

const info = (kind: string, label: string) =>
  `it goes into infos, as [{"kind":"${kind}","label":"${label}","value":"…"}].`;

/** Keys that models expect on a contact. */
const FLAT_INFOS = {
  email: info('email', 'work'),
  email_address: info('email', 'work'),
  emails: info('email', 'work'),
  phone: info('phone_number', 'mobile'),
  phone_number: info('phone_number', 'mobile'),
  website: info('url', 'homepage'),
  company: 'it goes into memberships, as [{"group":{"kind":"organization","name":"…"}}].',
  organization: 'it goes into memberships, as [{"group":{"kind":"organization","name":"…"}}].',
  name: 'pass first_name and last_name.',
};

const newAttributes = attributes((schema) => schema);

export const contacts = [
  defineOperation({
    name: 'list_all_missive_contact_books',
    title: 'List Missive contact books',
    description:
      'Contact books of this person. Call this first for work with contacts: each id is the contact_book of the other contact tools.',
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
        organization: Text.describe('Absent: a private book.'),
        share_with_organization: z.boolean().optional(),
        share_with_team: Text,
      }),
    },
  }),
  defineOperation({
    name: 'list_all_missive_contact_groups',
    title: 'List Missive contact groups',
    description:
      'Groups or organizations that contacts of a book belong to. Call list_all_missive_contact_books first for the book.',
    http: 'GET',
    path: '/contact_groups',
    effect: 'reads',
    method: 'list',
    tags: ['contacts'],
    parameters: {
      contact_book: contactBook('query'),
      kind: inQuery(z.enum(['group', 'organization']).describe('Groups, or organizations that contacts work for.')),
    },
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'contact_groups', item: z.object({ id: z.string(), name: Text }) },
  }),
  defineOperation({
    name: 'list_all_missive_contacts',
    title: 'List Missive contacts',
    description:
      'Contacts of one book, all or those that match search. Call list_all_missive_contact_books first for the book.',
    http: 'GET',
    path: '/contacts',
    effect: 'reads',
    method: 'list',
    tags: ['contacts'],
    parameters: {
      contact_book: contactBook('query'),
      search: inQuery(
        z.string().min(1).optional().describe('Matches names, addresses, numbers, organizations and notes.'),
      ),
      order: inQuery(
        z.enum(['last_name', 'last_modified']).optional().describe('By last name (default), or newest change first.'),
      ),
      modified_since: asTime(
        inQuery(Seconds.optional().describe('Only what was created or changed since this Unix time.')),
      ),
      include_deleted: inQuery(
        z.literal(true).optional().describe('Deleted ones as well; only together with modified_since.'),
      ),
    },
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'contacts', item: Contact },
    check({ include_deleted, modified_since }) {
      if (include_deleted && modified_since === undefined) {
        throw new ToolError('include_deleted needs modified_since: Missive ignores it otherwise.');
      }
    },
  }),
  defineOperation({
    name: 'get_single_missive_contact_by_id',
    title: 'Get a Missive contact',
    description: 'One contact with all its addresses and memberships. list_all_missive_contacts finds the id.',
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
    description:
      'Adds contacts to a book. Call list_all_missive_contact_books first, and look with list_all_missive_contacts whether the person is there: Missive keeps duplicates. Addresses go into infos.',
    http: 'POST',
    path: '/contacts',
    effect: 'writes',
    method: 'create',
    tags: ['contacts'],
    parameters: {
      contact_book: contactBook('body'),
      ...allInBody(newAttributes),
      contacts: inBody(
        z
          .array(z.strictObject({ ...newAttributes, infos: newAttributes.infos.describe('As infos of one contact.') }))
          .min(1)
          .optional()
          .describe('Several contacts for the same book; leave out the other fields then.'),
      ),
    },
    insteadOf: FLAT_INFOS,
    answer: { kind: 'list', key: 'contacts', item: Contact },
    body: async (args) => ({ contacts: newContacts(args) }),
  }),
  defineOperation({
    name: 'update_a_missive_contact_by_id',
    title: 'Update a Missive contact',
    description:
      'Changes a contact, which list_all_missive_contacts finds: what is left out stays, and infos and memberships are added to those there are, or replace them all if replace is true.',
    http: 'PATCH',
    path: '/contacts/:id',
    effect: 'writes',
    method: 'update',
    tags: ['contacts'],
    idempotent: true,
    parameters: {
      id: pathId('contact'),
      ...allInBody(attributes(clears)),
      replace: inBody(
        z.boolean().default(false).describe('True: infos and memberships that are given replace all there are.'),
      ),
    },
    insteadOf: FLAT_INFOS,
    answer: { kind: 'one', key: 'contacts', as: 'contact', item: Contact },
    check({ id: _, replace: __, ...changes }) {
      requireChange(changes);
    },
    body: async (args, session) => ({ contacts: [await mergedContact(args, session)] }),
  }),
];
