import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cpuMs } from '../../support/app/cpu-time.ts';
import { type MailTools, openMailTools } from '../../support/app/mail-tools.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { storeInInbox } from '../../support/mail/mailbox-files.ts';

const HEAD = `From: Ann <ann@example.test>
To: Bob <bob@example.test>
Subject: An honest subject
Date: Mon, 05 May 2025 10:00:00 +0000
MIME-Version: 1.0
`;
const repeated = (count: number, line: (n: number) => string) => Array.from({ length: count }, (_, n) => line(n));

interface BadMessage {
  name: string;
  raw: string | Buffer;
  /** Expected fields of the result; subject and date are those of HEAD unless they are here. */
  read: Record<string, unknown>;
  /** Fields that the result does not have. */
  lacks?: string[];
}

const STRUCTURE = /structure of this message could not be understood/;
const BAD_MESSAGES: BadMessage[] = [
  {
    name: 'multiparts nested 1,000 deep',
    raw: `${HEAD}${repeated(1_000, (n) => `Content-Type: multipart/mixed; boundary="b${n}"\n\n--b${n}\n`).join('')}\nthe text\n`,
    read: { text_body: expect.stringMatching(/^--b0\n/), warnings: [expect.stringMatching(STRUCTURE)] },
  },
  {
    name: 'messages in messages, 1,000 deep',
    raw: `${HEAD}${repeated(1_000, () => `Content-Type: message/rfc822\n\n${HEAD}`).join('')}\nthe text\n`,
    read: { text_body: expect.stringMatching(/^From: Ann/), warnings: [expect.stringMatching(STRUCTURE)] },
  },
  {
    name: '10,000 text parts',
    raw: `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n${repeated(10_000, (n) => `--b\n\npart ${n}\n`).join('')}--b--\n`,
    read: {
      text_body: expect.stringMatching(/^part 0\n\npart 1\n[\s\S]*part 49$/),
      warnings: [expect.stringMatching(/^Only the first 50 of \d+ text parts/)],
    },
  },
  {
    name: '10,000 attachments',
    raw: `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nthe text\n${repeated(10_000, (n) => `--b\nContent-Disposition: attachment; filename=${n}.txt\n\nx\n`).join('')}--b--\n`,
    read: {
      text_body: 'the text',
      attachments: { length: 200, 0: { filename: '0.txt' }, 199: { filename: '199.txt' } },
      warnings: [expect.stringContaining('only the first ones are listed')],
    },
  },
  {
    name: 'a header of 100 MB in many lines',
    raw: Buffer.concat([
      Buffer.from(HEAD),
      Buffer.alloc(100_000_020, 'X-Filler: nothing to see here\n'),
      Buffer.from('\nthe text\n'),
    ]),
    read: { text_body: 'the text' },
    lacks: ['warnings'],
  },
  {
    name: 'a header of 20 MB in one line',
    raw: `${HEAD}X-Filler: ${'x'.repeat(20_000_000)}\n\nthe text\n`,
    read: { text_body: 'the text' },
    lacks: ['warnings'],
  },
  {
    name: '100,000 references',
    raw: `${HEAD}References:${repeated(100_000, (n) => ` <${n}@example.test>`).join('\n')}\n\nthe text\n`,
    read: { text_body: 'the text', references: { length: 100, 0: '<0@example.test>' } },
  },
  {
    name: 'a subject of 1 MB',
    raw: `${HEAD.replace('An honest subject', 'long '.repeat(200_000))}\nthe text\n`,
    read: { subject: 'long '.repeat(400), text_body: 'the text' },
  },
  {
    name: 'a subject of 50,000 encoded words',
    raw: `${HEAD.replace('An honest subject', repeated(50_000, () => '=?utf-8?B?w6Q=?=').join('\n '))}\nthe text\n`,
    read: { subject: expect.stringMatching(/^ä{2000}$/), text_body: 'the text' },
  },
  {
    name: '100,000 recipients',
    raw: `${HEAD}Cc: ${repeated(100_000, (n) => `p${n}@example.test`).join(',\n ')}\n\nthe text\n`,
    read: {
      cc: { length: 1_000, 999: 'p999@example.test' },
      text_body: 'the text',
      warnings: [expect.stringContaining('only its first 1000 addresses are given')],
    },
  },
  {
    name: 'NUL bytes in its header and text',
    raw: `${HEAD}X-Filler: \0\0\nContent-Type: text/plain; charset="utf\0-8"\n\nthe\0text\0\n`,
    read: { text_body: expect.stringMatching(/^the.?text/) },
  },
  {
    name: 'nothing but NUL bytes',
    raw: Buffer.alloc(100_000),
    read: { arrived: expect.any(String) },
    lacks: ['subject', 'date'],
  },
  {
    name: 'nothing at all',
    raw: '',
    read: { arrived: expect.any(String) },
    lacks: ['subject', 'from', 'text_body', 'date'],
  },
  {
    name: 'a date that is not valid',
    raw: `${HEAD.replace(/Date: .*/, 'Date: Mon, 99 Foo 99999 99:99:99 +9999')}\nthe text\n`,
    read: {
      text_body: 'the text',
      arrived: expect.stringMatching(/^20\d\d-\d\d-\d\dT/),
      warnings: [expect.stringContaining('is not a date')],
    },
    lacks: ['date'],
  },
  {
    name: 'a date beyond the year 9999',
    raw: `${HEAD.replace(/Date: .*/, 'Date: Fri, 31 Dec 9999 23:59:59 -9959')}\nthe text\n`,
    read: {
      text_body: 'the text',
      arrived: expect.stringMatching(/^20\d\d-\d\d-\d\dT/),
      warnings: [expect.stringContaining('is not a date')],
    },
    lacks: ['date'],
  },
  {
    name: 'a date before 1900',
    raw: `${HEAD.replace(/Date: .*/, 'Date: Fri, 31 Dec 0099 23:59:59 +0000')}\nthe text\n`,
    read: {
      text_body: 'the text',
      arrived: expect.stringMatching(/^20\d\d-\d\d-\d\dT/),
      warnings: [expect.stringContaining('is not a date')],
    },
    lacks: ['date'],
  },
  {
    name: '50,000 parameters',
    raw: `${HEAD}Content-Type: text/plain; ${repeated(50_000, (n) => `p${n}=x`).join(';\n ')}\n\nthe text\n`,
    read: { text_body: 'the text' },
  },
  {
    name: 'a text of 60 MB in one line',
    raw: Buffer.concat([Buffer.from(`${HEAD}\n`), Buffer.alloc(60_000_000, 'x')]),
    read: { text_body: 'x'.repeat(6_000), warnings: [expect.stringContaining('only its start was read')] },
  },
  {
    name: '5,000 alternatives',
    raw: `${HEAD}Content-Type: multipart/alternative; boundary=b\n\n${repeated(5_000, () => '--b\nContent-Type: text/html\n\n<p>text\n').join('')}--b--\n`,
    read: { text_body: 'text' },
  },
  {
    name: 'a multipart without parts',
    raw: `${HEAD}Content-Type: multipart/mixed; boundary=b\n\nthe text\n`,
    read: { folder: 'INBOX' },
  },
  {
    name: 'the same boundary on all levels',
    raw: `${HEAD}${'Content-Type: multipart/mixed; boundary=b\n\n--b\n'.repeat(30)}\nthe text\n--b--\n`,
    read: { text_body: expect.stringContaining('the text') },
  },
  {
    name: '500 empty groups',
    raw: `${HEAD}Cc: ${'g:;, '.repeat(500)}\n\nthe text\n`,
    read: { text_body: 'the text' },
  },
];

