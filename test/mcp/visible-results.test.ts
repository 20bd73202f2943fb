/** What any tool says about hostile mail and hostile answers of Missive, in results and in errors: nothing in it is without a glyph. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCatalog } from '../../src/mcp/catalog.ts';
import { type Caller, callTool, resultParts } from '../../src/mcp/endpoint/call-tool.ts';
import { mailTools } from '../../src/mcp/tools/mail.ts';
import { missiveTools } from '../../src/mcp/tools/missive.ts';
import { UNLIMITED } from '../../src/policy.ts';
import { openMailTools } from '../support/app/mail-tools.ts';
import { startScriptedImap } from '../support/mail/scripted-imap.ts';
import { startScriptedSmtp } from '../support/mail/scripted-smtp.ts';
import { startMissiveTools } from '../support/missive/missive-tools.ts';
import { files } from './missive/rows/people.ts';
import { rows } from './missive/rows/rows.ts';

/** By category, and one by one what has another category and no glyph all the same. Written anew: the code under test has its own list. */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|\u034f|[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc]|[\u180b-\u180f]|[\ufe00-\ufe0f]|\u{16fe4}|\u{1d159}|[\u{e0100}-\u{e01ef}]/u;

const ranges = [
  ...[
    [0x01, 0x09],
    [0x0b, 0x0c],
    [0x0e, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x34f, 0x34f],
    [0x61c, 0x61c],
    [0x115f, 0x1160],
  ],
  ...[
    [0x17b4, 0x17b5],
    [0x180b, 0x180f],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0x2800, 0x2800],
    [0x3164, 0x3164],
  ],
  ...[
    [0xe000, 0xe002],
    [0xfdd0, 0xfdd1],
    [0xfe00, 0xfe0f],
    [0xfeff, 0xfeff],
    [0xffa0, 0xffa0],
    [0xfff0, 0xfffc],
    [0xfffe, 0xffff],
  ],
  ...[
    [0x13430, 0x13440],
    [0x16fe4, 0x16fe4],
    [0x1bca0, 0x1bca3],
    [0x1d159, 0x1d159],
    [0x1d173, 0x1d17a],
    [0xe0000, 0xe007f],
    [0xe0100, 0xe0110],
    [0xe01ef, 0xe0fff],
    [0xf0000, 0xf0001],
    [0x10fffd, 0x10ffff],
  ],
];
const HIDDEN = ranges
  .flatMap(([first = 0, last = 0]) => Array.from({ length: last - first + 1 }, (_, n) => first + n))
  .filter((code) => code < 0xe0300)
  .map((code) => String.fromCodePoint(code));

const CHARACTERS_OF_A_PIECE = 150;

/** All of them in a few texts, each alone and in a row. */
const PIECES = Array.from({ length: Math.ceil(HIDDEN.length / CHARACTERS_OF_A_PIECE) }, (_, n) => {
  const some = HIDDEN.slice(n * CHARACTERS_OF_A_PIECE, (n + 1) * CHARACTERS_OF_A_PIECE);
  return `${some.map((character) => `a${character}b`).join('')} x${some.join('')}y`;
});
const EVERYTHING = PIECES.join(' ');

