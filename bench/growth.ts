/** Goals 4 to 6: how time and memory grow with the mailbox and the number of accounts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newAccount } from '../test/support/mail/accounts.ts';
import { fillMailbox } from '../test/support/mail/mailboxes.ts';
import type { BenchContext } from './bench-context.ts';
import { measurePair, runConcurrently, sampleOf, timed } from './measure.ts';
import { plainRow, type Row, ratioRow } from './row.ts';
import type { BenchServer, Call } from './server.ts';

const page = (call: Call, number: number) => () =>
  call('tools/call', { name: 'list_mail_messages', arguments: { folder: 'INBOX', page: number } });

const searchAll = (call: Call, number: number) => () =>
  call('tools/call', {
    name: 'search_mail_messages',
    arguments: { folder: 'INBOX', query: 'ALL', page: number, with_envelopes: false },
  });

/** Connects an account with many messages, which its mail server has indexed. */
export async function createLargeMailbox(server: BenchServer, context: BenchContext): Promise<Call> {
  const account = newAccount({}, context.servers);
  fillMailbox(account, 'INBOX', context.isQuick ? 10_000 : 100_000, context.servers);
  const call = await server.connect(account);
  await page(call, 1)();
  return call;
}

/** Goal 4: pages of a large mailbox, compared with a small one. */
export async function largeMailbox(server: BenchServer, context: BenchContext, large: Call): Promise<Row[]> {
  const account = newAccount({}, context.servers);
  fillMailbox(account, 'INBOX', 1000, context.servers);
  const small = await server.connect(account);
  const size = context.isQuick ? '10,000' : '100,000';
  const rows: Row[] = [];
  for (const [what, open] of [
    ['page', page],
    ['SEARCH ALL, page', searchAll],
  ] as const) {
    for (const number of [1, context.isQuick ? 50 : 500]) {
      const [ours, theirs] = await measurePair(context.isQuick ? 20 : 100, open(large, number), open(small, 1));
      const name = `${what} ${number} of ${size} messages, compared with page 1 of 1,000`;
      rows.push(ratioRow({ item: 4, name, unit: 'ms', ours: ours.p50, yardstick: theirs.p50 }, 1.5));
    }
  }
  return rows;
}

/** Goal 5, accounts: memory after one call each of many accounts. */
export async function manyAccounts(server: BenchServer, context: BenchContext): Promise<Row[]> {
  const accounts = context.isQuick ? 100 : 1000;
  const before = server.rssMb();
  await runConcurrently(accounts, 16, async () => {
    const call = await server.connect(newAccount({}, context.servers));
    await call('tools/call', { name: 'list_mail_messages', arguments: {} });
  });
  const name = `memory after one call each of ${accounts.toLocaleString('en')} accounts`;
  return [
    plainRow({ item: 5, name: 'memory of a new process', unit: 'MB', ours: before }, null),
    plainRow({ item: 5, name, unit: 'MB', ours: server.rssMb() }, 250),
  ];
}

const ACCOUNTS = 50;
const CONCURRENT_CALLS = 16;

interface CallTime {
  /** Index of the account. */
  account: number;
  milliseconds: number;
}

/** Goal 6: the times of many concurrent callers, alone and beside callers that are slow to serve. */
export async function manyCallers(server: BenchServer, context: BenchContext, large: Call): Promise<Row[]> {
  const count = context.isQuick ? 400 : 2000;
  const accounts = Array.from({ length: ACCOUNTS }, () => newAccount({}, context.servers));
  for (const account of accounts) fillMailbox(account, 'INBOX', 100, context.servers);
  const callers = await Promise.all(accounts.map((account) => server.connect(account)));
  await timeCalls(callers, 4 * ACCOUNTS);
  const alone = await timeCalls(callers, count);
  const slow = await server.connect(await context.withImapLatency(newAccount({}, context.servers), 500));
  const besideSlowCalls = await withSlowCalls([slow, large], () => timeCalls(callers, count / 2));
  return toLoadRows(alone, besideSlowCalls);
}

/** Makes `count` calls of all tools by all callers, in a fixed order. */
async function timeCalls(callers: readonly Call[], count: number): Promise<CallTime[]> {
  const times: CallTime[] = [];
  await runConcurrently(count, CONCURRENT_CALLS, async (n) => {
    const account = (n * 7) % callers.length;
    const call = callers[account];
    if (call === undefined) return;
    times.push({ account, milliseconds: await timed(() => call('tools/call', toolFor(n))) });
  });
  return times;
}

/** Runs `use` while one caller uses a slow IMAP server and another searches a large mailbox. */
async function withSlowCalls<T>([slow, large]: [slow: Call, large: Call], use: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const slowCalls = [
    () => page(slow, 1)(),
    () => page(slow, 1)(),
    () =>
      large('tools/call', {
        name: 'search_mail_messages',
        arguments: { query: 'BODY "number 99999"', with_envelopes: false },
      }),
  ].map(async (call) => {
    while (!stop.signal.aborted) await call();
  });
  await sleep(200);
  const result = await use();
  stop.abort();
  await Promise.all(slowCalls);
  return result;
}

function toLoadRows(alone: readonly CallTime[], besideSlowCalls: readonly CallTime[]): Row[] {
  const sampleOfTimes = (times: readonly CallTime[]) => sampleOf(times.map(({ milliseconds }) => milliseconds));
  const all = sampleOfTimes(alone);
  const p50s = Array.from(
    { length: ACCOUNTS },
    (_, account) => sampleOfTimes(alone.filter((time) => time.account === account)).p50,
  );
  const load = `${ACCOUNTS} accounts, ${CONCURRENT_CALLS} concurrent calls`;
  const row = { item: 6, unit: 'ms', yardstick: all.p50 };
  return [
    ratioRow({ ...row, name: `${load}: p99 compared with p50`, ours: all.p99 }, 20),
    ratioRow({ ...row, name: `${load}: slowest account compared with all`, ours: Math.max(...p50s) }, 3),
    ratioRow(
      {
        ...row,
        name: `${load}: p50 beside a slow server and a large search, compared with p50 alone`,
        ours: sampleOfTimes(besideSlowCalls).p50,
      },
      // The mail server runs on the same two cores: its search uses one of them.
      2,
    ),
  ];
}

function toolFor(n: number): object {
  const kinds = [
    { name: 'list_mail_messages', arguments: {} },
    { name: 'get_mail_message', arguments: { folder: 'INBOX', uid: (n % 100) + 1 } },
    { name: 'search_mail_messages', arguments: { query: 'SUBJECT "Message 7"', with_envelopes: false } },
  ];
  return kinds[n % kinds.length] ?? {};
}
