/** Operations on organizations, users and teams, whose ids most other operations need. */
import { z } from 'zod';
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
  active_members: optionalIds('body', 'user', 'Replaces those there are.', given),
  observers: optionalIds('body', 'user', 'Who only look; replaces those there are.', given),
  business_hours: inBody(BusinessHours.optional().describe('When the team works.')),
  inactivity_period: inBody(
    z.int().min(0).optional().describe('Seconds without activity until a member counts as away.'),
  ),
  team_mention_behavior: choice('Who hears of a mention of the team.', 'all_members', 'only_active_members'),
  user_reply_behavior: choice('What a reply of a member does.', 'assign_user', 'leave_in_team_inbox'),
  received_reply_behavior: choice('Where answers appear.', 'show_in_assignee_inbox', 'show_in_team_inbox'),
  team_sidebar_behavior: choice('What the sidebar shows.', 'show_team_space', 'show_team_inbox'),
  team_inbox_enabled: inBody(z.boolean().optional().describe('Whether the team has an Inbox.')),
  chat_room_enabled: inBody(z.boolean().optional().describe('Whether the team has a chat room.')),
});

export const directory = [
  defineOperation({
    name: 'list_all_missive_organizations',
    title: 'List Missive organizations',
    description: 'Organizations of this person. Their ids are needed to label, assign, and share conversations.',
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
    description: 'People of this person’s organizations. `me` marks the one whose token this is.',
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
  }),
  defineOperation({
    name: 'list_all_missive_teams',
    title: 'List Missive teams',
    description: 'Teams, with the ids of their members. A team id filters conversations (team_inbox) and assigns them.',
    http: 'GET',
    path: '/teams',
    effect: 'reads',
    method: 'list',
    tags: ['directory'],
    parameters: { organization },
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'teams', item: Team },
  }),
  defineOperation({
    name: 'create_a_missive_team',
    title: 'Create a Missive team',
    description:
      'Makes a team. Call list_all_missive_organizations for the organization and list_all_missive_users for members first. Only admins and owners may.',
    http: 'POST',
    path: '/teams',
    effect: 'writes',
    method: 'create',
    tags: ['directory'],
    parameters: {
      name: inBody(z.string().min(1).describe('Name of the team.')),
      organization: onlyOne(optionalId('body', 'organization')),
      ...teamSettings((schema) => schema),
    },
    envelope: { key: 'teams', as: 'array' },
    answer: { kind: 'one', key: 'teams', as: 'team', item: Team },
  }),
  defineOperation({
    name: 'update_a_missive_team_by_id',
    title: 'Update a Missive team',
    description:
      'Changes a team (list_all_missive_teams finds it): what is left out stays as it is, lists are replaced as a whole. Only admins and owners may.',
    http: 'PATCH',
    path: '/teams/:id',
    effect: 'writes',
    method: 'update',
    tags: ['directory'],
    idempotent: true,
    parameters: {
      id: pathId('team'),
      name: inBody(z.string().min(1).optional().describe('New name.')),
      ...teamSettings(clears),
    },
    envelope: { key: 'teams', as: 'array', withId: 'id' },
    answer: { kind: 'one', key: 'teams', as: 'team', item: Team },
    check: ({ id: _, ...changes }) => requireChange(changes),
  }),
];
