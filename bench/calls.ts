/** Goals 1 to 3: what warm and cold calls cost beside imapflow doing the same. */
import type { ImapFlow } from 'imapflow';
import type { MailAccount } from '../src/mail/account.ts';
import { newAccount } from '../test/support/mail/accounts.ts';
import { message } from '../test/support/mail/build-message.ts';
import { appendMessages, fillMailbox } from '../test/support/mail/mailboxes.ts';
import { type BenchContext, FAR_MS } from './bench-context.ts';
import { connectImapFlow, SUMMARY } from './imapflow-client.ts';
import { measurePair } from './measure.ts';
import { differenceRow, plainRow, type Row, ratioRow } from './row.ts';
import type { BenchServer } from './server.ts';

const MESSAGES = 1000;

/** One thing to do, by a tool call and by imapflow on a connection that has INBOX open. */
interface Work {
  name: string;
  tool: { name: string; arguments: Record<string, unknown> };
  raw(imap: ImapFlow): Promise<unknown>;
}

export interface Prepared {
  account: MailAccount;
  works: Work[];
}

/** A mailbox with 1,000 small messages and one of 20 KB. */
export async function prepare({ servers }: BenchContext): Promise<Prepared> {
  const account = newAccount({}, servers);
  fillMailbox(account, 'INBOX', MESSAGES, servers);
  const letter = message({ subject: 'Twenty kilobytes', text: 'All work and no play.\n'.repeat(930) });
  const { INBOX } = await appendMessages(account, { INBOX: [letter] }, servers);
  const [uid = 0] = INBOX;
  const works: Work[] = [
    {
      name: 'list of 20',
      tool: { name: 'list_mail_messages', arguments: { folder: 'INBOX' } },
      raw: (imap) => imap.fetchAll(`${MESSAGES - 18}:${MESSAGES + 1}`, SUMMARY),
    },
    {
      name: '20 KB message',
      tool: { name: 'get_mail_message', arguments: { folder: 'INBOX', uid } },
      raw: (imap) => imap.fetchOne(`${uid}`, { ...SUMMARY, source: true }, { uid: true }),
    },
    {
      name: 'search by subject',
      tool: { name: 'search_mail_messages', arguments: { folder: 'INBOX', query: 'SUBJECT "Message 77"' } },
      raw: (imap) => imap.search({ subject: 'Message 77' }, { uid: true }),
    },
  ];
  return { account, works };
}

/** Goal 1. */
export async function warmCalls(
  server: BenchServer,
  setting: BenchContext,
  { account, works }: Prepared,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const isFar of [false, true]) {
    const where = isFar ? setting.faraway(account) : account;
    const rounds = (isFar ? 40 : 200) / (setting.isQuick ? 4 : 1);
    const call = await server.person(where);
    const imap = await connectImapFlow(where);
    await imap.mailboxOpen('INBOX');
    for (const { name, tool, raw } of works) {
      const [ours, theirs] = await measurePair(
        rounds,
        () => call('tools/call', tool),
        () => raw(imap),
      );
      const row = { item: 1, unit: 'ms', ours: ours.p50, yardstick: theirs.p50 };
      rows.push(
        isFar
          ? ratioRow({ ...row, name: `warm ${name}, ${FAR_MS} ms away` }, 1.1)
          : differenceRow({ ...row, name: `warm ${name}, loopback` }, 1.5),
      );
    }
    await imap.logout();
  }
  return rows;
}

/** Goal 2: the first call of people whom this process has never seen. */
export async function coldCalls(server: BenchServer, setting: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const isFar of [false, true]) {
    const rounds = setting.isQuick ? 6 : isFar ? 15 : 30;
    const people = await Promise.all(
      Array.from({ length: rounds }, async () => {
        const near = newAccount({}, setting.servers);
        fillMailbox(near, 'INBOX', 20, setting.servers);
        const account = isFar ? setting.faraway(near) : near;
        return { account, call: await server.person(account) };
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
    const name = `first call of a cold account, ${isFar ? `${FAR_MS} ms away` : 'loopback'}`;
    rows.push(ratioRow({ ...row, name }, isFar ? 0.6 : null));
  }
  return rows;
}

/** Goal 3: CPU time of the server process, less what imapflow takes in this one for the same work. */
export async function cpuOfCalls(
  server: BenchServer,
  setting: BenchContext,
  { account, works }: Prepared,
): Promise<Row[]> {
  const count = setting.isQuick ? 150 : 600;
  // As long as it takes until the code is compiled.
  const warmUps = setting.isQuick ? 600 : 2000;
  const perCall = async (work: () => Promise<unknown>, cpuMs: () => number) => {
    for (let n = 0; n < warmUps; n += 1) await work();
    const before = cpuMs();
    for (let n = 0; n < count; n += 1) await work();
    return (cpuMs() - before) / count;
  };
  const imap = await connectImapFlow(account);
  await imap.mailboxOpen('INBOX');
  const yardsticks = new Map<Work, number>();
  for (const work of works) yardsticks.set(work, await perCall(() => work.raw(imap), ownCpuMs));
  await imap.logout();
  const rows: Row[] = [];
  for (const [era, suffix] of [
    ['2025', ''],
    ['2026', ', as of 2026-07-28'],
  ] as const) {
    const call = await server.person(account, era);
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
