import { expect } from 'vitest';
import { ids } from '../../../support/missive/ids.ts';
import type { Rows } from './row.ts';

export const tasks: Rows = {
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
      { what: 'an unknown state', args: { state: 'done' }, says: /state/ },
      { what: 'a filter that is misspelled', args: { asignee: ids.ana }, says: /asignee/ },
      { what: 'fewer than two', args: { limit: 1 }, says: /limit/ },
    ],
  },
  get_single_missive_task_by_id: {
    good: [
      {
        shows: 'people and the team as texts',
        args: { id: ids.task },
        requests: [{ path: `/tasks/${ids.task}` }],
        result: { task: { assignees: ['Ana Roy <ana@example.org>'], team: 'Support' } },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
  create_a_missive_task: {
    good: [
      {
        shows: 'a standalone task',
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
      {
        what: 'neither team nor assignees',
        args: { title: 'x' },
        says: /list_all_missive_teams.*list_all_missive_users/,
      },
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
};
