import { expect } from 'vitest';
import { ids } from '../../../support/missive/ids.ts';
import { attached, badPeople, file, jane } from './people.ts';
import type { Rows } from './row.ts';

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
            conversation: ids.prospect,
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
      { what: 'an unknown format', args: { id: ids.janesMessage, body_format: 'pdf' }, says: /body_format/ },
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
        shows: 'no rows for an unknown Message-ID',
        args: { email_message_id: '<unknown@x.example>' },
        requests: [{ path: '/messages', query: { email_message_id: '<unknown@x.example>' } }],
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
          body_format: 'text',
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
      { what: 'no contents', args: { account: ids.customChannel, from_field: jane }, says: /body or attachments/ },
      ...badPeople({ account: ids.customChannel, from_field: jane, body: 'x' }),
    ],
  },
};
