/** Handles requests for organizations, users, teams and shared labels in the stand-in for Missive. */
import { randomUUID } from 'node:crypto';
import {
  batchObjects,
  type Call,
  created,
  envelopedList,
  type Fields,
  find,
  type Handler,
  knownFields,
  ok,
  onlyPermitted,
  Refusal,
  requireFields,
} from './call.ts';
import { type Row, toPublicRow } from './data.ts';
import { offsetPage } from './pages.ts';

const TEAM = [
  'name',
  'emoji',
  'color',
  'active_members',
  'observers',
  'business_hours',
  'inactivity_period',
  'team_mention_behavior',
  'user_reply_behavior',
  'received_reply_behavior',
  'team_sidebar_behavior',
  'team_inbox_enabled',
  'chat_room_enabled',
];
const SHARING = ['share_with_organization', 'share_with_team', 'share_with_users', 'visibility'];
const LABEL = ['name', 'color', 'parent', ...SHARING];

/** The rows of the organization that the query names; without one, all. */
const ofOrganization = (rows: readonly Row[], query: URLSearchParams): Row[] => {
  const wanted = query.get('organization');
  return wanted === null ? [...rows] : rows.filter(({ organization }) => organization === wanted);
};

function forAdmins({ data }: Call): void {
  if (!data.isAdmin) throw new Refusal(403, 'You must be an admin or owner of the organization');
}

const users: Handler = ({ data, query }) => {
  // All of them belong to the first organization.
  const isOther = query.has('organization') && query.get('organization') !== data.organizations[0]?.id;
  return ok({ users: isOther ? [] : offsetPage(data.users, query).map((row) => toPublicRow(row)) });
};

const createTeams: Handler = (call) => {
  forAdmins(call);
  const rows = envelopedList(call, 'teams').map((fields): Row => {
    requireFields(fields, 'name', 'organization');
    find(call.data.organizations, fields.organization);
    return { id: randomUUID(), active_members: [], observers: [], ...knownFields(fields, ['organization', ...TEAM]) };
  });
  call.data.teams.push(...rows);
  return created({ teams: rows.map((row) => toPublicRow(row)) });
};

const updateTeams: Handler = (call) => {
  forAdmins(call);
  const rows = batchObjects(call, 'teams').map((fields) =>
    Object.assign(find(call.data.teams, fields.id), knownFields(fields, TEAM)),
  );
  return ok({ teams: rows.map((row) => toPublicRow(row)) });
};

function withPath({ data }: Call, row: Row): Row {
  const parent = row.parent === null || row.parent === undefined ? undefined : find(data.shared_labels, row.parent);
  return { ...row, name_with_parent_names: parent ? `${parent.name_with_parent_names}/${row.name}` : row.name };
}

const createLabels: Handler = (call) => {
  const rows = envelopedList(call, 'shared_labels').map((given): Row => {
    const fields = onlyPermitted(given, ['organization', ...LABEL]);
    requireFields(fields, 'name', 'organization');
    find(call.data.organizations, fields.organization);
    return withPath(call, { id: randomUUID(), color: null, parent: null, ...fields });
  });
  call.data.shared_labels.push(...rows);
  return created({ shared_labels: rows.map((row) => toPublicRow(row)) });
};

const updateLabels: Handler = (call) => {
  const rows = batchObjects(call, 'shared_labels').map((given) => {
    const fields: Fields = onlyPermitted(given, ['id', ...LABEL]);
    if (SHARING.some((name) => fields[name] !== undefined)) forAdmins(call);
    const row = find(call.data.shared_labels, fields.id);
    return Object.assign(row, withPath(call, { ...row, ...fields }));
  });
  return ok({ shared_labels: rows.map((row) => toPublicRow(row)) });
};

export const directoryRoutes: [string, Handler][] = [
  [
    'GET /organizations',
    ({ data, query }) => ok({ organizations: offsetPage(data.organizations, query).map((row) => toPublicRow(row)) }),
  ],
  ['GET /users', users],
  [
    'GET /teams',
    ({ data, query }) =>
      ok({ teams: offsetPage(ofOrganization(data.teams, query), query).map((row) => toPublicRow(row)) }),
  ],
  ['POST /teams', createTeams],
  ['PATCH /teams/:ids', updateTeams],
  [
    'GET /shared_labels',
    ({ data, query }) =>
      ok({
        shared_labels: offsetPage(ofOrganization(data.shared_labels, query), query).map((row) => toPublicRow(row)),
      }),
  ],
  ['POST /shared_labels', createLabels],
  ['PATCH /shared_labels/:ids', updateLabels],
];