const few = fc
  .array(
    fc.oneof(fc.constantFrom(...HIDDEN), fc.constantFrom('a', ' ', '\\', 'u{', '200B}', '<', '&', ';', '[', '=?')),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((pieces) => pieces.join(''));

const log = { debug() {}, info() {}, warn() {}, error() {} };

/** Every text of the result or the error as both protocol eras send it, by its place. */
function textsOf(value: unknown, place = ''): [place: string, text: string][] {
  if (typeof value === 'string') return [[place, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [
    [`${place} key`, key] as [string, string],
    ...textsOf(each, `${place}.${key}`),
  ]);
}

const BODIES = /\.(?:text_body|html_body|body|preview|markdown|text|description|message|notes)$/;

/** The places where something is left that people cannot see. */
function unseenIn(outcome: Awaited<ReturnType<typeof callTool>>): string[] {
  const { texts, structure } = resultParts(outcome, '2026');
  const parsed = 'json' in outcome ? [] : texts;
  const found = textsOf([parsed, structure === undefined ? {} : JSON.parse(structure)]);
  return found
    .map(([place, text]) => [place, BODIES.test(place) ? text.replace(/[\t\n]/g, ' ') : text] as const)
    .filter(([, text]) => UNSEEN.test(text))
    .map(
      ([place, text]) => `${place}: U+${text.match(UNSEEN)?.[0].codePointAt(0)?.toString(16)} in ${text.slice(0, 40)}`,
    );
}

const mailCatalog = createCatalog(mailTools);

const literal = (bytes: string | Buffer) => {
  const text = Buffer.from(bytes);
  return `{${text.length}}\n${text}`;
};
const encodedWord = (text: string) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
const percented = (text: string) => [...Buffer.from(text)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('');
const asReferences = (text: string) => [...text].map((c) => `&#${c.codePointAt(0)};`).join('');
const asModifiedUtf7 = (text: string) => {
  const units = Buffer.from(text, 'utf16le').swap16().toString('base64');
  return `&${units.replaceAll('/', ',').replace(/=+$/, '')}-`;
};

/** The text in each way in which a field can hold it; bare line ends would end the response. */
const spellingsOf = (text: string) => [encodedWord(text), text.replace(/[\r\n]/g, '')];

function listOf(spelled: string, plain: string): string {
  const base = '* LIST (\\HasNoChildren \\Subscribed';
  return [
    `${base} \\Drafts) "/" "Drafts"\n${base} \\Sent) "/" "Sent"\n${base} \\Trash) "/" "Trash"`,
    `${base}) "/" "Twin\u034f"\n${base}) "/" "Twin"`,
    `${base} \\${spelled}) ${literal(plain.slice(0, 1))} ${literal(asModifiedUtf7(`Folder ${plain}`))}`,
    `${base}) NIL ${literal(`Raw ${plain}`)}`,
  ].join('\n');
}

function fetched(command: string, text: string, spelled: string): string {
  const plain = text.replace(/[\r\n]/g, '');
  const s = literal(spelled);
  const person = `((${s} NIL ${s} ${s}) (${literal(encodedWord(`"${text}" <x@y>`))} NIL "u" "e.test") (NIL NIL ${s} NIL) (NIL NIL NIL NIL))`;
  const envelope = `(${s} ${s} ${person} ${person} ${person} ${person} ${person} ${person} ${literal(`<${plain.replace(/[\s<>]/g, '')}@in>`)} ${literal(`<${plain.replace(/[\s<>]/g, '')}@id>`)})`;
  const html = `<p title="${text}">${text}</p><a href="https://x.example/${text}">${text}</a><img alt="${text}">${asReferences(text)}&shy;&ZeroWidthSpace;`;
  const body = [
    Buffer.from(`body ${text} https://bank.example${percented(text)}@x.example/`).toString('base64'),
    Buffer.from(html).toString('base64'),
  ];
  const named = `(${literal('NAME*')} ${literal(`utf-8''${percented(text)}`)} "CHARSET" "utf-8")`;
  const structure = [
    `("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "BASE64" ${body[0]?.length} 1)`,
    `("TEXT" "HTML" ("CHARSET" "utf-8") ${s} ${s} "BASE64" ${body[1]?.length} 1)`,
    `("APPLICATION" ${s} ${named} ${s} ${s} "BASE64" 4 NIL ("ATTACHMENT" ("FILENAME" ${s})))`,
    `("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 4 ${envelope} ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) 1)`,
  ];
  const leaving = `List-Unsubscribe: <https://x.example/${percented(plain.slice(0, 200))}>`;
  const references = `References: ${`<${plain.replace(/[\s<>]/g, '')}@ref> `.repeat(2)}`;
  const items = [
    `UID 10 FLAGS (\\Seen ${literal(plain.replace(/[\s()"\\{]/g, '') || 'x')}) INTERNALDATE "01-Jan-2025 00:00:00 +0000" RFC822.SIZE 5`,
    /ENVELOPE/.test(command) ? `ENVELOPE ${envelope}` : '',
    /BODYSTRUCTURE/.test(command) ? `BODYSTRUCTURE (${structure.join('')} "MIXED")` : '',
    /LIST-ID/.test(command)
      ? `BODY[HEADER.FIELDS (LIST-ID LIST-UNSUBSCRIBE)]<0> ${literal(`List-Id: ${plain}\r\n${leaving}`)}`
      : '',
    /REFERENCES/.test(command) ? `BODY[HEADER.FIELDS (REFERENCES)]<0> ${literal(references)}` : '',
    ...[1, 2].map((n) => (command.includes(`[${n}]`) ? `BODY[${n}]<0> ${literal(body[n - 1] ?? '')}` : '')),
  ];
  return `* 1 FETCH (${items.filter((item) => item !== '').join(' ')})`;
}

const FOLDER = 'INBOX';
const message = { to: 'ann@a.example', subject: 'Hi', text_body: 'x' };

/** Calls of every tool; `hostile` is the text that the mailbox holds everywhere. */
const mailCalls = (hostile: string): [tool: string, args: Record<string, unknown>][] => [
  ['list_mailboxes', {}],
  ['list_mail_messages', {}],
  ['list_mail_messages', { preview: 1000, links: true }],
  ['list_mail_messages', { since: '1.1.0' }],
  ['list_mail_messages', { since: '2024-01-01', preview: 200 }],
  ['list_mail_messages', { folder: `Missing ${hostile.slice(0, 400)}` }],
  ['search_mail_messages', { query: 'SUBJECT x', with_envelopes: true }],
  ['search_mail_messages', { query: `FOO ${hostile}` }],
  ['get_mail_message', { folder: FOLDER, uid: 10, body_format: 'both' }],
  ['get_mail_message', { folder: FOLDER, uid: 11 }],
  ['get_mail_thread', { folder: FOLDER, uid: 10 }],
  ['get_mail_thread', { query: 'from:me OR -from:me' }],
  ['search_mail_messages', { query: 'nothing OR -nothing', folder: '*', preview: 100 }],
  ['search_mail_messages', { query: 'is:waiting', folder: '*' }],
  ['search_mail_messages', { query: `"${hostile.replace(/["\\\p{Cc}]/gu, '').slice(0, 400)}" x -x` }],
  ['send_mail_message', message],
  ['send_mail_message', { ...message, to: `${hostile} <a@b.example>, c${hostile}@d.example` }],
  ['create_draft_mail_message', { ...message, folder: `Missing ${hostile.slice(0, 400)}` }],
  ['create_draft_mail_message', message],
  ['move_mail_message', { folder: FOLDER, uid: 10, destination: `Missing ${hostile.slice(0, 400)}` }],
  ['move_mail_message', { folder: FOLDER, uid: 10, destination: 'Trash' }],
  ['update_mail_message_flags', { folder: FOLDER, uid: 10, add: [hostile.slice(0, 400)] }],
  ['update_mail_message_flags', { folder: FOLDER, uid: 10, add: ['\\Seen'] }],
  ['delete_mail_message', { folder: FOLDER, uid: 10 }],
  ['unsubscribe_mail', { folder: FOLDER, uid: 10 }],
  [`no tool ${hostile}`, { [hostile]: hostile }],
];

async function openHostileMailbox() {
  const content = { text: '', spelled: '' };
  const capabilities = 'IMAP4rev1 UIDPLUS MOVE SPECIAL-USE LIST-EXTENDED';
  const imap = await startScriptedImap(
    (command) => {
      const { text, spelled } = content;
      const plain = text.replace(/[\r\n]/g, '');
      if (/^(?:EXAMINE|SELECT|COPY|UID MOVE|UID COPY|APPEND|STATUS).*Missing/s.test(command)) {
        return `TAG NO [${plain.replace(/[\]\s]/g, '')}] ${plain}`;
      }
      if (/^(?:LIST|LSUB)/.test(command))
        return /"\*"/.test(command) ? `${listOf(spelled, plain)}\nTAG OK x` : undefined;
      if (/^STATUS/.test(command)) return `TAG NO [X${plain.replace(/[\]\s]/g, '')}] no`;
      if (/FETCH/.test(command) && !/ 11 /.test(command)) return `${fetched(command, text, spelled)}\nTAG OK done`;
      if (/SEARCH/.test(command)) return '* SEARCH 10\nTAG OK done';
      if (/^(?:UID MOVE|UID STORE|UID EXPUNGE|APPEND)/.test(command))
        return `TAG NO [Y${plain.replace(/[\]\s]/g, '')}] ${plain}`;
      return undefined;
    },
    { capabilities },
  );
  const smtp = await startScriptedSmtp({
    answers: { DATA: `554-5.7.1 ${EVERYTHING.replace(/[\r\n]/g, '')}\r\n554 5.7.1 x` },
  });
  const login = { kind: 'password' as const, username: randomUUID(), password: 'secret' };
  const account = {
    ...{ fullName: '', email: 'ada@example.test' },
    ...{ imap: { server: imap.server, login }, smtp: { server: smtp.server, login } },
  };
  const tools = openMailTools(account);
  return {
    content,
    session: tools.session,
    [Symbol.asyncDispose]: async () => {
      await tools[Symbol.asyncDispose]();
      await imap[Symbol.asyncDispose]();
      await smtp[Symbol.asyncDispose]();
    },
  };
}

test('of hostile mail no tool returns or reports what people cannot see', { timeout: 60_000 }, async () => {
  await using mailbox = await openHostileMailbox();
  const { content, session } = mailbox;
  const succeeded = new Set<string>();
  const check = async (text: string, spelled: string) => {
    Object.assign(content, { text, spelled });
    for (const [name, args] of mailCalls(text)) {
      const exchange = { era: '2026' as const, caller: { session, permit: UNLIMITED }, record: {} };
      const outcome = await callTool({ name, arguments: args }, exchange, { catalog: mailCatalog, log });
      if ('json' in outcome) succeeded.add(name);
      expect(unseenIn(outcome), name).toEqual([]);
    }
  };
  for (const text of PIECES) {
    for (const spelled of spellingsOf(text)) await check(text, spelled);
  }
  expect([...succeeded]).toEqual([
    'list_mailboxes',
    'list_mail_messages',
    'search_mail_messages',
    'get_mail_message',
    'get_mail_thread',
    'unsubscribe_mail',
  ]);
  await fc.assert(
    fc.asyncProperty(few, async (text) => {
      for (const spelled of spellingsOf(text)) await check(text, spelled);
    }),
    { numRuns: 2 },
  );
});

const GUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;

/** The value with the text at the end of each of its texts, and in the names of members. */
function poisoned(value: unknown, text: string, isAll: boolean): unknown {
  if (typeof value === 'string') return !isAll && GUID.test(value) ? value : `${value}${text}`;
  if (Array.isArray(value)) return value.map((each) => poisoned(each, text, isAll));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, each]) => [key, poisoned(each, text, isAll)]);
  return { ...Object.fromEntries(members), [`more${text}`]: text };
}

const missiveCatalog = createCatalog(missiveTools);

describe('of hostile answers of Missive no tool returns or reports what people cannot see', () => {
  test.each(Object.entries(rows))('%s', async (name, { good }) => {
    await using tools = await startMissiveTools({ files });
    const args = good[0]?.args ?? {};
    for (const isAll of [false, true]) {
      const api = {
        ...tools.session.api,
        request: async (request: Parameters<typeof tools.session.api.request>[0]) =>
          poisoned(await tools.session.api.request(request), EVERYTHING, isAll),
      };
      const caller: Caller<typeof tools.session> = { session: { ...tools.session, api }, permit: UNLIMITED };
      const exchange = { era: '2026' as const, caller, record: {} };
      const outcome = await callTool({ name, arguments: args }, exchange, { catalog: missiveCatalog, log });
      if (!isAll) expect(outcome).toHaveProperty('json');
      expect(unseenIn(outcome)).toEqual([]);
      tools.missive.misbehave({ kind: 'answer', status: 400, json: { error: { message: EVERYTHING } } });
    }
  });
});