/** Limit of processor time. Without the limits of the parsers the worst messages would take minutes. */
const MAX_MS = 10_000;
const MAX_CHARS = 200_000;

describe('a message with', () => {
  const account = { value: newAccountOnce() };
  const uidOf = (name: string) => BAD_MESSAGES.findIndex((one) => one.name === name) + 1;

  test.each(BAD_MESSAGES)('$name is listed and read', async ({ name, read, lacks = [] }) => {
    const uid = uidOf(name);
    await using tools = openMailTools(account.value());
    const page = BAD_MESSAGES.length - uid + 1;
    const listed = await inTime(tools.call('list_mail_messages', { folder: 'INBOX', per_page: 1, page }));
    expect(listed).toMatchObject({ messages: [{ uid }] });
    const message = await inTime(tools.call('get_mail_message', { folder: 'INBOX', uid }));
    const ofHead = { subject: 'An honest subject', date: '2025-05-05T10:00:00Z' };
    const expected = Object.entries({ ...ofHead, ...read }).filter(([field]) => !lacks.includes(field));
    expect(message).toMatchObject(Object.fromEntries(expected));
    for (const field of lacks) expect(message).not.toHaveProperty(field);
    expect(JSON.stringify(message).length).toBeLessThan(MAX_CHARS);
  });

  test('none of them prevents the others from being listed', async () => {
    await using tools = openMailTools(account.value());
    const listed = await inTime(tools.call('list_mail_messages', { folder: 'INBOX', per_page: 100 }));
    expect(listed.messages).toHaveLength(BAD_MESSAGES.length);
    expect(JSON.stringify(listed).length).toBeLessThan(MAX_CHARS);
  });
});

