/** Creates rows of the stand-in for Missive, from defaults and a test's own values. */
import type { Row } from './data.ts';
import { ids } from './ids.ts';

/** Unix time of the newest activity. */
export const NEWEST = 1_760_000_500;

export const organization = { id: ids.organization, name: 'Example Ltd' };
export const team = { id: ids.support, name: 'Support', organization: ids.organization };
export const ana = { id: ids.ana, name: 'Ana Roy', email: 'ana@example.org' };
export const bo = { id: ids.bo, name: 'Bo Li', email: 'bo@example.org' };
export const jane = { name: 'Jane Doe', address: 'jane.doe@customer.example' };
export const support = { name: 'Support', address: 'support@example.org' };

/** The state of a conversation for a user. */
export const userState = (user: { id: string }, changes: Record<string, unknown> = {}) => ({
  ...user,
  unassigned: false,
  closed: false,
  archived: false,
  trashed: false,
  junked: false,
  assigned: false,
  flagged: false,
  snoozed: false,
  ...changes,
});

export function conversation(changes: Partial<Row> & { id: string }): Row {
  return {
    created_at: NEWEST - 1000,
    subject: null,
    latest_message_subject: 'A question',
    last_activity_at: NEWEST,
    color: null,
    organization,
    team,
    assignees: [],
    assignee_names: '',
    assignee_emails: '',
    users: [userState(ana), userState(bo)],
    authors: [jane],
    messages_count: 1,
    drafts_count: 0,
    send_later_messages_count: 0,
    attachments_count: 0,
    tasks_count: 0,
    completed_tasks_count: 0,
    shared_labels: [],
    shared_label_names: '',
    web_url: `https://mail.missiveapp.com/#inbox/conversations/${changes.id}`,
    app_url: `missive://mail.missiveapp.com/#inbox/conversations/${changes.id}`,
    ...changes,
  };
}

export function message(changes: Partial<Row> & { id: string; _conversation: string }): Row {
  return {
    type: 'email',
    draft: false,
    subject: 'A question',
    preview: 'Hello, I have a question',
    body: '<div>Hello, I have a question.</div>',
    delivered_at: NEWEST - 200,
    created_at: NEWEST - 199,
    updated_at: NEWEST - 199,
    email_message_id: `<${changes.id}@customer.example>`,
    in_reply_to: [],
    references: [],
    from_field: jane,
    to_fields: [support],
    cc_fields: [],
    bcc_fields: [],
    reply_to_fields: [],
    attachments: [],
    ...changes,
  };
}

export function comment(changes: Partial<Row> & { id: string; _conversation: string }): Row {
  return {
    body: 'A comment',
    created_at: NEWEST - 100,
    mentions: [],
    author: { ...bo, avatar_url: 'https://files.example.com/bo.png' },
    attachment: null,
    task: null,
    ...changes,
  };
}

export const book = (id: string, name: string, changes: Partial<Row> = {}): Row => ({
  id,
  name,
  description: null,
  user: ids.ana,
  organization: ids.organization,
  share_with_organization: true,
  share_with_team: null,
  share_with_users: [],
  ...changes,
});

export const label = (id: string, name: string, parent: { id: string; name: string } | null, color: string): Row => ({
  id,
  name,
  name_with_parent_names: parent === null ? name : `${parent.name}/${name}`,
  color,
  parent: parent?.id ?? null,
  organization: ids.organization,
});

export const contact = (id: string, first_name: string, last_name: string, email: string): Row => ({
  id,
  contact_book: ids.enterpriseLeads,
  first_name,
  last_name,
  notes: null,
  starred: false,
  deleted: false,
  modified_at: NEWEST - 5000,
  infos: [
    { kind: 'email', label: 'work', custom_label: null, value: email },
    { kind: 'phone_number', label: 'mobile', custom_label: null, value: '+1 555 010 0100' },
  ],
  memberships: [{ title: 'Buyer', group: { id: ids.exampleCompany, kind: 'organization', name: 'Example Company' } }],
});

export const task = (id: string, changes: Partial<Row>): Row => ({
  id,
  conversation: null,
  title: 'A task',
  description: null,
  state: 'todo',
  started_at: null,
  closed_at: null,
  due_at: null,
  type: 'task',
  last_activity_at: NEWEST - 300,
  assignees: [],
  team: null,
  _organization: ids.organization,
  ...changes,
});

export const response = (id: string, title: string, changes: Partial<Row> = {}): Row => ({
  id,
  title,
  body: '<div>Thank you</div><div>The team</div>',
  subject: null,
  organization: ids.organization,
  user: null,
  share_with_team: null,
  shared_labels: [],
  to_fields: [],
  cc_fields: [],
  bcc_fields: [],
  attachments: [],
  modified_at: NEWEST - 400,
  ...changes,
});
