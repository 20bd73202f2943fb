import { expect } from 'vitest';
import { ids } from '../../support/missive/ids.ts';
import { NEWEST } from '../../support/missive/seed.ts';
import type { Rows } from './row.ts';

const support = { name: 'Support', address: 'support@example.org' };
const jane = { name: 'Jane Doe', address: 'jane.doe@customer.example' };
const file = 'https://mail.example/attachments/own';
const attached = { filename: 'plan.pdf', base64_data: Buffer.from('a plan').toString('base64') };

/** What links of our own lead to in these tests. */
export const files = { [file]: { filename: 'plan.pdf', bytes: Buffer.from('a plan') } };

const needsOrganization = (args: Record<string, unknown>) => ({
  what: 'a label without its organization',
  args: { ...args, add_shared_labels: [ids.urgent] },
  says: /add_shared_labels needs organization/,
});

const badPeople = (args: Record<string, unknown>) => [
  { what: 'a name that reaches nobody', args: { ...args, to_fields: [{ name: 'Jane' }] }, says: /to_fields\.0/ },
  {
    what: 'a key that Missive drops',
    args: { ...args, to_fields: [{ email: 'j@x.example' }] },
    says: /to_fields\.0.*email/,
  },
  {
    what: 'a name inside the address',
    args: { ...args, to_fields: [{ address: 'Jane <j@x.example>' }] },
    says: /address/,
  },
  {
    what: 'a number without its plus',
    args: { ...args, to_fields: [{ phone_number: '15550100199' }] },
    says: /plus sign/,
  },
];

