/** The time that arguments of any length and content take on the event loop, before a mail server is asked. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ToolError } from '../../src/errors.ts';
import type { MailAccount } from '../../src/mail/account.ts';
import { keyedMessageId } from '../../src/mail/send-once/keyed-message-id.ts';
import { createRecentResults } from '../../src/mail/send-once/recent-results.ts';
import { createCatalog } from '../../src/mcp/catalog.ts';
import type { MailSession } from '../../src/mcp/mail/mail-session.ts';
import type { MissiveSession } from '../../src/mcp/missive/missive-session.ts';
import { mailTools } from '../../src/mcp/tools/mail.ts';
import { missiveTools } from '../../src/mcp/tools/missive.ts';
import { UNLIMITED } from '../../src/policy.ts';

/** A longer turn of the event loop is felt by other calls. */
const MAX_MS = 150;
/** What the clock of CPU time may count at once. */
const TICK_MS = 4;
/** Below this a ratio says nothing. */
const MIN_MS = 12;
/** Four times as much takes four times as long; sixteen times is quadratic. */
const MAX_RATIO = 9;

const Schema = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  get items() {
    return Schema.optional();
  },
  required: z.array(z.string()).optional(),
});
type Schema = z.infer<typeof Schema>;

type Fill = (size: number) => unknown;

/** Text that parsers of addresses, search keys, dates, names and HTML have trouble with. */
const PIECES = [
  ...[
    'x',
    ' ',
    '\t',
    '(',
    '"',
    '\\',
    '<',
    ',',
    '@',
    ';',
    ':',
    '[',
    '{"a":',
    '&',
    '%',
    '*',
    '/',
    '.',
    '-',
    '1',
    '=?',
    '\n',
  ],
  ...[
    'a@b.example,',
    'a <b@c>,',
    '(a',
    '"a" ',
    '<a',
    'g:;',
    '1,',
    '1:2,',
    'OR ',
    'NOT ',
    '( ',
    'SUBJECT x ',
    'UID 1:* ',
  ],
  ...[
    '\u200B',
    '\u0301',
    '\u202E',
    '\uD800',
    'é',
    '漢',
    '=?utf-8?q?=41?= ',
    '\\u{200B}',
    '<b>',
    '<!--',
    'https://',
    '\r\n',
    'xn--',
    '["',
    '[1,',
  ],
];

const texts = PIECES.map((piece): [string, Fill] => [
  `texts of ${JSON.stringify(piece)}`,
  (size) => piece.repeat(Math.ceil(size / piece.length)).slice(0, size),
]);

const lists: readonly (readonly [string, Fill])[] = [
  ['lists of texts', (size) => Array.from({ length: size / 16 }, (_, index) => `entry${index}`)],
  ['lists of one text', (size) => Array.from({ length: size / 16 }, () => '\\Seen')],
  ['lists of numbers', (size) => Array.from({ length: size / 16 }, (_, index) => index + 1)],
  ['lists of objects', (size) => Array.from({ length: size / 32 }, () => ({ a: 1 }))],
  ['lists of addresses', (size) => Array.from({ length: size / 64 }, (_, index) => `a${index}@b.example`)],
  ['lists as text', (size) => JSON.stringify(Array.from({ length: size / 8 }, (_, index) => index))],
  [
    'objects of many members',
    (size) => Object.fromEntries(Array.from({ length: size / 16 }, (_, n) => [`k${n}`, 'x'])),
  ],
];

/** A value that the schema accepts, with as little as possible. */
function smallest(schema: Schema): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === 'object') {
    const members = (schema.required ?? []).map((name) => [name, smallest(schema.properties?.[name] ?? {})]);
    return Object.fromEntries(members);
  }
  if (schema.type === 'array') return [smallest(schema.items ?? {})];
  if (schema.type === 'integer' || schema.type === 'number') return 5;
  return schema.type === 'boolean' ? true : 'ann@a.example';
}

/** Every place of a value within the arguments, with a function that builds the arguments around a value there. */
function placesOf(schema: Schema): { path: string; around(value: unknown): unknown }[] {
  if (schema.type === 'array') {
    return placesOf(schema.items ?? {}).map(({ path, around }) => ({
      path: `[]${path}`,
      around: (value) => [around(value)],
    }));
  }
  const base = smallest(schema);
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const within = (value: unknown) => ({ ...(typeof base === 'object' && base), [name]: value });
    const inner = placesOf(member).map(({ path, around }) => ({
      path: `.${name}${path}`,
      around: (value: unknown) => within(around(value)),
    }));
    return [{ path: `.${name}`, around: within }, ...inner];
  });
}

