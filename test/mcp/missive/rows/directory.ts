import { expect } from 'vitest';
import { ids } from '../../../support/missive/ids.ts';
import type { Rows } from './row.ts';

const limit = (limit: number) => ({ limit: String(limit) });

export const directory: Rows = {
  list_all_missive_organizations: {
    good: [
      {
        shows: 'ids and names, to the end',
        args: {},
        requests: [{ path: '/organizations', query: limit(50) }],
        result: {
          organizations: [
            { id: ids.organization, name: 'Example Ltd' },
            { id: ids.otherOrganization, name: 'Second Ltd' },
          ],
          next_cursor: null,
        },
      },
    ],
    bad: [
      { what: 'a limit above 200', args: { limit: 201 }, says: /limit/ },
      { what: 'a limit below 1', args: { limit: 0 }, says: /limit/ },
    ],
  },
  list_all_missive_users: {
    good: [
      {
        shows: 'the owner of the token',
        args: { organization: ids.organization, limit: 7 },
        requests: [{ path: '/users', query: { organization: ids.organization, ...limit(7) } }],
        result: {
          users: [
            { id: ids.ana, me: true },
            { id: ids.bo, name: 'Bo Li' },
          ],
        },
      },
    ],
    bad: [
      {
        what: 'a name that nothing has',
        args: { organization: 'Unknown Ltd' },
        says: /no organization named/,
        looksUp: true,
      },
    ],
  },
  list_all_missive_teams: {
    good: [
      {
        shows: 'teams with the ids of their members',
        args: { organization: ids.organization },
        requests: [{ path: '/teams', query: { organization: ids.organization, ...limit(50) } }],
        result: { teams: [{ id: ids.support, active_members: [ids.ana, ids.bo] }, { id: ids.sales }] },
      },
    ],
    bad: [
      {
        what: 'a name that nothing has',
        args: { organization: 'Unknown Ltd' },
        says: /no organization named/,
        looksUp: true,
      },
    ],
  },
  create_a_missive_team: {
    good: [
      {
        shows: 'settings in one object of an array',
        args: {
          name: 'Night shift',
          organization: ids.organization,
          active_members: [ids.bo],
          business_hours: { tz: 'Europe/Paris', t: [{ d: 1, s: [0, 3600] }] },
          user_reply_behavior: 'assign_user',
        },
        requests: [
          {
            method: 'POST',
            path: '/teams',
            body: {
              teams: [
                {
                  name: 'Night shift',
                  organization: ids.organization,
                  active_members: [ids.bo],
                  business_hours: { tz: 'Europe/Paris', t: [{ d: 1, s: [0, 3600] }] },
                  user_reply_behavior: 'assign_user',
                },
              ],
            },
          },
        ],
        result: { team: { id: expect.any(String), name: 'Night shift', active_members: [ids.bo] } },
      },
    ],
    bad: [
      { what: 'no organization', args: { name: 'Night shift' }, says: /organization/, looksUp: true },
      { what: 'no name', args: { organization: ids.organization }, says: /name/ },
      {
        what: 'an unknown behaviour',
        args: { name: 'N', organization: ids.organization, user_reply_behavior: 'sleep' },
        says: /user_reply_behavior/,
      },
    ],
  },
  update_a_missive_team_by_id: {
    good: [
      {
        shows: 'the id in the path and in the object',
        args: { id: ids.sales, name: 'Sales and more', team_inbox_enabled: false },
        requests: [
          {
            method: 'PATCH',
            path: `/teams/${ids.sales}`,
            body: { teams: [{ id: ids.sales, name: 'Sales and more', team_inbox_enabled: false }] },
          },
        ],
        result: { team: { id: ids.sales, name: 'Sales and more' } },
      },
    ],
    bad: [
      { what: 'nothing to change', args: { id: ids.sales }, says: /nothing to change/ },
      { what: 'another organization', args: { id: ids.sales, organization: ids.organization }, says: /organization/ },
    ],
  },
  list_all_missive_shared_labels: {
    good: [
      {
        shows: 'the path of each label',
        args: { organization: ids.organization, colors: true },
        requests: [{ path: '/shared_labels', query: { organization: ids.organization, ...limit(50) } }],
        result: {
          shared_labels: expect.arrayContaining([
            expect.objectContaining({
              id: ids.engineering,
              path: 'Escalated/Engineering',
              color: '#20c020',
            }),
          ]),
          next_cursor: null,
        },
      },
    ],
    bad: [{ what: 'a search', args: { search: 'Urgent' }, says: /search/ }],
  },
  create_a_missive_shared_label: {
    good: [
      {
        shows: 'a label below another',
        args: {
          name: 'Billing',
          organization: ids.organization,
          parent: ids.escalated,
          color: '#102030',
          share_with_users: [ids.bo],
          visibility: 'organization',
        },
        requests: [
          {
            method: 'POST',
            path: '/shared_labels',
            body: {
              shared_labels: [
                {
                  name: 'Billing',
                  organization: ids.organization,
                  parent: ids.escalated,
                  color: '#102030',
                  share_with_users: [ids.bo],
                  visibility: 'organization',
                },
              ],
            },
          },
        ],
        result: { shared_label: { path: 'Escalated/Billing' } },
      },
    ],
    bad: [
      { what: 'no organization', args: { name: 'Billing' }, says: /organization/, looksUp: true },
      { what: 'a word for a colour', args: { name: 'B', organization: ids.organization, color: 'red' }, says: /color/ },
    ],
  },
  update_a_missive_shared_label_by_id: {
    good: [
      {
        shows: 'the label itself, without its organization',
        args: { id: ids.urgent, name: 'At once', color: '#ff0000' },
        requests: [
          {
            method: 'PATCH',
            path: `/shared_labels/${ids.urgent}`,
            body: { shared_labels: [{ id: ids.urgent, name: 'At once', color: '#ff0000' }] },
          },
        ],
        result: { shared_label: { id: ids.urgent, path: 'Support/At once' } },
      },
    ],
    bad: [
      {
        what: 'nothing to change',
        args: { id: ids.urgent },
        says: /update_a_missive_conversation_by_id with add_shared_labels/,
      },
      {
        what: 'an organization, which Missive refuses',
        args: { id: ids.urgent, organization: ids.organization },
        says: /organization/,
      },
      { what: 'a conversation', args: { id: ids.urgent, conversation: ids.outage }, says: /conversation/ },
    ],
  },
};
