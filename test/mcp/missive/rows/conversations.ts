import { expect } from 'vitest';
import { ids } from '../../../support/missive/ids.ts';
import { LABELS, type Row, type Rows } from './row.ts';

const FLAGS = ['inbox', 'all', 'assigned', 'closed', 'snoozed', 'flagged', 'trashed', 'junked', 'drafts'];
const OF = { shared_label: ids.urgent, team_inbox: ids.support, team_closed: ids.support, team_all: ids.support };
const boxes: Record<string, true | string> = { ...Object.fromEntries(FLAGS.map((flag) => [flag, true])), ...OF };

const WITH_LABELS = ['inbox', 'all', 'drafts', 'shared_label', 'team_inbox', 'team_all'];

/** Every mailbox filter, alone. */
const eachBox: Row['good'] = Object.entries(boxes).map(([name, value]) => ({
  shows: `the filter ${name}`,
  args: { [name]: value },
  requests: [
    { path: '/conversations', query: { [name]: String(value), limit: '25' } },
    ...(WITH_LABELS.includes(name) ? [LABELS] : []),
  ],
  result: { conversations: expect.any(Array), next_cursor: null },
}));

const inside = (kind: 'messages' | 'comments' | 'drafts' | 'posts', items: unknown[]): Row => ({
  good: [
    {
      shows: `${kind} and nothing else`,
      args: { conversation_id: ids.outage, limit: 5 },
      requests: [{ path: `/conversations/${ids.outage}/${kind}`, query: { limit: '5' } }],
      result: { [kind]: items, next_cursor: null },
    },
  ],
  bad: [
    { what: 'no conversation', args: {}, says: /conversation_id/ },
    { what: 'more than ten', args: { conversation_id: ids.outage, limit: 11 }, says: /limit/ },
    { what: 'fewer than two', args: { conversation_id: ids.outage, limit: 1 }, says: /limit/ },
    { what: 'a number', args: { conversation_id: '554100' }, says: /"554100" is not the id of a conversation/ },
  ],
});

const get = (path: string, query: Record<string, string> = {}) => ({ method: 'GET', path, query, body: undefined });

