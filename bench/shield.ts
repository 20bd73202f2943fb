/** Goal 7: the calls of a second person while hostile calls run, compared with the same calls without them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MailAccount } from '../src/mail/account.ts';
import { HOSTILE_FILES } from '../test/support/files/hostile-files.ts';
import { hostileAddresses, longTexts, manyValues } from '../test/support/hostile-requests.ts';
import { newAccount } from '../test/support/mail/accounts.ts';
import { message } from '../test/support/mail/build-message.ts';
import { HOSTILE_SHAPES, rawMessage } from '../test/support/mail/hostile-messages.ts';
import { appendMessages } from '../test/support/mail/mailboxes.ts';
import type { BenchContext } from './bench-context.ts';
import { LONG_SUBJECT, longThreadMailbox } from './everyday/long-thread.ts';
import { createSampleAccount } from './everyday/stored-mailbox.ts';
import { argumentsOf, readFuzzed } from './fuzz.ts';
import { callBody, type HostileCaller, startHostileCaller } from './hostile-callers.ts';
import { timed } from './measure.ts';
import { differenceRow, plainRow, type Row } from './row.ts';
import { type BenchServer, type Call, startBenchServer } from './server.ts';

/** A request that is sent again and again. */
interface HostileInput {
  name: string;
  account(): Promise<MailAccount>;
  body: string;
  atOnce?: number;
}

const INTERVAL_MS = 100;
const MAX_P99_MS = 200;
const MAX_WORST_MS = 400;
const MAX_GROWTH_MB = 150;
/** A container of this size is a common default. */
const SMALL_MEMORY_MB = 384;
const FOUR_AT_ONCE_MS = 6_000;

/**
 * @param calls calls of the second person for each input
 * @param only the names of the inputs to measure
 */
export async function shield(context: BenchContext, { calls, only }: { calls: number; only: RegExp }): Promise<Row[]> {
  const floods = await startFloods();
  try {
    const inputs = (await hostileInputs(context, floods.port)).filter(({ name }) => only.test(name));
    return [
      ...(await secondPerson(context, inputs, calls)),
      await growth(context, inputs),
      await smallProcess(context, inputs),
    ];
  } finally {
    floods.child.kill();
  }
}

async function secondPerson(context: BenchContext, inputs: readonly HostileInput[], calls: number): Promise<Row[]> {
  await using server = await startBenchServer(context.servers.ca);
  const call = await server.connect(newAccount({}, context.servers));
  await timeCalls(server, call, 20);
  const alone = await timeCalls(server, call, calls);
  console.log(`undisturbed: p99 ${alone.p99.toFixed(0)} ms, worst ${alone.worst.toFixed(0)} ms`);
  const rows: Row[] = [];
  for (const input of inputs) {
    const hostile = await startHostile(server, input, 1);
    await sleep(500);
    const beside = await timeCalls(server, call, calls);
    await hostile.stop();
    const [p99, worst] = [beside.p99, beside.worst].map((time) => time.toFixed(0));
    console.log(
      `${input.name}: p99 ${p99} ms, worst ${worst} ms, ${hostile.answers} hostile answers, ${server.rssMb().toFixed(0)} MB`,
    );
    const row = { item: 7, unit: 'ms' };
    rows.push(
      differenceRow({ ...row, name: `p99 beside ${input.name}`, ours: beside.p99, yardstick: alone.p99 }, MAX_P99_MS),
      differenceRow({ ...row, name: '… worst', ours: beside.worst, yardstick: alone.worst }, MAX_WORST_MS),
    );
  }
  return rows;
}

/** Sends list_mailboxes and /health in turns, each at its time, whether or not the one before was answered. */
async function timeCalls(server: BenchServer, call: Call, count: number): Promise<{ p99: number; worst: number }> {
  const calls: Promise<number>[] = [];
  for (let n = 0; n < count; n += 1) {
    calls.push(
      timed(() =>
        n % 2 === 0
          ? call('tools/call', { name: 'list_mailboxes', arguments: {} })
          : fetch(`${server.origin}/health`).then((response) => response.text()),
      ),
    );
    await sleep(INTERVAL_MS);
  }
  const times = (await Promise.all(calls)).sort((a, b) => a - b);
  return { p99: times[Math.floor(times.length * 0.99)] ?? 0, worst: times.at(-1) ?? 0 };
}

/** The memory that four hostile callers at once add to a process that has served calls, the most of all inputs. */
async function growth(context: BenchContext, inputs: readonly HostileInput[]): Promise<Row> {
  let most = 0;
  for (const input of inputs) {
    await using server = await startBenchServer(context.servers.ca);
    await timeCalls(server, await server.connect(newAccount({}, context.servers)), 20);
    const before = server.rssMb();
    const peak = await peakOf(server, input);
    console.log(`${input.name}, four callers: from ${before.toFixed(0)} to ${peak.toFixed(0)} MB`);
    most = Math.max(most, peak - before);
  }
  const name = 'memory added by the worst of these, four callers at once';
  return plainRow({ item: 7, name, unit: 'MB', ours: most }, MAX_GROWTH_MB);
}

