/** The initial rows of the stand-in for Missive: enough to store a prospect and to escalate a thread. */
import type { MissiveData } from './data.ts';
import { ids } from './ids.ts';
import {
  ana,
  bo,
  book,
  comment,
  contact,
  conversation,
  jane,
  label,
  message,
  NEWEST,
  organization,
  response,
  support,
  task,
  team,
  userState,
} from './rows.ts';

/** New objects for each test, so that no test depends on the changes of another. */
export function createSeed(): MissiveData {
  return {
    ...directoryRows(),
    ...contactRows(),
    ...conversationRows(),
    ...messageRows(),
    ...internalRows(),
    ...taskAndResponseRows(),
    senders: ['ana@example.org', 'support@example.org'],
    accounts: [ids.customChannel],
    merged: new Map(),
    isAdmin: true,
    reportsPending: 1,
  };
}

function directoryRows(): Pick<MissiveData, 'organizations' | 'users' | 'teams'> {
  return {
    organizations: [organization, { id: ids.otherOrganization, name: 'Second Ltd' }].map((row) => ({ ...row })),
    users: [
      { ...ana, me: true, avatar_url: 'https://files.example.com/ana.png' },
      { ...bo, me: false, avatar_url: 'https://files.example.com/bo.png' },
    ],
    teams: [
      { ...team, active_members: [ids.ana, ids.bo], observers: [] },
      { ...team, id: ids.sales, name: 'Sales', active_members: [ids.bo], observers: [] },
    ],
  };
}

function contactRows(): Pick<MissiveData, 'contact_books' | 'contact_groups' | 'contacts'> {
  return {
    contact_books: [
      book(ids.enterpriseLeads, 'Enterprise Leads'),
      book(ids.vipProspects, 'VIP Prospects'),
      book(ids.privateBook, 'Private', { organization: null, share_with_organization: false }),
    ],
    contact_groups: [
      { id: ids.vipGroup, name: 'VIP', _book: ids.vipProspects, _kind: 'group' },
      { id: ids.exampleCompany, name: 'Example Company', _book: ids.enterpriseLeads, _kind: 'organization' },
    ],
    contacts: [
      contact(ids.max, 'Max', 'Moe', 'max@company.example'),
      contact(ids.lea, 'Lea', 'Lou', 'lea@company.example'),
    ],
  };
}

function conversationRows(): Pick<MissiveData, 'shared_labels' | 'conversations'> {
  return {
    shared_labels: [
      label(ids.supportLabel, 'Support', null, '#2020c0'),
      label(ids.urgent, 'Urgent', { id: ids.supportLabel, name: 'Support' }, '#c02020'),
      label(ids.escalated, 'Escalated', null, '#c08020'),
      label(ids.engineering, 'Engineering', { id: ids.escalated, name: 'Escalated' }, '#20c020'),
    ],
    conversations: [
      conversation({ id: ids.prospect, latest_message_subject: 'Offer for 200 seats', messages_count: 2 }),
      conversation({
        id: ids.outage,
        latest_message_subject: 'Nothing works',
        last_activity_at: NEWEST - 50,
        shared_labels: [{ id: ids.urgent, name: 'Urgent' }],
        shared_label_names: 'Urgent',
      }),
      conversation({
        id: ids.closed,
        latest_message_subject: 'Solved',
        last_activity_at: NEWEST - 60,
        users: [userState(ana, { closed: true }), userState(bo, { closed: true })],
      }),
      conversation({ id: ids.guest, last_activity_at: NEWEST - 70, _guest: true }),
      conversation({ id: ids.older, created_at: NEWEST - 9000, last_activity_at: NEWEST - 80 }),
    ],
  };
}

function messageRows(): Pick<MissiveData, 'messages' | 'drafts'> {
  return {
    messages: [
      message({
        id: ids.janesMessage,
        _conversation: ids.prospect,
        subject: 'Offer for 200 seats',
        preview: 'Hello, we would like',
        body: '<div>Hello,</div><div><br></div><div>we would like an <b>offer</b> for 200 seats.</div>',
        email_message_id: '<a1@customer.example>',
      }),
      message({
        id: ids.ourReply,
        _conversation: ids.prospect,
        subject: 'Re: Offer for 200 seats',
        delivered_at: NEWEST - 100,
        email_message_id: '<b1@example.org>',
        in_reply_to: ['<a1@customer.example>'],
        references: ['<a1@customer.example>'],
        from_field: support,
        to_fields: [jane],
      }),
      message({
        id: ids.outageMessage,
        _conversation: ids.outage,
        subject: 'Nothing works',
        attachments: [
          {
            id: 'a77a0000-0000-4000-8000-000000000001',
            filename: 'screen.png',
            extension: 'png',
            url: 'https://files.example.com/screen.png?signature=abc',
            media_type: 'image',
            sub_type: 'png',
            size: 2048,
            width: 640,
            height: 480,
          },
        ],
      }),
    ],
    drafts: [
      message({
        id: ids.draft,
        _conversation: ids.outage,
        draft: true,
        delivered_at: null,
        subject: 'Re: Nothing works',
        from_field: support,
        to_fields: [jane],
        author: ana,
      }),
    ],
  };
}

function internalRows(): Pick<MissiveData, 'comments' | 'posts'> {
  return {
    comments: [
      comment({ id: ids.comment(1), _conversation: ids.outage, body: 'Looking into it', created_at: NEWEST - 90 }),
      comment({
        id: ids.comment(2),
        _conversation: ids.outage,
        body: '@Ana looks like the database outage',
        created_at: NEWEST - 80,
        mentions: [{ id: ids.ana, index: 0, length: 4 }],
      }),
    ],
    posts: [
      {
        id: ids.post,
        _conversation: ids.outage,
        created_at: NEWEST - 75,
        username: 'monitor',
        username_icon: null,
        notification: { title: 'Alert', body: 'The database is slow' },
        attachments: [],
      },
    ],
  };
}

function taskAndResponseRows(): Pick<MissiveData, 'tasks' | 'responses' | 'hooks' | 'reports'> {
  return {
    tasks: [
      task(ids.task, { title: 'Call Jane', assignees: [ids.ana], team: ids.support, due_at: NEWEST + 90_000 }),
      task(ids.subtask, { title: 'Write a report', type: 'conversation', conversation: ids.outage }),
    ],
    responses: [response(ids.thanks, 'Thanks'), response(ids.imported, 'Template', { _imported: true })],
    hooks: [{ id: ids.hook, type: 'new_comment', url: 'https://hooks.example.com/in' }],
    reports: [{ id: ids.report, _pending: 0 }],
  };
}
