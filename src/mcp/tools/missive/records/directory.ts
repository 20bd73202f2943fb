/** Organizations, users and teams: where ids of most other calls come from. */
import { z } from 'zod';
import { byOffset, Id, idOf, Text } from '../fields.ts';
import { defineOperation, inBody, inPath, inQuery } from '../operation.ts';

const organization = inQuery(idOf('organization', 'list_all_missive_organizations').optional());

const Team = z.object({
  id: z.string(),
  name: Text,
  organization: Text,
  active_members: z.array(z.string()).nullish().describe('Ids of users.'),
  observers: z.array(z.string()).nullish().describe('Ids of users.'),
});

const teamSettings = {
  emoji: inBody(z.string().max(64).optional().describe('Such as ":rocket:".')),
  color: inBody(z.string().max(32).optional().describe('HEX colour, such as "#c02020".')),
  active_members: inBody(z.array(Id).max(200).optional().describe('Ids of users; replaces those there are.')),
  observers: inBody(z.array(Id).max(200).optional().describe('Ids of users; replaces those there are.')),
};

export const directory = [
  defineOperation({
    name: 'list_all_missive_organizations',
    title: 'List Missive organizations',
    description: 'Organizations of this person. Their ids are needed to label, assign, and share conversations.',
    http: 'GET',
    path: '/organizations',
    effect: 'reads',
    method: 'list',
    tags: ['directory'],
    parameters: {},
    paging: byOffset,
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
    paging: byOffset,
    answer: {
      kind: 'list',
      key: 'users',
      item: z.object({ id: z.string(), me: z.boolean().nullish(), name: Text, email: Text }),
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
    paging: byOffset,
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
      name: inBody(z.string().min(1).max(200).describe('Name of the team.')),
      organization: inBody(idOf('organization', 'list_all_missive_organizations')),
      ...teamSettings,
    },
    envelope: { key: 'teams', as: 'array' },
    answer: { kind: 'one', key: 'teams', as: 'team', item: Team },
  }),
  defineOperation({
    name: 'update_a_missive_team_by_id',
    title: 'Update a Missive team',
    description:
      'Changes a team: what is left out stays as it is, lists are replaced as a whole. Only admins and owners may.',
    http: 'PATCH',
    path: '/teams/:id',
    effect: 'writes',
    method: 'update',
    tags: ['directory'],
    idempotent: true,
    parameters: {
      id: inPath(idOf('team', 'list_all_missive_teams')),
      name: inBody(z.string().min(1).max(200).optional().describe('New name.')),
      ...teamSettings,
    },
    envelope: { key: 'teams', as: 'array', withId: 'id' },
    answer: { kind: 'one', key: 'teams', as: 'team', item: Team },
  }),
];
