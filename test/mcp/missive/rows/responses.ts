import { ids } from '../../../support/missive/ids.ts';
import { LABELS, type Rows } from './row.ts';

const file = 'https://mail.example/attachments/own';

export const responses: Rows = {
  list_all_missive_responses: {
    good: [
      {
        shows: 'no bodies',
        args: { organization: ids.organization },
        requests: [{ path: '/responses', query: { organization: ids.organization, limit: '50' } }],
        result: { responses: [{ id: ids.thanks, title: 'Thanks' }, { id: ids.imported }], next_cursor: null },
      },
    ],
    bad: [{ what: 'a limit above 200', args: { limit: 201 }, says: /limit/ }],
  },
  get_single_missive_response_by_id: {
    good: [
      {
        shows: 'its text',
        args: { id: ids.thanks },
        requests: [{ path: `/responses/${ids.thanks}` }],
        result: { response: { id: ids.thanks, body: 'Thank you\nThe team', body_cut: null } },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
  create_a_missive_response: {
    good: [
      {
        shows: 'an answer of an organization, with a file',
        args: {
          organization: ids.organization,
          title: 'Sorry',
          body: '<div>Sorry</div>',
          shared_labels: [ids.urgent],
          external_id: 'r-1',
          external_source: 'crm',
          attachment_urls: [file],
        },
        requests: [
          {
            method: 'POST',
            path: '/responses',
            body: {
              responses: [
                {
                  organization: ids.organization,
                  title: 'Sorry',
                  body: '<div>Sorry</div>',
                  shared_labels: [ids.urgent],
                  external_id: 'r-1',
                  external_source: 'crm',
                  attachments: [{ filename: 'plan.pdf', base64_data: Buffer.from('a plan').toString('base64') }],
                },
              ],
            },
          },
          LABELS,
        ],
        result: { response: { title: 'Sorry', organization: ids.organization, shared_labels: ['Support/Urgent'] } },
      },
      {
        shows: 'an answer of one user',
        args: { user: ids.ana, title: 'Bye', body: 'Bye,\n5 < 6' },
        requests: [
          {
            method: 'POST',
            path: '/responses',
            body: { responses: [{ user: ids.ana, title: 'Bye', body: '<div>Bye,</div><div>5 &lt; 6</div>' }] },
          },
        ],
        result: { response: { user: ids.ana }, body_format: 'text' },
      },
      {
        shows: 'a body with tags that is a text, and recipients as texts',
        args: { user: ids.ana, title: 'b', body: '<b>b</b>', body_format: 'text', to_fields: 'Jane <jane@x.example>' },
        requests: [
          {
            method: 'POST',
            path: '/responses',
            body: {
              responses: [
                {
                  user: ids.ana,
                  title: 'b',
                  body: '<div>&lt;b&gt;b&lt;/b&gt;</div>',
                  to_fields: [{ name: 'Jane', address: 'jane@x.example' }],
                },
              ],
            },
          },
        ],
        result: { response: { to_fields: ['Jane <jane@x.example>'] }, body_format: 'text' },
      },
    ],
    bad: [
      {
        what: 'no owner',
        args: { title: 'x', body: 'y' },
        says: /list_all_missive_organizations.*list_all_missive_users/,
      },
      { what: 'two owners', args: { organization: ids.organization, user: ids.ana, title: 'x' }, says: /exactly one/ },
      { what: 'a name for a title, which Missive drops', args: { user: ids.ana, name: 'x', body: 'y' }, says: /name/ },
      {
        what: 'labels of one user',
        args: { user: ids.ana, title: 'x', shared_labels: [ids.urgent] },
        says: /need organization/,
      },
      {
        what: 'external_id or external_source alone',
        args: { user: ids.ana, title: 'x', external_id: '1' },
        says: /external_source/,
      },
      { what: 'a title that is too long', args: { user: ids.ana, title: 'x'.repeat(501) }, says: /title/ },
      { what: 'no contents', args: { user: ids.ana }, says: /title/ },
    ],
  },
  update_a_missive_response_by_id: {
    good: [
      {
        shows: 'only what changes',
        args: { id: ids.thanks, subject: 'Thanks!' },
        requests: [
          {
            method: 'PATCH',
            path: `/responses/${ids.thanks}`,
            body: { responses: [{ id: ids.thanks, subject: 'Thanks!' }] },
          },
        ],
        result: { response: { id: ids.thanks, subject: 'Thanks!' } },
      },
      {
        shows: 'a text that stays HTML',
        args: { id: ids.thanks, body: '<p>Thanks</p>', body_format: 'html' },
        requests: [
          {
            method: 'PATCH',
            path: `/responses/${ids.thanks}`,
            body: { responses: [{ id: ids.thanks, body: '<p>Thanks</p>' }] },
          },
        ],
        result: { response: { id: ids.thanks }, body_format: 'html' },
      },
    ],
    bad: [
      { what: 'nothing to change', args: { id: ids.thanks }, says: /nothing to change/ },
      {
        what: 'external_id or external_source alone',
        args: { id: ids.thanks, external_source: 'crm' },
        says: /external_id/,
      },
    ],
  },
  delete_a_missive_response_by_id: {
    good: [
      {
        shows: 'that it is done',
        args: { id: ids.thanks },
        requests: [{ method: 'DELETE', path: `/responses/${ids.thanks}` }],
        result: { done: true },
      },
    ],
    bad: [{ what: 'two ids', args: { id: `${ids.thanks},${ids.imported}` }, says: /id/ }],
  },
};
