/** Handles requests for conversations and their contents in the stand-in for Missive. */
import { addressesIn, applyActions, conversationBy, reopen } from './actions.ts';
import { batchObjects, type Call, type Fields, fieldsOf, type Handler, ok, Refusal } from './call.ts';
import { ofConversation, type Row, toPublicRow } from './data.ts';
import { untilPage } from './pages.ts';

const FLAGS = ['assigned', 'closed', 'snoozed', 'flagged', 'trashed', 'junked'];
const BOXES = ['inbox', 'all', 'drafts', ...FLAGS, 'shared_label', 'team_inbox', 'team_closed', 'team_all'];
const PEOPLE = ['email', 'domain', 'contact_organization'];

/** The row as the API returns it; guests see two fields. */
const view = (row: Row) => (row._guest ? { id: row.id, last_activity_at: row.last_activity_at } : toPublicRow(row));

const idOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
const listed = (value: unknown): Fields[] => (Array.isArray(value) ? value : []);

function isIn(call: Call, box: string, value: string, row: Row): boolean {
  const { data } = call;
  const me = data.users.find((user) => user.me)?.id;
  const mine = listed(row.users).find((user) => user.id === me) ?? {};
  const isOpen = !['closed', 'archived', 'trashed', 'junked', 'snoozed'].some((flag) => mine[flag] === true);
  switch (box) {
    case 'inbox':
      return isOpen;
    case 'all':
      return mine.trashed !== true && mine.junked !== true;
    case 'drafts':
      return ofConversation(data.drafts, row.id).length > 0;
    case 'shared_label':
      return listed(row.shared_labels).some(({ id }) => id === value);
    case 'team_all':
      return idOf(row.team) === value;
    case 'team_inbox':
      return idOf(row.team) === value && isOpen;
    case 'team_closed':
      return idOf(row.team) === value && mine.closed === true;
    default:
      return mine[box] === true;
  }
}

function concerns(call: Call, row: Row): boolean {
  const { query, data } = call;
  const addresses = addressesIn(call, row);
  const email = query.get('email');
  const domain = query.get('domain');
  const group = query.get('contact_organization');
  const ofGroup = data.contacts
    .filter((contact) => listed(contact.memberships).some((membership) => idOf(membership.group) === group))
    .flatMap((contact) => listed(contact.infos).map(({ value }) => String(value)));
  return (
    (email === null || addresses.includes(email)) &&
    (domain === null || addresses.some((address) => address.endsWith(`@${domain}`))) &&
    (group === null || addresses.some((address) => ofGroup.includes(address)))
  );
}

const list: Handler = (call) => {
  const { query, data } = call;
  const boxes = BOXES.filter((name) => query.has(name));
  const [box] = boxes;
  if (box === undefined) throw new Refusal(400, 'You need to paginate at least one mailbox');
  if (PEOPLE.filter((name) => query.has(name)).length > 1) {
    throw new Refusal(400, "'email', 'domain' and 'contact_organization' are mutually exclusive");
  }
  const organization = query.get('organization');
  const rows = data.conversations.filter(
    (row) =>
      boxes.every((name) => isIn(call, name, query.get(name) ?? '', row)) &&
      (organization === null || idOf(row.organization) === organization) &&
      concerns(call, row),
  );
  return ok({
    conversations: untilPage(rows, 'last_activity_at', query, { defaultLimit: 25, maxLimit: 50 }).map(view),
  });
};

const within =
  (kind: 'messages' | 'comments' | 'drafts' | 'posts', field: string, ...without: string[]): Handler =>
  (call) => {
    const { id } = conversationBy(call, call.param('id'));
    const rows = ofConversation(call.data[kind], id);
    return ok({ [kind]: untilPage(rows, field, call.query).map((row) => toPublicRow(row, ...without)) });
  };

const update: Handler = (call) => {
  const objects = batchObjects(call, 'conversations');
  const changed = objects.map((fields) => {
    const row = conversationBy(call, fields.id);
    const { subject, color, reopen: isReopened, ...actions } = fields;
    applyActions(call, row, actions);
    if (subject !== undefined) row.subject = subject;
    if (color !== undefined) row.color = color;
    if (isReopened === true) reopen(row);
    return toPublicRow(row);
  });
  return ok({ conversations: changed });
};

/** Keeps the older of the two, whose id may not be the target's. */
const merge: Handler = (call) => {
  const { data } = call;
  const { target, subject } = fieldsOf(call.body);
  const both = [conversationBy(call, call.param('id')), conversationBy(call, target)];
  const [kept, gone] = both.toSorted((a, b) => Number(a.created_at) - Number(b.created_at));
  if (kept === undefined || gone === undefined || kept === gone) throw new Refusal(400, 'Invalid resource ID(s)');
  for (const rows of [data.messages, data.comments, data.drafts, data.posts]) {
    for (const row of ofConversation(rows, gone.id)) row._conversation = kept.id;
  }
  data.conversations.splice(data.conversations.indexOf(gone), 1);
  data.merged.set(gone.id, kept.id);
  if (subject !== undefined) kept.subject = subject;
  return ok({ conversations: [toPublicRow(kept)] });
};

export const conversationRoutes: [string, Handler][] = [
  ['GET /conversations', list],
  ['GET /conversations/:id', (call) => ok({ conversations: [view(conversationBy(call, call.param('id')))] })],
  ['PATCH /conversations/:ids', update],
  ['POST /conversations/:id/merge', merge],
  ['GET /conversations/:id/messages', within('messages', 'delivered_at', 'body')],
  ['GET /conversations/:id/comments', within('comments', 'created_at')],
  ['GET /conversations/:id/drafts', within('drafts', 'delivered_at', 'body')],
  ['GET /conversations/:id/posts', within('posts', 'created_at')],
];
