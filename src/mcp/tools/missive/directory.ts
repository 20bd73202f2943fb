/** Operations on organizations, users and teams, whose ids most other operations need. */
import { z } from 'zod';
import { directoryRows } from '../../missive/answers/short-rows.ts';
import { Color, OFFSET_PAGING, requireChange, Text } from '../../missive/fields.ts';
import { onlyOne, optionalId, optionalIds, pathId } from '../../missive/id-parameters.ts';
import { defineOperation, inBody } from '../../missive/operation.ts';
import { clears } from '../../parameter-meanings.ts';
import { MISSIVE_TAGS } from '../../tool.ts';

const organization = optionalId('query', 'organization');

const Team = z.object({
  id: z.string(),
  name: Text,
  organization: Text,
  active_members: z.array(z.string()).optional().describe('Ids of users.'),
  observers: z.array(z.string()).optional().describe('Ids of users.'),
});

const choice = (what: string, ...values: [string, ...string[]]) => inBody(z.enum(values).optional().describe(what));

const BusinessHours = z.strictObject({
  tz: z.string().min(1).describe('IANA name, such as "Europe/Paris".'),
  t: z.array(
    z.strictObject({
      d: z.int().min(0).max(6).describe('Day of the week.'),
      s: z.array(z.int().min(0).max(86_400)).length(2).describe('From and to, seconds after midnight.'),
    }),
  ),
});

/** @param given wraps each parameter that an update can empty */
const teamSettings = (given: <Schema extends z.ZodType>(schema: Schema) => Schema) => ({
  emoji: inBody(given(z.string()).optional().describe('Such as ":rocket:".')),
  color: inBody(Color.optional()),
  active_members: optionalIds('body', 'user', 'Users.', given),
  observers: optionalIds('body', 'user', 'Users who only look.', given),
  business_hours: inBody(BusinessHours.optional().describe('When the team works.')),
  inactivity_period: inBody(z.int().min(0).optional().describe('Seconds until a member counts as away.')),
  team_mention_behavior: choice('Who hears of a mention.', 'all_members', 'only_active_members'),
  user_reply_behavior: choice('What a reply of a member does.', 'assign_user', 'leave_in_team_inbox'),
  received_reply_behavior: choice('Where answers appear.', 'show_in_assignee_inbox', 'show_in_team_inbox'),
  team_sidebar_behavior: choice('What the sidebar shows.', 'show_team_space', 'show_team_inbox'),
  team_inbox_enabled: inBody(z.boolean().optional().describe('Has an Inbox.')),
  chat_room_enabled: inBody(z.boolean().optional().describe('Has a chat room.')),
});

export const directory = [
  defineOperation({
    name: 'list_all_missive_organizations',
    title: 'List Missive organizations',
    description: 'Organizations of this person.',
    http: 'GET',
    path: '/organizations',
    effect: 'reads',
    method: 'list',
    // Labels and assignments of every area need them.
    tags: MISSIVE_TAGS,
    parameters: {},
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'organizations', item: z.object({ id: z.string(), name: Text }) },
  }),
  defineOperation({
    name: 'list_all_missive_users',
    title: 'List Missive users',
    description: 'Colleagues in the organizations; `me` is this person.',
    http: 'GET',
    path: '/users',
    effect: 'reads',
    method: 'list',
    tags: ['directory'],
    parameters: { organization },
    paging: OFFSET_PAGING,
    answer: {
      kind: 'list',
      key: 'users',
      item: z.object({ id: z.string(), me: z.boolean().optional(), name: Text, email: Text }),
    },
    short: directoryRows,
  }),
  defineOperation({
    name: 'list_all_missive_teams',
    title: 'List Missive teams',
    description: 'Teams and their members. Other tools take a team by id or name.',
    http: 'GET',
    path: '/teams',
    effect: 'reads',
    method: 'list',
    tags: ['directory'],
    parameters: { organization },
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'teams', item: Team },
    short: directoryRows,
  }),
  defineOperation({
    name: 'create_a_missive_team',
    title: 'Create a Missive team',
    description: 'Makes a team. For admins and owners.',
    http: 'POST',
    path: '/teams',
    effect: 'writes',
    method: 'create',
    tags: ['directory'],
    isUnlisted: true,
    parameters: {
      name: inBody(z.string().min(1).describe('Its name.')),
      organization: onlyOne(optionalId('body', 'organization')),
      ...teamSettings((schema) => schema),
    },
    envelope: { key: 'teams', as: 'array' },
    answer: { kind: 'one', key: 'teams', as: 'team', item: Team },
  }),
  defineOperation({
    name: 'update_a_missive_team_by_id',
    title: 'Update a Missive team',
    description: 'Changes what is given; lists are replaced as a whole. For admins and owners.',
    http: 'PATCH',
    path: '/teams/:id',
    effect: 'writes',
    method: 'update',
    tags: ['directory'],
    idempotent: true,
    isUnlisted: true,
    parameters: {
      id: pathId('team'),
      name: inBody(z.string().min(1).optional().describe('Its name.')),
      ...teamSettings(clears),
    },
    envelope: { key: 'teams', as: 'array', withId: 'id' },
    answer: { kind: 'one', key: 'teams', as: 'team', item: Team },
    check: ({ id: _, ...changes }) => requireChange(changes),
  }),
];
