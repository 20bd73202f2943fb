/** Calls with all parameters that the other rows lack: each is sent under its name, in its envelope. */
import { writeCursor } from '../../../../src/mcp/missive/cursor.ts';
import { ids } from '../../../support/missive/ids.ts';
import { LABELS, type Row } from './row.ts';

type Args = Record<string, unknown>;

/** All changes of a conversation that are possible together with something new in it. */
const actions = {
  conversation: ids.outage,
  references: ['<a1@customer.example>'],
  conversation_subject: 'Outage',
  conversation_color: '#c02020',
  organization: ids.organization,
  team: ids.sales,
  force_team: true,
  add_users: [ids.bo],
  add_assignees: [ids.bo],
  remove_assignees: [ids.ana],
  add_shared_labels: [ids.engineering],
  remove_shared_labels: [ids.urgent],
  add_to_inbox: true,
  add_to_team_inbox: true,
  close: true,
};

const person = { address: 'jane.doe@customer.example', name: 'Jane Doe' };
const people = { to_fields: [person], cc_fields: [person], bcc_fields: [person] };
const own = { address: 'support@example.org', name: 'Support' };

const file = 'https://mail.example/attachments/own';
const attachments = [{ filename: 'plan.pdf', base64_data: Buffer.from('a plan').toString('base64') }];

const outgoing = {
  subject: 'Re: Nothing works',
  body: '<div>Hello</div>',
  from_field: own,
  ...people,
  account: ids.customChannel,
  quote_previous_message: true,
  add_default_signature: true,
  external_response_id: 'hello',
  external_response_variables: { name: 'Jane' },
  ...actions,
};

const attributes = {
  first_name: 'Jane',
  middle_name: 'A.',
  last_name: 'Doe',
  phonetic_first_name: 'Dshein',
  phonetic_middle_name: 'Ei',
  phonetic_last_name: 'Do',
  prefix: 'Dr',
  suffix: 'Jr',
  nickname: 'JD',
  file_as: 'Doe',
  notes: 'Met in Paris',
  gender: 'female',
  starred: true,
};

const sharing = {
  share_with_organization: true,
  share_with_team: ids.support,
  share_with_users: [ids.bo],
  visibility: 'delegates',
};

const team = {
  name: 'Night shift',
  emoji: ':owl:',
  color: '#102030',
  active_members: [ids.ana],
  observers: [ids.bo],
  business_hours: { tz: 'Europe/Paris', t: [{ d: 1, s: [0, 3600] }] },
  inactivity_period: 3600,
  team_mention_behavior: 'all_members',
  user_reply_behavior: 'leave_in_team_inbox',
  received_reply_behavior: 'show_in_team_inbox',
  team_sidebar_behavior: 'show_team_space',
  team_inbox_enabled: true,
  chat_room_enabled: false,
};

const response = {
  title: 'Sorry',
  body: '<div>Sorry</div>',
  subject: 'Sorry',
  share_with_team: ids.support,
  shared_labels: [ids.urgent],
  ...people,
  external_id: 'r-1',
  external_source: 'crm',
};

const post = (path: string, args: Args, body: unknown): Row['good'][number] => ({
  shows: 'every parameter',
  args,
  requests: [{ method: 'POST', path, body }, ...labelsOf(path)],
  result: {},
});

const patch = (path: string, id: string, args: Args, key: string): Row['good'][number] => ({
  shows: 'every parameter',
  args: { id, ...args },
  requests: [{ method: 'PATCH', path: `${path}/${id}`, body: { [key]: [{ id, ...args }] } }, ...labelsOf(path)],
  result: {},
});

const labelsOf = (path: string) => (path === '/responses' ? [LABELS] : []);

/** Before everything. */
const timelineCursor = writeCursor(
  'get_missive_conversation_timeline',
  { conversation: ids.prospect },
  { until: 1, seen: [] },
);

