import { expect } from 'vitest';
import { ids } from '../../../support/missive/ids.ts';
import type { Rows } from './row.ts';

const jane = {
  first_name: 'Jane',
  last_name: 'Doe',
  infos: [
    { kind: 'email', label: 'work', value: 'jane.doe@customer.example' },
    { kind: 'phone_number', label: 'mobile', value: '+1 555 010 0199' },
  ],
  memberships: [{ title: 'Buyer', group: { kind: 'organization', name: 'Customer Ltd' } }],
};

const JANE_TEXTS = ['jane.doe@customer.example', '+1 555 010 0199'];

export const contacts: Rows = {
  list_all_missive_contact_books: {
    good: [
      {
        shows: 'ids and names, private books too',
        args: {},
        requests: [{ path: '/contact_books', query: { limit: '50' } }],
        result: {
          contact_books: [
            { id: ids.enterpriseLeads, name: 'Enterprise Leads' },
            { id: ids.vipProspects, name: 'VIP Prospects' },
            { id: ids.privateBook, name: 'Private' },
          ],
          next_cursor: null,
        },
      },
    ],
    bad: [{ what: 'an unknown filter', args: { name: 'VIP Prospects' }, says: /name/ }],
  },
  list_all_missive_contact_groups: {
    good: [
      {
        shows: 'groups of a book',
        args: { contact_book: ids.vipProspects, kind: 'group', limit: 200 },
        requests: [{ path: '/contact_groups', query: { contact_book: ids.vipProspects, kind: 'group', limit: '200' } }],
        result: { contact_groups: [{ id: ids.vipGroup, name: 'VIP' }] },
      },
    ],
    bad: [
      { what: 'no book', args: { kind: 'group' }, says: /contact_book/, looksUp: true },
      { what: 'no kind', args: { contact_book: ids.vipProspects }, says: /kind/ },
    ],
  },
  list_all_missive_contacts: {
    good: [
      {
        shows: 'a search',
        args: { contact_book: ids.enterpriseLeads, search: 'lea@company.example' },
        requests: [
          {
            path: '/contacts',
            query: { contact_book: ids.enterpriseLeads, search: 'lea@company.example', limit: '50' },
          },
        ],
        result: { contacts: [{ id: ids.lea, infos: expect.any(Array) }], next_cursor: null },
      },
      {
        shows: 'all filters together',
        args: {
          contact_book: ids.enterpriseLeads,
          order: 'last_modified',
          modified_since: 1_700_000_000,
          include_deleted: true,
          limit: 2,
        },
        requests: [
          {
            path: '/contacts',
            query: {
              contact_book: ids.enterpriseLeads,
              order: 'last_modified',
              modified_since: '1700000000',
              include_deleted: 'true',
              limit: '2',
            },
          },
        ],
        result: { contacts: [{}, {}], next_cursor: expect.any(String) },
      },
    ],
    bad: [
      { what: 'no book', args: { search: 'Jane' }, says: /contact_book/, looksUp: true },
      {
        what: 'deleted contacts without a time, which Missive ignores',
        args: { contact_book: ids.vipProspects, include_deleted: true },
        says: /modified_since/,
      },
      {
        what: 'an invented cursor',
        args: { contact_book: ids.vipProspects, next_cursor: '50' },
        says: /next_cursor/,
      },
    ],
  },
  get_single_missive_contact_by_id: {
    good: [
      {
        shows: 'one contact, which Missive returns in an array',
        args: { id: ids.max },
        requests: [{ path: `/contacts/${ids.max}` }],
        result: { contact: { id: ids.max, first_name: 'Max', memberships: [{ title: 'Buyer' }] } },
      },
    ],
    bad: [{ what: 'two ids', args: { id: `${ids.max},${ids.lea}` }, says: /not the id of a contact/ }],
  },
  create_a_missive_contact: {
    good: [
      {
        shows: 'one contact, with its lists',
        args: { contact_book: ids.vipProspects, ...jane },
        requests: [
          { method: 'POST', path: '/contacts', body: { contacts: [{ contact_book: ids.vipProspects, ...jane }] } },
        ],
        result: { contacts: [{ id: expect.any(String), contact_book: ids.vipProspects, infos: JANE_TEXTS }] },
      },
      {
        shows: 'several contacts at once, all for the same book',
        args: { contact_book: ids.vipProspects, contacts: [jane, { first_name: 'Joe' }] },
        requests: [
          {
            method: 'POST',
            path: '/contacts',
            body: {
              contacts: [
                { contact_book: ids.vipProspects, ...jane },
                { contact_book: ids.vipProspects, first_name: 'Joe' },
              ],
            },
          },
        ],
        result: { contacts: [{ name: 'Jane Doe' }, { name: 'Joe' }] },
      },
    ],
    bad: [
      { what: 'no book', args: jane, says: /contact_book/, looksUp: true },
      {
        what: 'a flat address, which Missive drops',
        args: { contact_book: ids.vipProspects, first_name: 'J', email: 'j@x.example' },
        says: /email/,
      },
      {
        what: 'a flat address in one of several',
        args: { contact_book: ids.vipProspects, contacts: [{ first_name: 'J', phone_number: '1' }] },
        says: /phone_number/,
      },
      { what: 'an empty contact', args: { contact_book: ids.vipProspects }, says: /infos/ },
      {
        what: 'the fields of one contact beside a list of contacts',
        args: { contact_book: ids.vipProspects, first_name: 'J', contacts: [{ first_name: 'K' }] },
        says: /contacts/,
      },
      {
        what: 'a label that the kind does not have',
        args: { contact_book: ids.vipProspects, infos: [{ kind: 'email', label: 'mobile', value: 'j@x.example' }] },
        says: /infos\.0\.label/,
      },
      {
        what: 'a custom label beside another label',
        args: {
          contact_book: ids.vipProspects,
          infos: [{ kind: 'email', label: 'work', custom_label: 'Desk', value: 'j@x.example' }],
        },
        says: /custom_label/,
      },
      {
        what: 'a title in a group, which has none',
        args: {
          contact_book: ids.vipProspects,
          memberships: [{ title: 'Buyer', group: { kind: 'group', name: 'VIP' } }],
        },
        says: /organization/,
      },
    ],
  },
  update_a_missive_contact_by_id: {
    good: [
      {
        shows: 'only what changes, where no list is given',
        args: { id: ids.max, last_name: 'Mu', starred: true },
        requests: [
          {
            method: 'PATCH',
            path: `/contacts/${ids.max}`,
            body: { contacts: [{ id: ids.max, last_name: 'Mu', starred: true }] },
          },
        ],
        result: { contact: { id: ids.max, last_name: 'Mu', infos: [{}, {}] } },
      },
      {
        shows: 'that entries are added to the current ones',
        args: { id: ids.max, infos: [{ kind: 'email', label: 'home', value: 'max@home.example' }] },
        requests: [
          { path: `/contacts/${ids.max}` },
          {
            method: 'PATCH',
            path: `/contacts/${ids.max}`,
            body: {
              contacts: [
                {
                  id: ids.max,
                  infos: [
                    { kind: 'email', label: 'work', value: 'max@company.example' },
                    { kind: 'phone_number', label: 'mobile', value: '+1 555 010 0100' },
                    { kind: 'email', label: 'home', value: 'max@home.example' },
                  ],
                },
              ],
            },
          },
        ],
        result: { contact: { infos: [{}, {}, { value: 'max@home.example' }], memberships: [{ title: 'Buyer' }] } },
      },
      {
        shows: 'that an entry with the same value replaces the current one',
        args: {
          id: ids.max,
          infos: [{ kind: 'email', label: 'home', value: 'MAX@company.example' }],
          memberships: [{ title: 'Director', group: { kind: 'organization', name: 'Example Company' } }],
        },
        requests: [
          { path: `/contacts/${ids.max}` },
          {
            method: 'PATCH',
            path: `/contacts/${ids.max}`,
            body: {
              contacts: [
                {
                  id: ids.max,
                  infos: [
                    { kind: 'phone_number', label: 'mobile', value: '+1 555 010 0100' },
                    { kind: 'email', label: 'home', value: 'MAX@company.example' },
                  ],
                  memberships: [{ title: 'Director', group: { kind: 'organization', name: 'Example Company' } }],
                },
              ],
            },
          },
        ],
        result: { contact: { memberships: [{ title: 'Director' }] } },
      },
      {
        shows: 'that a membership is added without the id of the group of another',
        args: { id: ids.max, memberships: [{ group: { kind: 'group', name: 'VIP' } }] },
        requests: [
          { path: `/contacts/${ids.max}` },
          {
            method: 'PATCH',
            path: `/contacts/${ids.max}`,
            body: {
              contacts: [
                {
                  id: ids.max,
                  memberships: [
                    { title: 'Buyer', group: { kind: 'organization', name: 'Example Company' } },
                    { group: { kind: 'group', name: 'VIP' } },
                  ],
                },
              ],
            },
          },
        ],
        result: { contact: { memberships: [{ title: 'Buyer' }, { group: { name: 'VIP' } }] } },
      },
      {
        shows: 'that replace removes entries that are not given',
        args: { id: ids.max, infos: [{ kind: 'url', label: 'blog', value: 'https://max.example' }], replace: true },
        requests: [
          {
            method: 'PATCH',
            path: `/contacts/${ids.max}`,
            body: {
              contacts: [{ id: ids.max, infos: [{ kind: 'url', label: 'blog', value: 'https://max.example' }] }],
            },
          },
        ],
        result: { contact: { infos: [{ value: 'https://max.example' }] } },
      },
    ],
    bad: [
      { what: 'nothing to change', args: { id: ids.max }, says: /nothing to change/ },
      { what: 'a flat address, which Missive drops', args: { id: ids.max, email: 'm@x.example' }, says: /email/ },
    ],
  },
};