export const conversations: Rows = {
  list_all_missive_conversations: {
    good: [
      ...eachBox,
      {
        shows: 'people from outside, counts and labels, and no text',
        args: { shared_label: ids.urgent },
        requests: [{ path: '/conversations', query: { shared_label: ids.urgent, limit: '25' } }, LABELS],
        result: {
          conversations: [
            {
              id: ids.outage,
              subject: 'Nothing works',
              last_activity_at: '2025-10-09T09:00:50Z',
              authors: ['Jane Doe <jane.doe@customer.example>'],
              team: 'Support',
              messages_count: 1,
              shared_labels: ['Support/Urgent'],
            },
          ],
        },
      },
      {
        shows: 'a guest’s two fields',
        args: { team_all: ids.support },
        requests: [{ path: '/conversations', query: { team_all: ids.support, limit: '25' } }, LABELS],
        result: {
          conversations: expect.arrayContaining([{ id: ids.guest, last_activity_at: '2025-10-09T09:00:30Z' }]),
        },
      },
      {
        shows: 'an address within an organization',
        args: { inbox: true, organization: ids.organization, email: 'jane.doe@customer.example', limit: 50 },
        requests: [
          {
            path: '/conversations',
            query: {
              inbox: 'true',
              organization: ids.organization,
              email: 'jane.doe@customer.example',
              limit: '50',
            },
          },
          LABELS,
        ],
        result: { conversations: [{ id: ids.prospect }, { id: ids.outage }] },
      },
      {
        shows: 'a domain',
        args: { all: true, domain: 'customer.example' },
        requests: [{ path: '/conversations', query: { all: 'true', domain: 'customer.example', limit: '25' } }, LABELS],
        result: { conversations: [{ id: ids.prospect }, { id: ids.outage }] },
      },
      {
        shows: 'an organization of contacts',
        args: { all: true, contact_organization: ids.exampleCompany },
        requests: [
          { path: '/conversations', query: { all: 'true', contact_organization: ids.exampleCompany, limit: '25' } },
        ],
        result: { conversations: [] },
      },
    ],
    bad: [
      { what: 'no mailbox filter', args: {}, says: /list_all_missive_shared_labels.*list_all_missive_teams/ },
      { what: 'an organization alone', args: { organization: ids.organization }, says: /mailbox filter/ },
      { what: 'two mailbox filters', args: { inbox: true, team_all: ids.support }, says: /inbox and team_all/ },
      { what: 'a mailbox filter that is false', args: { inbox: false }, says: /inbox/ },
      {
        what: 'an address and a domain',
        args: { inbox: true, email: 'a@x.example', domain: 'x.example' },
        says: /email and domain exclude/,
      },
      {
        what: 'an organization beside a label',
        args: { shared_label: ids.urgent, organization: ids.organization },
        says: /organization has no use with shared_label/,
      },
      { what: 'a domain with @', args: { inbox: true, domain: '@x.example' }, says: /domain/ },
      { what: 'more than fifty', args: { inbox: true, limit: 51 }, says: /limit/ },
      { what: 'fewer than two', args: { inbox: true, limit: 1 }, says: /limit/ },
      { what: 'a search', args: { inbox: true, search: 'outage' }, says: /search/ },
    ],
  },
  get_single_missive_conversation_by_id: {
    good: [
      {
        shows: 'the state for each user',
        args: { id: ids.closed },
        requests: [{ path: `/conversations/${ids.closed}` }],
        result: {
          conversation: {
            id: ids.closed,
            organization: 'Example Ltd',
            users: ['Ana Roy (closed)', 'Bo Li (closed)'],
          },
        },
      },
      {
        shows: 'a guest’s two fields',
        args: { id: ids.guest },
        requests: [{ path: `/conversations/${ids.guest}` }],
        result: { conversation: { id: ids.guest, last_activity_at: '2025-10-09T09:00:30Z' } },
      },
    ],
    bad: [{ what: 'a number', args: { id: '993821' }, says: /"993821" is not the id of a conversation/ }],
  },
  list_all_missive_conversation_messages: inside('messages', [
    {
      id: ids.outageMessage,
      delivered_at: '2025-10-09T08:58:20Z',
      from_field: 'Jane Doe <jane.doe@customer.example>',
      files: ['screen.png'],
    },
  ]),
  list_all_missive_conversation_comments: inside('comments', [
    { body: '@Ana looks like the database outage', author: 'Bo Li', created_at: '2025-10-09T09:00:20Z' },
    { body: 'Looking into it' },
  ]),
  list_all_missive_conversation_drafts: inside('drafts', [
    { id: ids.draft, created_at: '2025-10-09T08:58:21Z', author: 'Ana Roy <ana@example.org>' },
  ]),
  list_all_missive_conversation_posts: inside('posts', [
    { id: ids.post, username: 'monitor', title: 'Alert', body: 'The database is slow' },
  ]),
  get_missive_conversation_timeline: {
    good: [
      {
        shows: 'messages, comments and posts in the order of time',
        args: { conversation_id: ids.outage, max_chars: 5000 },
        requests: expect.arrayContaining([
          get(`/conversations/${ids.outage}`),
          get('/users', { limit: '200' }),
          get(`/messages/${ids.outageMessage}`),
          ...['messages', 'comments', 'posts'].map((kind) =>
            get(`/conversations/${ids.outage}/${kind}`, { limit: '10' }),
          ),
        ]),
        result: {
          conversation: ids.outage,
          subject: 'Nothing works',
          shared_labels: ['Support/Urgent'],
          outside: ['Jane Doe <jane.doe@customer.example>'],
          people: { 'Jane Doe': 'jane.doe@customer.example' },
          entries: [
            { id: ids.outageMessage, from: 'Jane Doe', text: 'Hello, I have a question.', files: ['screen.png'] },
            { kind: 'comment', from: 'Bo Li', text: 'Looking into it' },
            { kind: 'comment', from: 'Bo Li', text: '@Ana looks like the database outage' },
            { kind: 'post', from: 'monitor', subject: 'Alert', text: 'The database is slow' },
          ],
          next_cursor: null,
        },
      },
    ],
    bad: [
      { what: 'no conversation', args: {}, says: /conversation_id/ },
      { what: 'no room', args: { conversation_id: ids.outage, max_chars: 10 }, says: /max_chars/ },
      {
        what: 'a cursor of another call',
        args: { conversation_id: ids.outage, next_cursor: 'x' },
        says: /next_cursor/,
      },
    ],
  },
  update_a_missive_conversation_by_id: {
    good: [
      {
        shows: 'a label, with the organization that it needs',
        args: { id: ids.outage, organization: ids.organization, add_shared_labels: [ids.engineering] },
        requests: [
          {
            method: 'PATCH',
            path: `/conversations/${ids.outage}`,
            body: {
              conversations: [{ id: ids.outage, organization: ids.organization, add_shared_labels: [ids.engineering] }],
            },
          },
          LABELS,
        ],
        result: { conversation: { id: ids.outage, shared_labels: ['Support/Urgent', 'Escalated/Engineering'] } },
      },
      {
        shows: 'all actions together',
        args: {
          id: ids.outage,
          subject: 'Outage',
          color: 'danger',
          organization: ids.organization,
          team: ids.sales,
          force_team: true,
          add_users: [ids.bo],
          add_assignees: [ids.bo],
          remove_assignees: [ids.ana],
          remove_shared_labels: [ids.urgent],
          add_to_inbox: true,
          add_to_team_inbox: true,
          close: true,
        },
        requests: [
          {
            method: 'PATCH',
            path: `/conversations/${ids.outage}`,
            body: {
              conversations: [
                {
                  id: ids.outage,
                  subject: 'Outage',
                  color: 'danger',
                  organization: ids.organization,
                  team: ids.sales,
                  force_team: true,
                  add_users: [ids.bo],
                  add_assignees: [ids.bo],
                  remove_assignees: [ids.ana],
                  remove_shared_labels: [ids.urgent],
                  add_to_inbox: true,
                  add_to_team_inbox: true,
                  close: true,
                },
              ],
            },
          },
        ],
        result: {
          conversation: {
            subject: 'Outage',
            color: 'danger',
            team: 'Sales',
            assignees: ['Bo Li'],
          },
        },
      },
      {
        shows: 'that a closed conversation is reopened',
        args: { id: ids.closed, reopen: true },
        requests: [
          {
            method: 'PATCH',
            path: `/conversations/${ids.closed}`,
            body: { conversations: [{ id: ids.closed, reopen: true }] },
          },
        ],
        result: { conversation: { users: ['Ana Roy', 'Bo Li'] } },
      },
    ],
    bad: [
      { what: 'nothing to change', args: { id: ids.outage }, says: /nothing to change/ },
      {
        what: 'an organization alone',
        args: { id: ids.outage, organization: ids.organization },
        says: /nothing to change/,
      },
      {
        what: 'a team inbox without a team',
        args: { id: ids.outage, add_to_team_inbox: true },
        says: /list_all_missive_teams/,
      },
      {
        what: 'a team by force without a team',
        args: { id: ids.outage, force_team: true },
        says: /list_all_missive_teams/,
      },
      {
        what: 'close together with reopen',
        args: { id: ids.outage, close: true, reopen: true },
        says: /close or reopen/,
      },
      { what: 'nothing but a flag that is false', args: { id: ids.outage, close: false }, says: /close/ },
      { what: 'an action that the API does not have', args: { id: ids.outage, archive: true }, says: /archive/ },
    ],
  },
  merge_a_missive_conversation_by_id: {
    good: [
      {
        shows: 'the id that is kept, which is not the target’s',
        args: { id: ids.older, target: ids.outage, subject: 'Outage' },
        requests: [
          {
            method: 'POST',
            path: `/conversations/${ids.older}/merge`,
            body: { target: ids.outage, subject: 'Outage' },
          },
        ],
        result: { conversation: { id: ids.older, subject: 'Outage' } },
      },
    ],
    bad: [
      { what: 'no target', args: { id: ids.older }, says: /target/ },
      {
        what: 'the conversation itself',
        args: { id: ids.older, target: ids.older.toUpperCase() },
        says: /same conversation/,
      },
    ],
  },
};