export const everyParameter: Record<string, Row['good']> = {
  create_a_missive_team: [
    post(
      '/teams',
      { ...team, organization: ids.organization },
      { teams: [{ ...team, organization: ids.organization }] },
    ),
  ],
  update_a_missive_team_by_id: [patch('/teams', ids.sales, team, 'teams')],
  create_a_missive_contact: [
    post(
      '/contacts',
      { contact_book: ids.vipProspects, ...attributes },
      { contacts: [{ contact_book: ids.vipProspects, ...attributes }] },
    ),
  ],
  update_a_missive_contact_by_id: [patch('/contacts', ids.max, attributes, 'contacts')],
  create_a_missive_shared_label: [
    post(
      '/shared_labels',
      { name: 'Billing', organization: ids.organization, ...sharing },
      { shared_labels: [{ name: 'Billing', organization: ids.organization, ...sharing }] },
    ),
  ],
  update_a_missive_shared_label_by_id: [
    patch('/shared_labels', ids.urgent, { parent: ids.escalated, ...sharing }, 'shared_labels'),
  ],
  get_missive_conversation_timeline: [
    {
      shows: 'nothing older than the end',
      args: { conversation_id: ids.prospect, next_cursor: timelineCursor },
      requests: { asymmetricMatch: () => true },
      result: { entries: [], next_cursor: null },
    },
  ],
  list_all_missive_messages: [
    {
      shows: 'a piece of each body',
      args: { email_message_id: '<a1@customer.example>', body_format: 'html', max_chars: 4, body_offset: 1 },
      requests: [{ path: '/messages', query: { email_message_id: '<a1@customer.example>' } }],
      result: { messages: [{ body: 'div>', body_cut: { next_offset: 5 } }] },
    },
  ],
  create_a_missive_message: [
    post(
      '/messages',
      { account: ids.customChannel, from_field: own, subject: 'Hello', body: '<p>Hello', ...people, ...actions },
      {
        messages: {
          account: ids.customChannel,
          from_field: own,
          subject: 'Hello',
          body: '<p>Hello',
          ...people,
          ...actions,
        },
      },
    ),
  ],
  create_a_missive_draft: [
    {
      shows: 'a reply to a message, once',
      args: { as: 'reply_all', of: ids.janesMessage, body: 'x', idempotency_key: 'k' },
      requests: { asymmetricMatch: () => true },
      result: { filled_in: { of: ids.janesMessage } },
    },
    post('/drafts', { ...outgoing, attachment_urls: [file] }, { drafts: { ...outgoing, attachments, send: false } }),
  ],
  send_a_missive_message: [
    {
      shows: 'a reply to a message, once',
      args: { as: 'reply', of: ids.janesMessage, body: 'x', idempotency_key: 'k' },
      requests: { asymmetricMatch: () => true },
      result: { filled_in: { of: ids.janesMessage } },
    },
    post('/drafts', { ...outgoing, attachment_urls: [file] }, { drafts: { ...outgoing, attachments, send: true } }),
  ],
  create_a_missive_post: [
    (() => {
      const args = {
        notification: { title: 'Note', body: 'Looked at' },
        text: 'Done',
        username: 'mail-mcp',
        username_icon: 'https://files.example.com/icon.png',
        conversation_icon: 'https://files.example.com/icon.png',
        ...actions,
      };
      return post('/posts', args, { posts: { ...args, reopen: false } });
    })(),
  ],
  create_a_missive_task: [
    (() => {
      const args = {
        title: 'Write to Jane',
        description: 'About the outage',
        state: 'in_progress',
        subtask: true,
        references: ['<a1@customer.example>'],
        conversation_subject: 'Outage',
        organization: ids.organization,
        team: ids.support,
        assignees: [ids.bo],
        add_users: [ids.bo],
      };
      return post('/tasks', args, { tasks: args });
    })(),
  ],
  update_a_missive_task_by_id: [
    {
      shows: 'every parameter',
      args: { id: ids.task, title: 'Call', description: 'Now', team: ids.sales, due_at: 1_760_000_000 },
      requests: [
        {
          method: 'PATCH',
          path: `/tasks/${ids.task}`,
          body: { tasks: { title: 'Call', description: 'Now', team: ids.sales, due_at: 1_760_000_000 } },
        },
      ],
      result: { task: { title: 'Call', team: ids.sales } },
    },
  ],
  get_single_missive_response_by_id: [
    {
      shows: 'a piece of its HTML',
      args: { id: ids.thanks, body_format: 'html', max_chars: 4, body_offset: 1 },
      requests: [{ path: `/responses/${ids.thanks}` }],
      result: { response: { body: 'div>', body_cut: { next_offset: 5 } } },
    },
  ],
  create_a_missive_response: [
    post(
      '/responses',
      { organization: ids.organization, ...response },
      { responses: [{ organization: ids.organization, ...response }] },
    ),
  ],
  update_a_missive_response_by_id: [
    patch('/responses', ids.thanks, response, 'responses'),
    {
      shows: 'files that replace those there are',
      args: { id: ids.thanks, attachment_urls: [file] },
      requests: [
        { method: 'PATCH', path: `/responses/${ids.thanks}`, body: { responses: [{ id: ids.thanks, attachments }] } },
      ],
      result: {},
    },
  ],
  create_a_missive_webhook: [
    (() => {
      const args = {
        type: 'new_comment',
        url: 'https://hooks.example.com/in',
        content_contains: 'a',
        content_starts_with: 'b',
        content_ends_with: 'c',
        is_task: true,
        author: ids.ana,
        mention: ids.bo,
      };
      return post('/hooks', args, { hooks: args });
    })(),
  ],
  create_a_missive_analytics_report: [
    (() => {
      const args = {
        organization: ids.organization,
        start: 1,
        end: 2,
        users: [ids.ana],
        accounts: [ids.customChannel],
        shared_labels: [ids.urgent],
      };
      return post('/analytics/reports', args, { reports: args });
    })(),
  ],
};
