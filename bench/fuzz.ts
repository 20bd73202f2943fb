/**
 * Looks for messages and requests that keep a second person waiting: changes hostile ones at random, and keeps the worst.
 * Writes fuzzed.json, which goal 7 measures as well.
 */
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { hostileAddressLists } from '../test/support/hostile-requests.ts';
import { newAccount } from '../test/support/mail/accounts.ts';
import { HOSTILE_SHAPES, HostileShape, rawMessage, shape } from '../test/support/mail/hostile-messages.ts';
import { appendMessages } from '../test/support/mail/mailboxes.ts';
import type { BenchContext } from './bench-context.ts';
import { callBody, startHostileCaller } from './hostile-callers.ts';
import { timed } from './measure.ts';
import { type BenchServer, startBenchServer } from './server.ts';

/** A text argument of a tool: `unit` again and again, up to `length` characters. */
const HostileArgument = z.object({
  tool: z.string(),
  argument: z.string(),
  others: z.record(z.string(), z.string()),
  unit: z.string(),
  length: z.number(),
});
type HostileArgument = z.output<typeof HostileArgument>;

const Fuzzed = z.object({
  messages: z.array(z.object({ worstMs: z.number(), shape: HostileShape })),
  requests: z.array(z.object({ worstMs: z.number(), shape: HostileArgument })),
});
export type Fuzzed = z.output<typeof Fuzzed>;

const FILE = new URL('./fuzzed.json', import.meta.url);

/** What the last run of the fuzzer found. */
export function readFuzzed(): Fuzzed {
  return Fuzzed.parse(JSON.parse(readFileSync(FILE, 'utf8')));
}

/** The arguments of a `tools/call` with this text. */
export function argumentsOf({ argument, others, unit, length }: HostileArgument): Record<string, string> {
  return { ...others, [argument]: unit.repeat(Math.ceil(length / unit.length)).slice(0, length) };
}

const KEPT = 3;
/** Candidates that are changed further. */
const POPULATION = 8;
const PROBE_MS = 10;
/** The longest wait for the answer to one candidate. */
const MAX_CALL_MS = 10_000;
const MB = 1024 * 1024;
/** As long as Dovecot accepts without delay. */
const MAX_MESSAGE_BYTES = 8 * MB;

/** A candidate, and how long a second person waited for /health at most while it was handled. */
interface Found<Shape> {
  worstMs: number;
  shape: Shape;
}

/** @param minutes for both kinds together */
export async function fuzz(context: BenchContext, minutes: number): Promise<void> {
  await using server = await startBenchServer(context.servers.ca);
  const half = minutes * 30_000;
  const messages = await search<HostileShape>(half, Object.values(HOSTILE_SHAPES), changedMessage, async (hostile) => {
    const owner = newAccount({}, context.servers);
    await appendMessages(
      owner,
      { INBOX: [{ raw: rawMessage(hostile), flags: [], date: new Date() }] },
      context.servers,
    );
    const token = await server.tokenFor(owner);
    const args = { folder: 'INBOX', uid: 1, max_chars: 200_000, body_format: 'both' };
    return Math.max(
      await worstHealth(server, token, callBody('list_mail_messages', {})),
      await worstHealth(server, token, callBody('get_mail_message', args)),
    );
  });
  const token = await server.tokenFor(newAccount({}, context.servers));
  const requests = await search<HostileArgument>(half, ARGUMENTS, changedArgument, (hostile) =>
    worstHealth(server, token, callBody(hostile.tool, argumentsOf(hostile))),
  );
  writeFileSync(FILE, `${JSON.stringify({ messages, requests } satisfies Fuzzed, null, 2)}\n`);
}

async function search<Shape>(
  durationMs: number,
  seeds: readonly Shape[],
  change: (shape: Shape, other: Shape) => Shape,
  measure: (shape: Shape) => Promise<number>,
): Promise<Found<Shape>[]> {
  const end = performance.now() + durationMs;
  let population: Found<Shape>[] = [];
  for (let tried = 0; performance.now() < end; tried += 1) {
    const parent = pick(population)?.shape ?? pick(seeds);
    const other = pick(seeds);
    if (parent === undefined || other === undefined) break;
    // The first candidates are the known ones, and later a few that are not related to the worst.
    const candidate = seeds[tried] ?? change(randomInt(4) === 0 ? other : parent, other);
    const first = await measure(candidate);
    // One slow answer may be an accident: the better of two counts.
    const isCandidate = population.length < POPULATION || first > (population.at(-1)?.worstMs ?? 0);
    const worstMs = isCandidate ? Math.min(first, await measure(candidate)) : first;
    population = [...population, { worstMs, shape: candidate }]
      .toSorted((a, b) => b.worstMs - a.worstMs)
      .slice(0, POPULATION);
    if (tried % 20 === 0) console.log(`${tried} candidates: at most ${population[0]?.worstMs.toFixed(0)} ms`);
  }
  return population.slice(0, KEPT).map(({ worstMs, shape: found }) => ({ worstMs: Math.round(worstMs), shape: found }));
}

/** The longest answer of /health until the call is answered, in milliseconds. The call is sent by another thread. */
async function worstHealth({ origin }: BenchServer, token: string, body: string): Promise<number> {
  const caller = startHostileCaller({ port: Number(new URL(origin).port), tokens: [token], atOnce: 1, body });
  const end = performance.now() + MAX_CALL_MS;
  let worst = 0;
  while (caller.answers === 0 && performance.now() < end) {
    const took = await timed(async () => void (await (await fetch(`${origin}/health`)).text()));
    worst = Math.max(worst, took);
    await sleep(PROBE_MS);
  }
  await caller.stop();
  return worst;
}

