/** `preview` and `links` of list_mail_messages and search_mail_messages. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { type MessageOptions, message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const CALLS: [tool: string, args: Record<string, unknown>][] = [
  ['list_mail_messages', { folder: 'INBOX' }],
  ['search_mail_messages', { folder: 'INBOX', query: 'ALL' }],
  ['search_mail_messages', { folder: 'INBOX', query: 'FROM example.test' }],
];

type Row = Record<string, unknown> & { uid: number };

/** Rows of a mailbox with these messages, in the order of the messages. */
async function rowsOf(options: MessageOptions[], args: Record<string, unknown>, flags = {}) {
  const account = newAccount();
  await appendMessages(account, { INBOX: options.map((each) => message(each)) });
  await using assistant = await app.assistant(account, { flags });
  const results = [];
  for (const [tool, own] of CALLS) results.push(await assistant.call(tool, { ...own, ...args }));
  return results.map(({ messages, warning }) => ({ rows: (messages as Row[]).toReversed(), warning }));
}

const LETTERS: [options: MessageOptions, preview: string | undefined][] = [
  [{ text: 'Hello Ada,\n\nthe room is free.\n' }, 'Hello Ada, the room is free.'],
  [
    { text: 'Thursday works.\n\nOn 2025-03-03 at 09:15, Ann Lee wrote:\n> Shall we meet?\n> The room is free.\n' },
    'Thursday works.',
  ],
  [{ text: '> Shall we meet?\n\nYes.\n-- \nGrace\n' }, 'Yes.'],
  [{ html: '<style>p{}</style><p>Rich <b>text</b></p><div style="display:none">hidden words</div>' }, 'Rich text'],
  [
    {
      text: 'View this email in your browser: https://example.test/1\n',
      html: `<p>View in browser</p><p>${'The programme of the spring workshop is out. '.repeat(20)}</p>`,
    },
    'The programme of the spring workshop is out. The programme…',
  ],
  [{ text: '> only a quotation\n' }, undefined],
  [{ raw: 'From: a@example.test\nContent-Type: application/pdf\n\nx\n' }, undefined],
  [{ text: 'See the file.', attachments: [{ filename: 'a.txt', content: 'other text' }] }, 'See the file.'],
  [{ text: `Größe und Gewicht: ${'ä'.repeat(100)}` }, `Größe und Gewicht: ${'ä'.repeat(40)}…`],
  [
    {
      raw: `From: a@example.test\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n${Buffer.from('From base64.').toString('base64')}\n`,
    },
    'From base64.',
  ],
];

describe('preview', () => {
  test('each row has the first characters of its new text, without quotations, stubs and signatures', async () => {
    const options = LETTERS.map(([each]) => each);
    for (const { rows, warning } of await rowsOf(options, { preview: 60 })) {
      expect(rows.map(({ preview }) => preview)).toEqual(LETTERS.map(([, preview]) => preview));
      expect(warning).toBeUndefined();
    }
  });

  test('without it, or with 0, rows have none', async () => {
    for (const args of [{}, { preview: 0 }, { preview: '0' }, { preview: null }]) {
      const [listed] = await rowsOf([{ text: 'Hello' }], args);
      expect(listed?.rows[0]).not.toHaveProperty('preview');
    }
  });

  test('reading it does not mark messages as read', async () => {
    for (const { rows } of await rowsOf([{ text: 'Hello' }], { preview: 50 })) {
      expect(rows).toMatchObject([{ preview: 'Hello', unread: true }]);
    }
  });

  test('a page of large newsletters has previews', async () => {
    const html = `<html><head><style>${'.a{color:red}'.repeat(60)}</style></head><body><p>Our news in brief.</p>${'<p>More and more.</p>'.repeat(800)}</body></html>`;
    const options = Array.from({ length: 2 }, () => ({ html, text: 'Open this e-mail in your browser' }));
    for (const { rows } of await rowsOf(options, { preview: 40 })) {
      expect(rows.map(({ preview }) => preview)).toEqual(
        options.map(() => expect.stringMatching(/^Our news in brief\./)),
      );
    }
  });

  test('more than 1,000 characters are read as 1,000', async () => {
    for (const { rows } of await rowsOf([{ text: 'word '.repeat(300) }], { preview: 5000 })) {
      expect(String(rows[0]?.preview)).toMatch(/^(?:word ){190,}/);
      expect(String(rows[0]?.preview).length).toBeLessThanOrEqual(1_001);
    }
  });

  test.each([[{ preview: -1 }], [{ preview: 1.5 }], [{ preview: 'many' }]])(
    '%j is refused with the name of the parameter',
    async (args) => {
      await using assistant = await app.assistant(newAccount());
      for (const [tool, own] of CALLS) expect(await assistant.failure(tool, { ...own, ...args })).toContain('preview');
    },
  );
});

describe('links', () => {
  const files = [
    { filename: 'a.txt', content: 'first' },
    { filename: 'b.txt', content: 'second' },
  ];

  test('each file has its link, in the order of the files', async () => {
    for (const { rows, warning } of await rowsOf([{ attachments: files }, { text: 'none' }], { links: true })) {
      expect(rows).toMatchObject([
        { files: ['2 a.txt', '3 b.txt'], links: [expect.any(String), expect.any(String)] },
        {},
      ]);
      expect(rows[1]).not.toHaveProperty('links');
      const contents = z
        .array(z.string())
        .parse(rows[0]?.links)
        .map(async (url) => (await fetch(url)).text());
      expect(await Promise.all(contents)).toEqual(['first', 'second']);
      expect(warning).toBeUndefined();
    }
  });

  test('without it rows have none', async () => {
    const [listed] = await rowsOf([{ attachments: files }], {});
    expect(listed?.rows[0]).not.toHaveProperty('links');
  });

  test.each([[{ tags: ['messages'] }], [{ tools: ['list_mail_messages', 'search_mail_messages'] }]])(
    'with the limit %j there are none, and a warning',
    async (flags) => {
      for (const { rows, warning } of await rowsOf([{ attachments: files }], { links: true }, flags)) {
        expect(rows[0]).not.toHaveProperty('links');
        expect(warning).toContain('does not let this connection have attachments');
      }
    },
  );

  test('a link of a row attaches the file to a draft', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message({ attachments: files })] });
    await using assistant = await app.assistant(account);
    const { messages } = await assistant.call('list_mail_messages', { links: true });
    const [{ links }] = messages as [{ links: string[] }];
    await assistant.call('create_draft_mail_message', {
      subject: 'With files',
      text_body: 'See below.',
      attachment_urls: links,
    });
    expect(await assistant.call('list_mail_messages', { folder: 'drafts' })).toMatchObject({
      folder: 'Drafts',
      messages: [{ subject: 'With files', from: 'me', files: ['2 a.txt', '3 b.txt'] }],
    });
  });
});