const unreachable = async () => {
  throw new ToolError('This test has no server.');
};

const server = { host: 'mail.example.com', port: 993, security: 'tls' as const };
const login = { kind: 'password' as const, username: 'ann@a.example', password: 'secret' };
const account: MailAccount = {
  ...{ email: 'ann@a.example', fullName: 'Ann' },
  ...{ imap: { server, login }, smtp: { server, login } },
};

const mailSession = {
  account: account,
  permit: UNLIMITED,
  ...{ readImap: unreachable, changeImap: unreachable, runJob: unreachable, submit: unreachable },
  wholeMailbox: { readImap: unreachable, changeImap: unreachable, finishImap: unreachable },
  checkSendLimit: async () => {},
  countedChange: (_: number, change: () => Promise<unknown>) => change(),
  keyedMessageId: (call: Parameters<typeof keyedMessageId>[2]) => keyedMessageId(Buffer.alloc(32), account, call),
  recentResults: createRecentResults({ now: () => new Date() }),
  attachments: { publish: unreachable, fetchOwn: unreachable },
  now: () => new Date(),
} as unknown as MailSession;

const missiveSession = new Proxy({}, { get: () => unreachable }) as unknown as MissiveSession;

const services = {
  mail: { catalog: createCatalog(mailTools), session: mailSession, fills: [...texts, ...lists] },
  // The tools have few kinds of parameters.
  missive: { catalog: createCatalog(missiveTools), session: missiveSession, fills: [...texts.slice(0, 8), ...lists] },
};

/** The shortest of some calls: what else the machine does only makes them longer. */
async function costOf(call: () => Promise<unknown>, isEnough = (ms: number) => ms < MAX_MS): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 4 && !isEnough(least); turn += 1) {
    const before = process.threadCpuUsage();
    await call().catch(() => undefined);
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

describe.each(['mail', 'missive'] as const)('the arguments of the tools of %s', (service) => {
  const { catalog, session, fills } = services[service];

  test.each(catalog.list(UNLIMITED).map((listing) => [listing.name, listing] as const))(
    'HTTP-03 cost time in proportion to their length: %s',
    { timeout: 60_000 },
    async (name, { inputSchema }) => {
      const found: string[] = [];
      const call = (args: unknown) => catalog.call(name, args, UNLIMITED, session as MailSession & MissiveSession);
      await call({}).catch(() => undefined);
      for (const { path, around } of placesOf(Schema.parse(inputSchema))) {
        for (const [what, fill] of fills) {
          // The longest text that is parsed as JSON is twice as long as a list of addresses may be.
          const costs = [];
          for (const size of [65_536, 32_768, 16_384]) {
            const args = around(fill(size));
            costs.push(
              await costOf(
                () => call(args),
                (ms) => ms < MIN_MS,
              ),
            );
            if ((costs[0] ?? 0) < MIN_MS) break;
          }
          const [most = 0, , least = most] = costs;
          if (most > MAX_MS || (most > MIN_MS && most / Math.max(least, TICK_MS) > MAX_RATIO))
            found.push(`${path}: ${what}: ${costs.join(', ')} ms`);
        }
      }
      expect(found).toEqual([]);
    },
  );

  test.each(['x', ' ', '(', '<b>', 'a@b.example,', '\u200B', '漢', '\r\n'])(
    'HTTP-03 do not stop the event loop in the longest text that is accepted, of %j',
    { timeout: 60_000 },
    async (piece) => {
      const text = piece.repeat(1_000_000 / piece.length);
      const found: string[] = [];
      for (const { name, inputSchema } of catalog.list(UNLIMITED)) {
        for (const { path, around } of placesOf(Schema.parse(inputSchema))) {
          const ms = await costOf(() =>
            catalog.call(name, around(text), UNLIMITED, session as MailSession & MissiveSession),
          );
          if (ms > MAX_MS) found.push(`${name}${path}: ${ms} ms`);
        }
      }
      expect(found).toEqual([]);
    },
  );
});
