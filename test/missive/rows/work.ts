import { expect } from 'vitest';
import { ids } from '../../support/missive/ids.ts';
import type { Rows } from './row.ts';

const file = 'https://mail.example/attachments/own';

export const work: Rows = {
  list_all_missive_tasks: {
    good: [
      {
        shows: 'ids of assignees and team',
        args: {},
        requests: [{ path: '/tasks', query: { limit: '25' } }],
        result: {
          tasks: [{ id: ids.task, assignees: [ids.ana], team: ids.support }, { id: ids.subtask }],
          next_cursor: null,
        },
      },
      {
        shows: 'all filters together',
        args: {
          organization: ids.organization,
          team: ids.support,
          assignee: ids.ana,
          state: 'todo',
          type: 'task',
          due_at_gteq: 1,
          due_at_lteq: 2_000_000_000,
          limit: 50,
        },
        requests: [
          {
            path: '/tasks',
            query: {
              organization: ids.organization,
              team: ids.support,
              assignee: ids.ana,
              state: 'todo',
              type: 'task',
              due_at_gteq: '1',
              due_at_lteq: '2000000000',
              limit: '50',
            },
          },
        ],
        result: { tasks: [{ id: ids.task }] },
      },
      {
        shows: 'subtasks of a conversation',
        args: { conversation: ids.outage },
        requests: [{ path: '/tasks', query: { conversation: ids.outage, limit: '25' } }],
        result: { tasks: [{ id: ids.subtask, conversation: ids.outage }] },
      },
    ],
    bad: [
      { what: 'a state that there is not', args: { state: 'done' }, says: /state/ },
      { what: 'a filter that is misspelled', args: { asignee: ids.ana }, says: /asignee/ },
      { what: 'fewer than two', args: { limit: 1 }, says: /limit/ },
    ],
  },
  get_single_missive_task_by_id: {
    good: [
      {
        shows: 'whole people and the whole team',
        args: { id: ids.task },
        requests: [{ path: `/tasks/${ids.task}` }],
        result: { task: { assignees: [{ id: ids.ana, name: 'Ana Roy' }], team: { id: ids.support, name: 'Support' } } },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
  create_a_missive_task: {
    good: [
      {
        shows: 'a task of its own',
        args: { title: 'Call Jane', organization: ids.organization, assignees: [ids.ana], due_at: 1_760_090_000 },
        requests: [
          {
            method: 'POST',
            path: '/tasks',
            body: {
              tasks: {
                title: 'Call Jane',
                organization: ids.organization,
                assignees: [ids.ana],
                due_at: 1_760_090_000,
              },
            },
          },
        ],
        result: { task: { id: expect.any(String), title: 'Call Jane', state: 'todo' } },
      },
      {
        shows: 'a task inside a conversation',
        args: { title: 'Write to Jane', subtask: true, conversation: ids.prospect, add_to_inbox: true },
        requests: [
          {
            method: 'POST',
            path: '/tasks',
            body: { tasks: { title: 'Write to Jane', subtask: true, conversation: ids.prospect, add_to_inbox: true } },
          },
        ],
        result: { task: { conversation: ids.prospect } },
      },
    ],
    bad: [
      { what: 'no title', args: { organization: ids.organization, team: ids.support }, says: /title/ },
      {
        what: 'a title that is too long',
        args: { title: 'x'.repeat(1001), organization: ids.organization, team: ids.support },
        says: /title/,
      },
      { what: 'nobody to do it', args: { title: 'x' }, says: /list_all_missive_teams.*list_all_missive_users/ },
      ...['team', 'assignees', 'add_users'].map((name) => ({
        what: `${name} without an organization`,
        args: { title: 'x', subtask: true, conversation: ids.outage, [name]: name === 'team' ? ids.support : [ids.bo] },
        says: new RegExp(`${name} needs organization`),
      })),
      { what: 'a subtask of nothing', args: { title: 'x', subtask: true }, says: /list_all_missive_conversations/ },
      {
        what: 'a conversation without subtask, which Missive ignores',
        args: { title: 'x', organization: ids.organization, team: ids.support, conversation: ids.outage },
        says: /conversation is for subtasks only/,
      },
    ],
  },
  update_a_missive_task_by_id: {
    good: [
      {
        shows: 'a task that is closed',
        args: { id: ids.task, state: 'closed', assignees: [ids.bo] },
        requests: [
          { method: 'PATCH', path: `/tasks/${ids.task}`, body: { tasks: { state: 'closed', assignees: [ids.bo] } } },
        ],
        result: { task: { id: ids.task, state: 'closed', assignees: [ids.bo] } },
      },
    ],
    bad: [
      { what: 'nothing to change', args: { id: ids.task }, says: /nothing to change/ },
      {
        what: 'a description that is too long',
        args: { id: ids.task, description: 'x'.repeat(10_001) },
        says: /description/,
      },
    ],
  },
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
        ],
        result: { response: { id: expect.any(String), title: 'Sorry', organization: ids.organization } },
      },
      {
        shows: 'an answer of one user',
        args: { user: ids.ana, title: 'Bye', body: 'Bye' },
        requests: [
          { method: 'POST', path: '/responses', body: { responses: [{ user: ids.ana, title: 'Bye', body: 'Bye' }] } },
        ],
        result: { response: { user: ids.ana } },
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
        what: 'half of an id elsewhere',
        args: { user: ids.ana, title: 'x', external_id: '1' },
        says: /external_source/,
      },
      { what: 'a title that is too long', args: { user: ids.ana, title: 'x'.repeat(501) }, says: /title/ },
      { what: 'nothing in it', args: { user: ids.ana }, says: /title/ },
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
    ],
    bad: [
      { what: 'nothing to change', args: { id: ids.thanks }, says: /nothing to change/ },
      { what: 'half of an id elsewhere', args: { id: ids.thanks, external_source: 'crm' }, says: /external_id/ },
    ],
  },
  delete_a_missive_response_by_id: {
    good: [
      {
        shows: 'no more than that it is done',
        args: { id: ids.thanks },
        requests: [{ method: 'DELETE', path: `/responses/${ids.thanks}` }],
        result: { done: true },
      },
    ],
    bad: [{ what: 'two ids', args: { id: `${ids.thanks},${ids.imported}` }, says: /id/ }],
  },
  create_a_missive_webhook: {
    good: [
      {
        shows: 'the id, which nobody tells again',
        args: {
          type: 'incoming_email',
          url: 'https://hooks.example.com/in',
          organization: ids.organization,
          subject_contains: 'outage',
          from_eq: 'jane.doe@customer.example',
        },
        requests: [
          {
            method: 'POST',
            path: '/hooks',
            body: {
              hooks: {
                type: 'incoming_email',
                url: 'https://hooks.example.com/in',
                organization: ids.organization,
                subject_contains: 'outage',
                from_eq: 'jane.doe@customer.example',
              },
            },
          },
        ],
        result: { webhook: { id: expect.any(String) } },
      },
    ],
    bad: [
      {
        what: 'a kind that was invented',
        args: { type: 'conversation_closed', url: 'https://hooks.example.com/in' },
        says: /type/,
      },
      { what: 'a URL without TLS', args: { type: 'new_comment', url: 'http://hooks.example.com/in' }, says: /https/ },
      {
        what: 'a filter of mail for comments',
        args: { type: 'new_comment', url: 'https://hooks.example.com/in', from_eq: 'a@x.example' },
        says: /from_eq goes with the type incoming_email/,
      },
      {
        what: 'a filter of comments for mail',
        args: { type: 'incoming_email', url: 'https://hooks.example.com/in', mention: ids.ana },
        says: /mention goes with the type new_comment/,
      },
    ],
  },
  delete_a_missive_webhook_by_id: {
    good: [
      {
        shows: 'no more than that it is done',
        args: { id: ids.hook },
        requests: [{ method: 'DELETE', path: `/hooks/${ids.hook}` }],
        result: { done: true },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
  create_a_missive_analytics_report: {
    good: [
      {
        shows: 'the id of a report that is being made',
        args: {
          organization: ids.organization,
          start: 1_759_276_800,
          end: 1_760_000_000,
          time_zone: 'Europe/Paris',
          teams: [ids.support],
          account_types: ['email'],
        },
        requests: [
          {
            method: 'POST',
            path: '/analytics/reports',
            body: {
              reports: {
                organization: ids.organization,
                start: 1_759_276_800,
                end: 1_760_000_000,
                time_zone: 'Europe/Paris',
                teams: [ids.support],
                account_types: ['email'],
              },
            },
          },
        ],
        result: { report: { id: expect.any(String) } },
      },
    ],
    bad: [
      { what: 'no organization', args: { start: 1, end: 2 }, says: /organization/ },
      {
        what: 'an end before its start',
        args: { organization: ids.organization, start: 2, end: 1 },
        says: /end must be later/,
      },
      {
        what: 'a kind that there is not',
        args: { organization: ids.organization, start: 1, end: 2, account_types: ['fax'] },
        says: /account_types/,
      },
    ],
  },
  get_single_missive_analytics_report_by_id: {
    good: [
      {
        shows: 'what was counted',
        args: { id: ids.report },
        requests: [{ path: `/analytics/reports/${ids.report}` }],
        result: {
          report: { selected_period: { global: { totals: { metrics: { inbound_count: { v: 12 } } } } } },
        },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
};