/** The answers of a process that may use 384 MB, after each input from four callers. */
async function smallProcess(context: BenchContext, inputs: readonly HostileInput[]): Promise<Row> {
  await using server = await startBenchServer(context.servers.ca, {}, SMALL_MEMORY_MB);
  let failures = 0;
  for (const input of inputs) {
    await peakOf(server, input).catch(() => 0);
    const isAlive = await fetch(`${server.origin}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!isAlive) failures += 1;
  }
  const name = `inputs that end a process of ${SMALL_MEMORY_MB} MB, four callers at once`;
  return plainRow({ item: 7, name, unit: '', ours: failures }, 0);
}

async function peakOf(server: BenchServer, input: HostileInput): Promise<number> {
  const hostile = await startHostile(server, input, 4);
  let most = 0;
  for (let waited = 0; waited < FOUR_AT_ONCE_MS; waited += INTERVAL_MS) {
    await sleep(INTERVAL_MS);
    most = Math.max(most, server.rssMb());
  }
  await hostile.stop();
  return most;
}

async function startHostile(server: BenchServer, input: HostileInput, callers: number): Promise<HostileCaller> {
  const accounts = await Promise.all(Array.from({ length: callers }, () => input.account()));
  const tokens = await Promise.all(accounts.map((account) => server.tokenFor(account)));
  const { body, atOnce = 1 } = input;
  return startHostileCaller({ port: Number(new URL(server.origin).port), tokens, atOnce, body });
}

async function startFloods(): Promise<{ child: ChildProcess; port: number }> {
  const program = fileURLToPath(new URL('../test/support/mail/hostile-imap.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { child, port: Number(String(line).trim()) };
}

const SHAPES = [
  'fifty HTML parts of quotations',
  'HTML of nested tables',
  'HTML with sibling selectors',
  'HTML with selectors of contents',
  'HTML with many rules for everything',
  'fifty parts of UTF-7',
  'one part of UTF-7',
  'HTML of line breaks',
  'base64 of padding',
  'flowed empty lines',
  'bytes of no charset',
];

const FLOODED = [
  ['two million untagged lines', 'list_mail_messages', {}],
  ['a million UIDs found', 'search_mail_messages', { query: 'SEEN', with_envelopes: false }],
  ['a million recipients', 'get_mail_message', { folder: 'INBOX', uid: 5 }],
  ['a million parameters', 'get_mail_message', { folder: 'INBOX', uid: 5 }],
  ['a hundred large messages', 'list_mail_messages', { per_page: 100 }],
  ['long response codes', 'list_mail_messages', {}],
  ['a hundred thousand mailboxes', 'list_mailboxes', {}],
] as const;

const BODIES = [
  'empty objects',
  'different keys',
  'a text of escapes',
  'to: nested comments',
  'to: comments that are not closed',
  'to: short addresses',
];

async function hostileInputs(context: BenchContext, floodPort: number): Promise<HostileInput[]> {
  const known = newAccount({}, context.servers);
  const fuzzed = readFuzzed();
  const shapes = [
    ...SHAPES.flatMap((name) => entryOf(HOSTILE_SHAPES, name)),
    ...fuzzed.messages.map(({ shape }, index) => [`the worst message of the fuzzer, ${index + 1}`, shape] as const),
  ];
  const messages = shapes.map(async ([name, shape]) => {
    const raw = rawMessage(shape);
    const account = async () => {
      const owner = newAccount({}, context.servers);
      await appendMessages(owner, { INBOX: [{ raw, flags: [], date: new Date() }] }, context.servers);
      return owner;
    };
    const args = { folder: 'INBOX', uid: 1, max_chars: 200_000, body_format: 'both' };
    return { name, account, body: callBody('get_mail_message', args) };
  });
  const flooded = FLOODED.map(([name, tool, args]) => ({
    name,
    account: async () => ({
      ...known,
      imap: {
        server: { host: '127.0.0.1', port: floodPort, security: 'cleartext' as const },
        login: { ...known.imap.login, username: `${name} #${randomInt(1e9)}` },
      },
    }),
    body: callBody(tool, args),
  }));
  const requests = [...manyValues, ...longTexts, ...hostileAddresses].filter(({ name }) => BODIES.includes(name));
  const bodies = requests.flatMap(({ name, body }) => {
    const input = { name, account: async () => newAccount({}, context.servers), body: body() };
    return name === BODIES[0] ? [input, { ...input, name: `${name}, 24 at once`, atOnce: 24 }] : [input];
  });
  const fuzzedRequests = fuzzed.requests.map(({ shape }, index) => ({
    name: `the worst request of the fuzzer, ${index + 1}`,
    account: async () => newAccount({}, context.servers),
    body: callBody(shape.tool, argumentsOf(shape)),
  }));
  return [
    ...(await Promise.all(messages)),
    await longThread(context),
    ...hostileFiles(context),
    ...bodies,
    ...fuzzedRequests,
    ...flooded,
  ];
}

/** Files that are read as text in processes of their own. */
const FILES = ['bomb in a bomb.pdf', 'runs.pdf', 'shared strings.xlsx', 'bomb.docx', 'header.eml', 'tags.html'];

function hostileFiles({ servers }: BenchContext): HostileInput[] {
  return HOSTILE_FILES.filter(({ name }) => FILES.includes(name)).map(({ name, type, bytes }) => {
    const attachments = [{ filename: name, content: bytes(), ...(type !== undefined && { contentType: type }) }];
    return {
      name: `the text of ${name}`,
      async account() {
        const owner = newAccount({}, servers);
        await appendMessages(owner, { INBOX: [message({ attachments })] }, servers);
        return owner;
      },
      body: callBody('get_mail_message', { folder: 'INBOX', uid: 1, attachment: name }),
    };
  });
}

/** Not hostile, but the longest conversation that is read as a whole. */
async function longThread({ servers }: BenchContext): Promise<HostileInput> {
  const mailbox = await longThreadMailbox(60);
  const body = callBody('get_mail_thread', { query: `subject:"${LONG_SUBJECT}"` });
  return { name: 'a thread of sixty quoting messages', account: () => createSampleAccount(mailbox, servers), body };
}

function entryOf<Value>(record: Readonly<Record<string, Value>>, name: string): [string, Value][] {
  const value = record[name];
  return value === undefined ? [] : [[name, value]];
}
