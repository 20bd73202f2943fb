/** Goals 4 to 6: what grows with the mailbox, the people and the attachments, and what does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newAccount } from '../test/support/mail/accounts.ts';
import { fillMailbox } from '../test/support/mail/mailboxes.ts';
import type { BenchContext } from './bench-context.ts';
import { inTurns, measurePair, sampleOf, timed } from './measure.ts';
import { plainRow, type Row, ratioRow } from './row.ts';
import type { BenchServer, Call } from './server.ts';

const page = (call: Call, number: number) => () =>
  call('tools/call', { name: 'list_mail_messages', arguments: { folder: 'INBOX', page: number } });

const searchAll = (call: Call, number: number) => () =>
  call('tools/call', { name: 'search_mail_messages', arguments: { folder: 'INBOX', query: 'ALL', page: number } });

/** Somebody with very many messages, whose mail server has seen all of them before. */
export async function createLargeMailbox(server: BenchServer, setting: BenchContext): Promise<Call> {
  const account = newAccount({}, setting.servers);
  fillMailbox(account, 'INBOX', setting.isQuick ? 10_000 : 100_000, setting.servers);
  const call = await server.person(account);
  await page(call, 1)();
  return call;
}

/** Goal 4. */
export async function largeMailbox(server: BenchServer, setting: BenchContext, large: Call): Promise<Row[]> {
  const account = newAccount({}, setting.servers);
  fillMailbox(account, 'INBOX', 1000, setting.servers);
  const small = await server.person(account);
  const size = setting.isQuick ? '10,000' : '100,000';
  const rows: Row[] = [];
  for (const [what, open] of [
    ['page', page],
    ['SEARCH ALL, page', searchAll],
  ] as const) {
    for (const number of [1, setting.isQuick ? 50 : 500]) {
      const [ours, theirs] = await measurePair(setting.isQuick ? 20 : 100, open(large, number), open(small, 1));
      const name = `${what} ${number} of ${size} messages, beside page 1 of 1,000`;
      rows.push(ratioRow({ item: 4, name, unit: 'ms', ours: ours.p50, yardstick: theirs.p50 }, 1.5));
    }
  }
  return rows;
}

/** Goal 5, first half: people who signed in elsewhere call once each. */
export async function manyPeople(server: BenchServer, setting: BenchContext): Promise<Row[]> {
  const people = setting.isQuick ? 100 : 1000;
  const before = server.rssMb();
  await inTurns(people, 16, async () => {
    const call = await server.person(newAccount({}, setting.servers));
    await call('tools/call', { name: 'list_mail_messages', arguments: {} });
  });
  const name = `memory with ${people.toLocaleString('en')} people, a call each`;
  return [
    plainRow({ item: 5, name: 'memory of a new process', unit: 'MB', ours: before }, null),
    plainRow({ item: 5, name, unit: 'MB', ours: server.rssMb() }, 250),
  ];
}

const PEOPLE = 50;
const AT_ONCE = 16;

/** Goal 6. */
export async function load(server: BenchServer, setting: BenchContext, large: Call): Promise<Row[]> {
  const calls = setting.isQuick ? 400 : 2000;
  const accounts = Array.from({ length: PEOPLE }, () => newAccount({}, setting.servers));
  for (const account of accounts) fillMailbox(account, 'INBOX', 100, setting.servers);
  const people = await Promise.all(accounts.map((account) => server.person(account)));
  const crowd = async (count: number) => {
    const times: { who: number; took: number }[] = [];
    await inTurns(count, AT_ONCE, async (n) => {
      const who = (n * 7) % PEOPLE;
      const call = people[who];
      if (call !== undefined) times.push({ who, took: await timed(() => call('tools/call', toolFor(n))) });
    });
    return times;
  };
  await crowd(4 * PEOPLE);
  const quiet = await crowd(calls);
  const all = sampleOf(quiet.map(({ took }) => took));
  const each = people.map((_, who) => sampleOf(quiet.filter((time) => time.who === who).map(({ took }) => took)).p50);

  const [sluggish] = accounts;
  if (sluggish === undefined) return [];
  const slow = await server.person(await setting.behind(newAccount({}, setting.servers), 500));
  const stop = new AbortController();
  const nuisance = [
    () => page(slow, 1)(),
    () => page(slow, 1)(),
    () => large('tools/call', { name: 'search_mail_messages', arguments: { query: 'BODY "number 99999"' } }),
  ].map(async (annoy) => {
    while (!stop.signal.aborted) await annoy();
  });
  await sleep(200);
  const disturbed = sampleOf((await crowd(calls / 2)).map(({ took }) => took));
  stop.abort();
  await Promise.all(nuisance);

  const of = `${PEOPLE} people, ${AT_ONCE} calls at once`;
  return [
    ratioRow({ item: 6, name: `${of}: p99 beside p50`, unit: 'ms', ours: all.p99, yardstick: all.p50 }, 20),
    ratioRow(
      {
        item: 6,
        name: `${of}: slowest person beside everybody`,
        unit: 'ms',
        ours: Math.max(...each),
        yardstick: all.p50,
      },
      3,
    ),
    ratioRow(
      {
        item: 6,
        name: `${of}: p50 while others have a slow server and a large search, beside without`,
        unit: 'ms',
        ours: disturbed.p50,
        yardstick: all.p50,
      },
      // The two cores are the mail server's as well: its search takes one of them.
      2,
    ),
  ];
}

function toolFor(n: number): object {
  const kinds = [
    { name: 'list_mail_messages', arguments: {} },
    { name: 'get_mail_message', arguments: { folder: 'INBOX', uid: (n % 100) + 1 } },
    { name: 'search_mail_messages', arguments: { query: 'SUBJECT "Message 7"' } },
  ];
  return kinds[n % kinds.length] ?? {};
}
