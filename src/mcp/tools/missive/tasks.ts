/** Operations on tasks, standalone or inside a conversation. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { taskRow, taskRows } from '../../missive/answers/short-rows.ts';
import { GivenMessageIds } from '../../missive/arguments/message-ids.ts';
import { LongText, requireChange, Seconds, Text } from '../../missive/fields.ts';
import { onlyOne, optionalId, optionalIds, pathId } from '../../missive/id-parameters.ts';
import { asTime, defineOperation, elsewhere, inBody, inQuery, needing, rarely } from '../../missive/operation.ts';
import { clears } from '../../parameter-meanings.ts';

const State = z.enum(['todo', 'in_progress', 'closed']);
const time = z.number().optional();

const Task = z.object({
  id: z.string(),
  title: Text,
  description: LongText,
  state: Text,
  type: Text,
  conversation: Text,
  due_at: time,
  started_at: time,
  closed_at: time,
  last_activity_at: time,
  assignees: z.array(z.string()).optional().describe('Name and address, or ids of users.'),
  team: Text,
});

const Description = z.string().max(10_000);

const details = {
  description: inBody(Description.optional().describe('Plain text.')),
  state: inBody(State.optional().describe('Of the task.')),
  team: optionalId('body', 'team'),
  due_at: asTime(inBody(Seconds.optional().describe('Unix time or ISO 8601.'))),
};

const TASK_ELSEWHERE = {
  ...elsewhere('pass title.', 'name', 'subject'),
  ...elsewhere('pass due_at.', 'due', 'due_date', 'deadline'),
  ...elsewhere('pass state: todo, in_progress or closed.', 'status', 'closed', 'done', 'completed'),
  ...elsewhere('pass assignees.', 'assignee', 'assign_to', 'user'),
};

export const tasks = [
  defineOperation({
    name: 'list_all_missive_tasks',
    title: 'List Missive tasks',
    description: 'Tasks that this person can see, last active first.',
    http: 'GET',
    path: '/tasks',
    effect: 'reads',
    method: 'list',
    tags: ['tasks'],
    parameters: {
      organization: optionalId('query', 'organization'),
      team: optionalId('query', 'team'),
      assignee: optionalId('query', 'user'),
      state: inQuery(State.optional().describe('Of the task.')),
      type: rarely(inQuery(z.enum(['task', 'conversation', 'all']).optional().describe('Standalone, subtasks, all.'))),
      conversation: optionalId('query', 'conversation', 'Only its subtasks.'),
      due_at_gteq: asTime(inQuery(Seconds.optional().describe('Due then or later (Unix time or ISO 8601).'))),
      due_at_lteq: asTime(inQuery(Seconds.optional().describe('Due then or earlier.'))),
    },
    paging: { style: 'until', field: 'last_activity_at', minLimit: 2, defaultLimit: 25, maxLimit: 50 },
    answer: { kind: 'list', key: 'tasks', item: Task },
    short: taskRows,
  }),
  defineOperation({
    name: 'get_single_missive_task_by_id',
    title: 'Get a Missive task',
    description: 'One task with its description, assignees and team.',
    http: 'GET',
    path: '/tasks/:id',
    effect: 'reads',
    method: 'get',
    tags: ['tasks'],
    parameters: { id: pathId('task') },
    answer: { kind: 'one', key: 'tasks', as: 'task', item: Task },
    short: (rows) => rows.map(taskRow),
  }),
  defineOperation({
    name: 'create_a_missive_task',
    title: 'Create a Missive task',
    description:
      'Makes a standalone task for a team or assignees, or with subtask and conversation one inside a conversation.',
    http: 'POST',
    path: '/tasks',
    effect: 'writes',
    method: 'create',
    tags: ['tasks'],
    parameters: {
      title: inBody(z.string().min(1).max(1000).describe('What is to be done.')),
      ...details,
      organization: onlyOne(
        optionalId('body', 'organization'),
        ({ team, assignees, add_users }) => (team ?? assignees ?? add_users) !== undefined,
      ),
      assignees: optionalIds('body', 'user', 'Users.'),
      subtask: inBody(z.literal(true).optional().describe('Inside a conversation.')),
      conversation: optionalId('body', 'conversation', 'Of a subtask.'),
      references: rarely(inBody(GivenMessageIds.optional().describe('Message-IDs of its thread.'))),
      conversation_subject: rarely(inBody(z.string().optional().describe('Title of a new conversation.'))),
      ...needing('update_a_missive_conversation_by_id', {
        add_users: rarely(optionalIds('body', 'user', 'Subtasks only: gives them access.')),
        add_to_inbox: inBody(z.literal(true).optional().describe('Subtasks only.')),
      }),
    },
    insteadOf: TASK_ELSEWHERE,
    envelope: { key: 'tasks', as: 'object' },
    answer: { kind: 'one', key: 'tasks', as: 'task', item: Task },
    short: (rows) => rows.map(taskRow),
    alsoDoes: ({ add_users, add_to_inbox }) =>
      (add_users ?? add_to_inbox) === undefined ? [] : [{ tool: 'update_a_missive_conversation_by_id' }],
    check({ team, assignees, add_users, subtask, add_to_inbox, ...parent }) {
      if (subtask && parent.conversation === undefined && parent.references === undefined) {
        throw new ToolError('A subtask needs conversation (list_all_missive_conversations finds it) or references.');
      }
      const { conversation, references, conversation_subject } = parent;
      const forSubtasks = { add_users, add_to_inbox, conversation, references, conversation_subject };
      const misplaced = Object.entries(forSubtasks).find(([, value]) => value !== undefined);
      if (!subtask && misplaced) {
        throw new ToolError(`${misplaced[0]} is for subtasks only: pass subtask as well, or leave it out.`);
      }
      if (!subtask && team === undefined && !assignees?.length) {
        throw new ToolError(
          'A standalone task needs team (list_all_missive_teams) or assignees (list_all_missive_users).',
        );
      }
    },
  }),
  defineOperation({
    name: 'update_a_missive_task_by_id',
    title: 'Update a Missive task',
    description: 'Changes what is given; assignees replaces all there are. Tasks are closed, not deleted.',
    http: 'PATCH',
    path: '/tasks/:id',
    effect: 'writes',
    method: 'update',
    tags: ['tasks'],
    idempotent: true,
    parameters: {
      id: pathId('task'),
      title: inBody(z.string().min(1).max(1000).optional().describe('What is to be done.')),
      ...details,
      description: inBody(clears(Description).optional().describe('Plain text.')),
      assignees: optionalIds('body', 'user', 'Users.', clears),
    },
    insteadOf: TASK_ELSEWHERE,
    envelope: { key: 'tasks', as: 'object' },
    answer: { kind: 'one', key: 'tasks', as: 'task', item: Task },
    short: (rows) => rows.map(taskRow),
    check({ id: _, ...changes }) {
      requireChange(changes, ' null counts as left out: a time due can be changed, not cleared.');
    },
  }),
];