function pick<Value>(values: readonly Value[]): Value | undefined {
  return values.length === 0 ? undefined : values[randomInt(values.length)];
}

const PIECES = [
  ...[
    '<b>',
    '</b>',
    '<td>',
    '<table>',
    '<div style="color:red">',
    '<a href=https://e.test/>',
    '<!--',
    '&amp;',
    '&#x41;',
    '<br>',
  ],
  ...[
    '<p>',
    '<style>',
    '<blockquote>',
    '<li>',
    '<![CDATA[',
    '<svg>',
    '<script>',
    '<select><option>',
    '<x y="z">',
    '<pre>',
  ],
  ...[
    '+AGE-',
    '+',
    '=3D',
    '= \t\n',
    '=?utf-8?Q?=41?= ',
    '=?x?B?',
    'a=',
    '====',
    '\x1b$B$"',
    '\x81\x30',
    '\xff',
    '\xe2\x80\x8b',
  ],
  ...[
    ' \n',
    '> ',
    '\r',
    '\n',
    '\t',
    ' ',
    '\0',
    '(',
    ')',
    '"',
    '\\',
    '<',
    '>',
    '@',
    ',',
    ';',
    ':',
    '.',
    '<a@b.test> ',
    'x',
  ],
  ...[
    'http://a.test/',
    'https://e@b.test ',
    'javascript:',
    '\xc3\xa4',
    '\xf3\xa0\x81\xa1',
    '-- \n',
    '--b\r\n',
    'a b ',
    '[',
    ']',
    '{',
    '}',
  ],
];
const CHARSETS = [
  'utf-8',
  'utf-7',
  'utf-16',
  'iso-2022-jp',
  'gb18030',
  'big5',
  'iso-8859-8-i',
  'x-unknown',
  'us-ascii',
  null,
];
const ENCODINGS = ['7bit', '8bit', 'quoted-printable', 'base64'] as const;
const FIELDS = [
  'To',
  'Cc',
  'Subject',
  'References',
  'Message-ID',
  'List-Unsubscribe',
  'Reply-To',
  'Date',
  'X-Spam',
  'In-Reply-To',
];
const TYPES = ['text/plain', 'text/html'] as const;

function changedUnit(unit: string): string {
  const piece = pick(PIECES) ?? 'x';
  return pick([piece, unit + piece, piece + unit, unit.slice(0, Math.ceil(unit.length / 2)), unit.repeat(2)]) ?? piece;
}

function changedMessage(hostile: HostileShape, other: HostileShape): HostileShape {
  const fields = {
    ...hostile.headers,
    [pick(FIELDS) ?? 'To']: { start: '', unit: changedUnit('x'), bytes: 4 ** randomInt(2, 10) },
  };
  const given = pick<Partial<HostileShape>>([
    { unit: changedUnit(hostile.unit) },
    { unit: changedUnit(hostile.unit) },
    { unit: other.unit, type: other.type, charset: other.charset, encoding: other.encoding },
    { start: changedUnit(hostile.start), end: changedUnit(hostile.end) },
    { type: pick(TYPES) ?? hostile.type },
    { encoding: pick(ENCODINGS) ?? hostile.encoding },
    { charset: pick(CHARSETS) ?? null },
    { isFlowed: !hostile.isFlowed },
    { parts: 2 ** randomInt(8) },
    { partBytes: 4 ** randomInt(4, 11) },
    { headers: fields },
  ]);
  const changed = { ...hostile, ...given };
  const { parts, partBytes } = changed;
  return shape({ ...changed, partBytes: Math.min(partBytes, Math.floor(MAX_MESSAGE_BYTES / parts)) });
}

const ARGUMENTS: readonly HostileArgument[] = [
  ...Object.values(hostileAddressLists).map((listOf) => sending({ argument: 'to', unit: listOf(40), length: 32_000 })),
  ...['漢', '\r', 'x', '😀', '[', '{"a":'].map((unit) => sending({ argument: 'text_body', unit, length: 1_000_000 })),
  { tool: 'search_mail_messages', argument: 'query', others: {}, unit: 'NOT ', length: 32_000 },
  { tool: 'list_mail_messages', argument: 'folder', others: {}, unit: '\u{e0041}', length: 32_000 },
];

function sending(given: Pick<HostileArgument, 'argument' | 'unit' | 'length'>): HostileArgument {
  return { tool: 'create_draft_mail_message', others: { to: '', subject: 'x', text_body: 'x' }, ...given };
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  create_draft_mail_message: ['to', 'cc', 'subject', 'text_body', 'html_body', 'in_reply_to', 'references'],
  search_mail_messages: ['query', 'folder'],
  list_mail_messages: ['folder', 'page', 'cursor'],
  get_mail_message: ['uid', 'folder'],
};

function changedArgument(hostile: HostileArgument): HostileArgument {
  const others = hostile.tool === 'create_draft_mail_message' ? { to: '', subject: 'x', text_body: 'x' } : {};
  const given = pick<Partial<HostileArgument>>([
    { unit: changedUnit(hostile.unit) },
    { unit: changedUnit(hostile.unit) },
    { argument: pick(NAMES[hostile.tool] ?? []) ?? hostile.argument, others },
    { tool: pick(Object.keys(NAMES)) ?? hostile.tool, others: {} },
    { length: Math.min(4_000_000, 4 ** randomInt(4, 12)) },
  ]);
  return { ...hostile, ...given };
}