export const messages: Rows = {
  get_single_missive_message_by_id: {
    good: [
      {
        shows: 'HTML as text, and the conversation',
        args: { id: ids.janesMessage },
        requests: [{ path: `/messages/${ids.janesMessage}` }],
        result: {
          message: {
            id: ids.janesMessage,
            body: 'Hello,\n\nwe would like an offer for 200 seats.',
            body_cut: null,
            conversation: { id: ids.prospect },
          },
        },
      },
      {
        shows: 'HTML as it is',
        args: { id: ids.outageMessage, body_format: 'html' },
        requests: [{ path: `/messages/${ids.outageMessage}` }],
        result: { message: { body: '<div>Hello, I have a question.</div>', body_cut: null } },
      },
      {
        shows: 'a piece of the text',
        args: { id: ids.janesMessage, max_chars: 5, body_offset: 8 },
        requests: [{ path: `/messages/${ids.janesMessage}` }],
        result: { message: { body: 'we wo', body_cut: { total_chars: 45, next_offset: 13 } } },
      },
    ],
    bad: [
      { what: 'no id', args: {}, says: /id/ },
      { what: 'a format that there is not', args: { id: ids.janesMessage, body_format: 'pdf' }, says: /body_format/ },
    ],
  },
  list_all_missive_messages: {
    good: [
      {
        shows: 'the angle brackets, encoded',
        args: { email_message_id: '<a1@customer.example>' },
        requests: [{ path: '/messages', query: { email_message_id: '<a1@customer.example>' } }],
        result: { messages: [{ id: ids.janesMessage, body: expect.stringContaining('200 seats') }] },
      },
      {
        shows: 'nothing for a Message-ID that nobody knows',
        args: { email_message_id: '<nobody@x.example>' },
        requests: [{ path: '/messages', query: { email_message_id: '<nobody@x.example>' } }],
        result: { messages: [] },
      },
    ],
    bad: [{ what: 'no Message-ID', args: {}, says: /email_message_id/ }],
  },
  create_a_missive_message: {
    good: [
      {
        shows: 'a message of a channel that is not email, with a file and a label',
        args: {
          account: ids.customChannel,
          from_field: { id: 'u-1', username: 'jane', name: 'Jane' },
          body: 'Hello',
          external_id: 'm-1',
          delivered_at: 1_760_000_000,
          attachment_urls: [file],
          organization: ids.organization,
          add_shared_labels: [ids.urgent],
        },
        requests: [
          {
            method: 'POST',
            path: '/messages',
            body: {
              messages: {
                account: ids.customChannel,
                from_field: { id: 'u-1', username: 'jane', name: 'Jane' },
                body: 'Hello',
                external_id: 'm-1',
                delivered_at: 1_760_000_000,
                organization: ids.organization,
                add_shared_labels: [ids.urgent],
                attachments: [attached],
              },
            },
          },
        ],
        result: { message: { id: expect.any(String), conversation: expect.any(String) } },
      },
    ],
    bad: [
      { what: 'no account', args: { from_field: jane, body: 'x' }, says: /account/ },
      { what: 'no sender', args: { account: ids.customChannel, body: 'x' }, says: /from_field/ },
      { what: 'nothing in it', args: { account: ids.customChannel, from_field: jane }, says: /body or attachments/ },
      needsOrganization({ account: ids.customChannel, from_field: jane, body: 'x' }),
      ...badPeople({ account: ids.customChannel, from_field: jane, body: 'x' }),
    ],
  },
  create_a_missive_draft: {
    good: [
      {
        shows: 'a reply that is not sent',
        args: {
          conversation: ids.outage,
          subject: 'Re: Nothing works',
          body: '<div>Hello</div>',
          from_field: support,
          to_fields: [jane],
          cc_fields: [{ address: 'bo@example.org' }],
        },
        requests: [
          {
            method: 'POST',
            path: '/drafts',
            body: {
              drafts: {
                conversation: ids.outage,
                subject: 'Re: Nothing works',
                body: '<div>Hello</div>',
                from_field: support,
                to_fields: [jane],
                cc_fields: [{ address: 'bo@example.org' }],
                send: false,
              },
            },
          },
        ],
        result: { draft: { id: expect.any(String), conversation: ids.outage } },
      },
      {
        shows: 'files as base64, in a conversation that a Message-ID leads to',
        args: { references: ['<a1@customer.example>'], attachment_urls: [file], add_default_signature: true },
        requests: [
          {
            method: 'POST',
            path: '/drafts',
            body: {
              drafts: {
                references: ['<a1@customer.example>'],
                add_default_signature: true,
                attachments: [attached],
                send: false,
              },
            },
          },
        ],
        result: { draft: { conversation: ids.prospect } },
      },
      {
        shows: 'a WhatsApp template from a number',
        args: {
          body: 'Hello Jane',
          from_field: { phone_number: '+15550100100', type: 'whatsapp' },
          to_fields: [{ phone_number: '+15550100199' }],
          external_response_id: 'hello',
          external_response_variables: { name: 'Jane' },
        },
        requests: [
          {
            method: 'POST',
            path: '/drafts',
            body: {
              drafts: {
                body: 'Hello Jane',
                from_field: { phone_number: '+15550100100', type: 'whatsapp' },
                to_fields: [{ phone_number: '+15550100199' }],
                external_response_id: 'hello',
                external_response_variables: { name: 'Jane' },
                send: false,
              },
            },
          },
        ],
        result: { draft: { id: expect.any(String) } },
      },
    ],
    bad: [
      { what: 'nothing in it', args: { to_fields: [jane] }, says: /body or attachments/ },
      {
        what: 'two numbers',
        args: { body: 'x', to_fields: [{ phone_number: '+15550100199' }, { phone_number: '+15550100198' }] },
        says: /one phone_number only/,
      },
      { what: 'sending, which another tool does', args: { body: 'x', send: true }, says: /send/ },
      {
        what: 'a link that is not ours',
        args: { body: 'x', attachment_urls: ['https://elsewhere.example/f'] },
        says: /not one of this server/,
      },
      needsOrganization({ body: 'x' }),
      ...badPeople({ body: 'x' }),
    ],
  },
  send_a_missive_message: {
    good: [
      {
        shows: 'a reply that is sent now',
        args: { conversation: ids.outage, body: 'Done', from_field: support, to_fields: [jane] },
        requests: [
          {
            method: 'POST',
            path: '/drafts',
            body: {
              drafts: { conversation: ids.outage, body: 'Done', from_field: support, to_fields: [jane], send: true },
            },
          },
        ],
        result: { message: { id: expect.any(String), conversation: ids.outage } },
      },
      {
        shows: 'a message for later, which goes without send',
        args: {
          body: 'Still there?',
          from_field: support,
          to_fields: [jane],
          send_at: NEWEST + 4_000_000_000,
          auto_followup: true,
        },
        requests: [
          {
            method: 'POST',
            path: '/drafts',
            body: {
              drafts: {
                body: 'Still there?',
                from_field: support,
                to_fields: [jane],
                send_at: NEWEST + 4_000_000_000,
                auto_followup: true,
              },
            },
          },
        ],
        result: { message: { send_at: NEWEST + 4_000_000_000 } },
      },
      {
        shows: 'a message of a custom channel',
        args: { account: ids.customChannel, body: 'Hi', to_fields: [{ id: 'u-1', username: 'jane' }] },
        requests: [
          {
            method: 'POST',
            path: '/drafts',
            body: {
              drafts: {
                account: ids.customChannel,
                body: 'Hi',
                to_fields: [{ id: 'u-1', username: 'jane' }],
                send: true,
              },
            },
          },
        ],
        result: { message: { id: expect.any(String) } },
      },
    ],
    bad: [
      { what: 'nobody to send to', args: { body: 'x', from_field: support }, says: /to_fields/ },
      {
        what: 'no sender',
        args: { body: 'x', to_fields: [jane] },
        says: /from_field.*list_all_missive_conversation_messages/,
      },
      { what: 'nothing in it', args: { from_field: support, to_fields: [jane] }, says: /body or attachments/ },
      {
        what: 'a time that is over',
        args: { body: 'x', from_field: support, to_fields: [jane], send_at: 1 },
        says: /send_at/,
      },
      {
        what: 'a follow-up without a time',
        args: { body: 'x', from_field: support, to_fields: [jane], auto_followup: true },
        says: /send_at/,
      },
      needsOrganization({ body: 'x', from_field: support, to_fields: [jane] }),
      ...badPeople({ body: 'x', from_field: support }),
    ],
  },
  delete_a_missive_draft_by_id: {
    good: [
      {
        shows: 'no more than that it is done',
        args: { id: ids.draft },
        requests: [{ method: 'DELETE', path: `/drafts/${ids.draft}` }],
        result: { done: true },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
  create_a_missive_post: {
    good: [
      {
        shows: 'that a closed conversation stays closed',
        args: { conversation: ids.closed, notification: { title: 'Note', body: 'Looked at' }, markdown: '**Done**' },
        requests: [
          {
            method: 'POST',
            path: '/posts',
            body: {
              posts: {
                conversation: ids.closed,
                notification: { title: 'Note', body: 'Looked at' },
                markdown: '**Done**',
                reopen: false,
              },
            },
          },
        ],
        result: { post: { id: expect.any(String), conversation: ids.closed } },
      },
      {
        shows: 'a card, a file and a label',
        args: {
          conversation: ids.outage,
          notification: { title: 'Escalated', body: 'Database outage' },
          cards: [{ color: 'danger', title: 'Outage', fields: [{ title: 'Host', value: 'db1', short: true }] }],
          attachment_urls: [file],
          username: 'mail-mcp',
          reopen: true,
          organization: ids.organization,
          add_shared_labels: [ids.engineering],
        },
        requests: [
          {
            method: 'POST',
            path: '/posts',
            body: {
              posts: {
                conversation: ids.outage,
                notification: { title: 'Escalated', body: 'Database outage' },
                username: 'mail-mcp',
                reopen: true,
                organization: ids.organization,
                add_shared_labels: [ids.engineering],
                attachments: [
                  { color: 'danger', title: 'Outage', fields: [{ title: 'Host', value: 'db1', short: true }] },
                  attached,
                ],
              },
            },
          },
        ],
        result: { post: { conversation: ids.outage } },
      },
    ],
    bad: [
      { what: 'no notification', args: { conversation: ids.outage, text: 'x' }, says: /notification/ },
      {
        what: 'a notification alone',
        args: { notification: { title: 'a', body: 'b' } },
        says: /text, markdown, cards or attachment_urls/,
      },
      {
        what: 'a text that is too long',
        args: { notification: { title: 'a', body: 'b' }, text: 'x'.repeat(8001) },
        says: /text/,
      },
      {
        what: 'closed and open',
        args: { notification: { title: 'a', body: 'b' }, text: 'x', close: true, reopen: true },
        says: /close or reopen/,
      },
      needsOrganization({ notification: { title: 'a', body: 'b' }, text: 'x' }),
    ],
  },
  delete_a_missive_post_by_id: {
    good: [
      {
        shows: 'no more than that it is done',
        args: { id: ids.post },
        requests: [{ method: 'DELETE', path: `/posts/${ids.post}` }],
        result: { done: true },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
};
