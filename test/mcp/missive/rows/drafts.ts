import { expect } from 'vitest';
import { ids } from '../../../support/missive/ids.ts';
import { NEWEST } from '../../../support/missive/rows.ts';
import { attached, badPeople, file, jane, support } from './people.ts';
import type { Rows } from './row.ts';

export const drafts: Rows = {
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
        args: {
          references: ['<a1@customer.example>'],
          attachment_urls: [file],
          add_default_signature: true,
          body_format: 'html',
        },
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
      { what: 'no contents', args: { to_fields: [jane] }, says: /body is missing: the text, or attachment_urls/ },
      {
        what: 'two numbers',
        args: { body: 'x', to_fields: [{ phone_number: '+15550100199' }, { phone_number: '+15550100198' }] },
        says: /one phone_number only/,
      },
      { what: 'sending, which another tool does', args: { body: 'x', send: true }, says: /send/ },
      {
        what: 'a link of another server',
        args: { body: 'x', attachment_urls: ['https://elsewhere.example/f'] },
        says: /not one of this server/,
      },
      ...badPeople({ body: 'x' }),
    ],
  },
  send_a_missive_message: {
    good: [
      {
        shows: 'a reply that is sent now',
        args: {
          conversation: ids.outage,
          body: 'Done',
          from_field: 'Support <support@example.org>',
          to_fields: '"Jane Doe" <jane.doe@customer.example>',
        },
        requests: [
          {
            method: 'POST',
            path: '/drafts',
            body: {
              drafts: {
                conversation: ids.outage,
                body: '<div>Done</div>',
                from_field: support,
                to_fields: [jane],
                send: true,
              },
            },
          },
        ],
        result: { message: { id: expect.any(String), conversation: ids.outage } },
      },
      {
        shows: 'a message for later, which goes without send',
        args: {
          body: 'Still there?',
          body_format: 'text',
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
                body: '<div>Still there?</div>',
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
      { what: 'no recipients', args: { body: 'x', from_field: support }, says: /to_fields/ },
      {
        what: 'no sender',
        args: { body: 'x', to_fields: [jane] },
        says: /from_field.*list_all_missive_conversation_messages/,
      },
      {
        what: 'no contents',
        args: { from_field: support, to_fields: [jane] },
        says: /body is missing: the text, or attachment_urls/,
      },
      {
        what: 'a time in the past',
        args: { body: 'x', from_field: support, to_fields: [jane], send_at: 1 },
        says: /send_at/,
      },
      {
        what: 'a follow-up without a time',
        args: { body: 'x', from_field: support, to_fields: [jane], auto_followup: true },
        says: /send_at/,
      },
      ...badPeople({ body: 'x', from_field: support }),
    ],
  },
  delete_a_missive_draft_by_id: {
    good: [
      {
        shows: 'that it is done',
        args: { id: ids.draft },
        requests: [{ method: 'DELETE', path: `/drafts/${ids.draft}` }],
        result: { done: true },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
};
