/** Goals 1 to 3: time and CPU of warm and cold calls, compared with imapflow for the same work. */
import type { ImapFlow } from 'imapflow';
import type { MailAccount } from '../src/mail/account.ts';
import { newAccount } from '../test/support/mail/accounts.ts';
import { message } from '../test/support/mail/build-message.ts';
import { appendMessages, fillMailbox } from '../test/support/mail/mailboxes.ts';
import { type BenchContext, LATENCY_MS } from './bench-context.ts';
import { connectImapFlow, SUMMARY } from './imapflow-client.ts';
import { measurePair } from './measure.ts';
import { differenceRow, plainRow, type Row, ratioRow } from './row.ts';
import type { BenchServer } from './server.ts';

const MESSAGES = 1000;

/** The same work as a tool call and as imapflow commands with INBOX selected. */
interface Workload {
  name: string;
  tool: { name: string; arguments: Record<string, unknown> };
  runImapFlow(imap: ImapFlow): Promise<unknown>;
}

export interface Prepared {
  account: MailAccount;
  workloads: Workload[];
}

/** A mailbox with 1,000 small messages and one of 20 KB. */
export async function prepare({ servers }: BenchContext): Promise<Prepared> {
  const account = newAccount({}, servers);
  fillMailbox(account, 'INBOX', MESSAGES, servers);
  const letter = message({ subject: 'Twenty kilobytes', text: 'All work and no play.\n'.repeat(930) });
  const { INBOX } = await appendMessages(account, { INBOX: [letter] }, servers);
  const [uid = 0] = INBOX;
  const workloads: Workload[] = [
    {
      name: 'list of 20',
      tool: { name: 'list_mail_messages', arguments: { folder: 'INBOX' } },
      runImapFlow: (imap) => imap.fetchAll(`${MESSAGES - 18}:${MESSAGES + 1}`, SUMMARY),
    },
    {
      name: '20 KB message',
      tool: { name: 'get_mail_message', arguments: { folder: 'INBOX', uid } },
      runImapFlow: (imap) => imap.fetchOne(`${uid}`, { ...SUMMARY, source: true }, { uid: true }),
    },
    {
      name: 'search by subject',
      tool: {
        name: 'search_mail_messages',
        arguments: { folder: 'INBOX', query: 'SUBJECT "Message 77"', with_envelopes: false },
      },
      runImapFlow: (imap) => imap.search({ subject: 'Message 77' }, { uid: true }),
    },
  ];
  return { account, workloads };
}

/** Goal 1: calls on connections that are open. */
export async function warmCalls(
  server: BenchServer,
  context: BenchContext,
  { account, workloads }: Prepared,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const isFar of [false, true]) {
    const where = isFar ? context.withLatency(account) : account;
    const rounds = (isFar ? 40 : 200) / (context.isQuick ? 4 : 1);
    const call = await server.connect(where);
    const imap = await connectImapFlow(where);
    await imap.mailboxOpen('INBOX');
    for (const { name, tool, runImapFlow } of workloads) {
      const [ours, theirs] = await measurePair(
        rounds,
        () => call('tools/call', tool),
        () => runImapFlow(imap),
      );
      const row = { item: 1, unit: 'ms', ours: ours.p50, yardstick: theirs.p50 };
      rows.push(
        isFar
          ? ratioRow({ ...row, name: `warm ${name}, ${LATENCY_MS} ms away` }, 1.1)
          : differenceRow({ ...row, name: `warm ${name}, loopback` }, 1.5),
      );
    }
    await imap.logout();
  }
  return rows;
}

/** Goal 2: the first call of accounts that are new to the process. */
export async function coldCalls(server: BenchServer, context: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const isFar of [false, true]) {
    const rounds = context.isQuick ? 6 : isFar ? 15 : 30;
    const people = await Promise.all(
      Array.from({ length: rounds }, async () => {
        const direct = newAccount({}, context.servers);
        fillMailbox(direct, 'INBOX', 20, context.servers);
        const account = isFar ? context.withLatency(direct) : direct;
        return { account, call: await server.connect(account) };
      }),
    );
    const [first, second] = [people.values(), people.values()];
    const [ours, theirs] = await measurePair(
      rounds,
      async () => first.next().value?.call('tools/call', { name: 'list_mail_messages', arguments: {} }),
      async () => {
        const { value: person } = second.next();
        if (person === undefined) return;
        const imap = await connectImapFlow(person.account);
        await imap.mailboxOpen('INBOX');
        await imap.fetchAll('1:20', SUMMARY);
        imap.close();
      },
    );
    const row = { item: 2, unit: 'ms', ours: ours.p50, yardstick: theirs.p50 };
    const name = `first call of a cold account, ${isFar ? `${LATENCY_MS} ms away` : 'loopback'}`;
    rows.push(ratioRow({ ...row, name }, isFar ? 0.6 : null));
  }
  return rows;
}

/** Goal 3: CPU time of the server process, minus the CPU time of imapflow in this process for the same work. */
export async function cpuOfCalls(
  server: BenchServer,
  context: BenchContext,
  { account, workloads }: Prepared,
): Promise<Row[]> {
  const count = context.isQuick ? 150 : 600;
  // Enough calls for the code to be compiled.
  const warmUps = context.isQuick ? 600 : 2000;
  const perCall = async (work: () => Promise<unknown>, cpuMs: () => number) => {
    for (let n = 0; n < warmUps; n += 1) await work();
    const before = cpuMs();
    for (let n = 0; n < count; n += 1) await work();
    return (cpuMs() - before) / count;
  };
  const imap = await connectImapFlow(account);
  await imap.mailboxOpen('INBOX');
  const yardsticks = new Map<Workload, number>();
  for (const work of workloads) yardsticks.set(work, await perCall(() => work.runImapFlow(imap), ownCpuMs));
  await imap.logout();
  const rows: Row[] = [];
  for (const [era, suffix] of [
    ['2025', ''],
    ['2026', ', as of 2026-07-28'],
  ] as const) {
    const call = await server.connect(account, era);
    const listing = await perCall(() => call('tools/list', {}), server.cpuMs);
    rows.push(plainRow({ item: 3, name: `CPU of tools/list${suffix}`, unit: 'ms', ours: listing }, 0.5));
    for (const [{ name, tool }, yardstick] of yardsticks) {
      const ours = await perCall(() => call('tools/call', tool), server.cpuMs);
      const row = { item: 3, name: `CPU of ${name}${suffix}`, unit: 'ms', ours, yardstick };
      rows.push(differenceRow(row, 0.6));
    }
  }
  return rows;
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