describe('any message', () => {
  const token = fc.constantFrom(
    ...[
      '\n',
      '\n\n',
      ' ',
      '\t',
      ';',
      ':',
      ',',
      '"',
      '(',
      ')',
      '<',
      '>',
      '@',
      '=',
      '?',
      '\\',
      '\0',
      '\r',
      '--b',
      '--b--',
      '\n--b\n',
    ],
    ...[
      '=?utf-8?Q?=C3=A4?=',
      '=?x?B?',
      '=?utf-8?',
      '{10}',
      '{10+}\n',
      'Content-Type',
      'Subject',
      'To',
      'From',
      'Date',
      'References',
    ],
    ...[
      'Content-Disposition: ',
      'Content-Transfer-Encoding: base64',
      'multipart/alternative; boundary=b',
      'message/rfc822',
      'text/html',
      'text/calendar',
      'message/delivery-status',
      'application/pkcs7-mime',
      'application/ms-tnef',
      'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:',
      'Final-Recipient: ',
    ],
    ...[
      'charset=',
      'iso-2022-jp',
      'utf-7',
      'utf-16le',
      'name*0*=',
      "utf-8''%",
      'filename=',
      'format=flowed',
      '<p style="',
      '&#x',
      '=3D',
      '=\n',
    ],
    ...['\u{1f511}', 'ä', '\u{202e}', '\u{feff}', '\x80\xff', '-1', '99999999999999999999'],
  );
  const field = fc
    .tuple(
      fc.constantFrom(
        'Subject',
        'From',
        'To',
        'Date',
        'References',
        'Message-ID',
        'Content-Type',
        'Content-Transfer-Encoding',
        'Content-Disposition',
        'MIME-Version',
        'X-Other',
      ),
      fc.array(token, { maxLength: 8 }),
    )
    .map(([name, value]) => `${name}: ${value.join('')}\n`);
  const entity = fc
    .tuple(fc.array(field, { maxLength: 8 }), fc.array(token, { maxLength: 20 }))
    .map(([fields, body]) => `${fields.join('')}\n${body.join('')}`);
  const generated = fc.oneof(
    entity,
    fc
      .array(entity, { maxLength: 5 })
      .map((parts) => `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n${parts.join('\n--b\n')}\n--b--\n`),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(
        fc.constantFrom('utf-7', 'utf-16', 'iso-2022-jp', 'gb18030', 'koi8-r', 'x', ''),
        fc.uint8Array({ maxLength: 200 }),
      )
      .map(([charset, bytes]) =>
        Buffer.concat([Buffer.from(`${HEAD}Content-Type: text/html; charset=${charset}\n\n`), Buffer.from(bytes)]),
      ),
  );

  test('is listed, read and searched without an error', async () => {
    const messages = fc.sample(generated, { numRuns: 300, seed: Date.now() });
    const account = newAccount();
    storeInInbox(account, messages);
    await using tools = openMailTools(account);
    for (const page of [1, 2, 3]) {
      const { messages: listed } = await tools.call('list_mail_messages', { folder: 'INBOX', per_page: 100, page });
      expect(listed).toHaveLength(100);
    }
    for (const [index, raw] of messages.entries()) {
      const args = { folder: 'INBOX', uid: index + 1, body_format: 'both' };
      await tools.call('get_mail_message', args).catch((error: unknown) => {
        throw new Error(`cannot read ${JSON.stringify(raw.toString('latin1'))}`, { cause: error });
      });
    }
    const found = await tools.call('search_mail_messages', {
      folder: 'INBOX',
      query: 'ALL',
      with_envelopes: true,
      per_page: 100,
    });
    expect(found.count).toBe(300);
  });
});

function newAccountOnce(): () => ReturnType<typeof newAccount> {
  let account: ReturnType<typeof newAccount> | undefined;
  return () => {
    if (account === undefined) {
      account = newAccount();
      storeInInbox(
        account,
        BAD_MESSAGES.map(({ raw }) => raw),
      );
    }
    return account;
  };
}

async function inTime(call: ReturnType<MailTools['call']>): Promise<Record<string, unknown>> {
  let result: unknown;
  const spentMs = await cpuMs(async () => {
    result = await call;
  });
  expect(spentMs).toBeLessThan(MAX_MS);
  return z.record(z.string(), z.unknown()).parse(result);
}
