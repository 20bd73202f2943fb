import { expect } from 'vitest';
import { ids } from '../../../support/missive/ids.ts';
import { attached, file } from './people.ts';
import type { Rows } from './row.ts';

export const posts: Rows = {
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
        what: 'close together with reopen',
        args: { notification: { title: 'a', body: 'b' }, text: 'x', close: true, reopen: true },
        says: /close or reopen/,
      },
    ],
  },
  delete_a_missive_post_by_id: {
    good: [
      {
        shows: 'that it is done',
        args: { id: ids.post },
        requests: [{ method: 'DELETE', path: `/posts/${ids.post}` }],
        result: { done: true },
      },
    ],
    bad: [{ what: 'no id', args: {}, says: /id/ }],
  },
};
