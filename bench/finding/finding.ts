/** Goal 9: what finding and reading of conversations cost, compared with the same IMAP commands on a bare connection. */
import { z } from 'zod';
import type { MailAccount } from '../../src/mail/account.ts';
import { newAccount } from '../../test/support/mail/accounts.ts';
import { fillMailbox } from '../../test/support/mail/mailboxes.ts';
import type { BenchContext } from '../bench-context.ts';
import { everydayMailbox } from '../everyday/everyday-mailbox.ts';
import { LONG_SUBJECT, longThreadMailbox } from '../everyday/long-thread.ts';
import { createSampleAccount } from '../everyday/stored-mailbox.ts';
import { timed } from '../measure.ts';
import { plainRow, type Row } from '../row.ts';
import { type BenchServer, startBenchServer } from '../server.ts';
import { tokensOfCall } from '../tasks/counted-caller.ts';
import { measureCalls } from './recorded-calls.ts';

const ITEM = 9;
const MESSAGES = 200;
const LONG_THREAD = 60;
const MAX_THREAD_TOKENS = 4_500;
const MAX_THREAD_CPU_MS = 300;
const LARGE = 100_000;
const MAX_LARGE_MS = 10_000;

const search = (args: Record<string, unknown>) => ({ name: 'search_mail_messages', arguments: args });
const list = (args: Record<string, unknown>) => ({ name: 'list_mail_messages', arguments: args });
const thread = (args: Record<string, unknown>) => ({ name: 'get_mail_thread', arguments: args });
const aboutSubject = (subject: string) => `subject:"${subject}"`;

const Found = z.looseObject({ messages: z.tuple([z.looseObject({ uid: z.number() })]) });

/** Reads the conversation of the newest message in INBOX that has the subject. */
async function threadOfNewest(server: BenchServer, account: MailAccount, subject: string) {
  const call = await server.connect(account);
  const found = await call('tools/call', search({ folder: 'INBOX', query: aboutSubject(subject), per_page: 1 }));
  const [{ uid }] = Found.parse(found).messages;
  return thread({ folder: 'INBOX', uid });
}

/** @param options `isLarge`: also searches an account with 100,000 messages, which takes some minutes to fill */
export async function finding(context: BenchContext, { isLarge }: { isLarge: boolean }): Promise<Row[]> {
  const { servers } = context;
  await using server = await startBenchServer(servers.ca);
  return [
    ...(await inOneFolder(server, context)),
    ...(await inEveryFolder(server, context)),
    ...(await conversations(server, context)),
    ...(isLarge ? await inLargeFolder(server, context) : []),
  ];
}

const settingOf = (server: BenchServer, { servers, isQuick }: BenchContext) => ({
  ...{ server, servers },
  rounds: isQuick ? 6 : 30,
});

async function inOneFolder(server: BenchServer, context: BenchContext): Promise<Row[]> {
  const account = newAccount({}, context.servers);
  fillMailbox(account, 'INBOX', MESSAGES, context.servers);
  const call = await server.connect(account);
  const { cursor } = await call('tools/call', list({ since: 'now' }));
  const query = 'subject:"Message 7"';
  return measureCalls(settingOf(server, context), account, [
    { name: 'list of 20', tool: list({}), maxRoundTrips: 1 },
    { name: 'search with rows', tool: search({ query }), maxRoundTrips: 2 },
    { name: 'search with rows and previews', tool: search({ query, preview: 100 }), maxRoundTrips: 3 },
    { name: 'changes since a cursor', tool: list({ since: cursor }), maxRoundTrips: 1 },
    { name: 'new since a time', tool: list({ since: '2025-01-01T02:00:00Z' }), maxRoundTrips: 2 },
  ]);
}

/** With INBOX, Archive, Drafts and Sent. */
async function accountWithFolders(context: BenchContext, count: number): Promise<MailAccount> {
  const account = newAccount({}, context.servers);
  const folders = ['INBOX', ...Array.from({ length: count - 4 }, (_, n) => `Folder ${n + 1}`)];
  for (const folder of folders) fillMailbox(account, folder, MESSAGES / 4, context.servers);
  return account;
}

async function inEveryFolder(server: BenchServer, context: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [folders, maxRoundTrips] of [
    [8, 3],
    [16, 4],
  ] as const) {
    const account = await accountWithFolders(context, folders);
    const tool = search({ folder: '*', query: '"Message 7"' });
    const call = { name: `search of ${folders} folders`, tool, maxRoundTrips };
    rows.push(...(await measureCalls(settingOf(server, context), account, [call])));
  }
  return rows;
}

async function conversations(server: BenchServer, context: BenchContext): Promise<Row[]> {
  const { servers } = context;
  const mailbox = await everydayMailbox();
  // The server takes today for today.
  const ageMs = Date.now() - mailbox.now.getTime();
  const messages = mailbox.messages.map((each) => ({ ...each, arrivedAt: new Date(each.arrivedAt.getTime() + ageMs) }));
  const everyday = await createSampleAccount({ ...mailbox, messages }, servers);
  const long = await createSampleAccount(await longThreadMailbox(LONG_THREAD), servers);
  const setting = settingOf(server, context);
  const subject = 'Sankt Jakob bellows';
  const short = await threadOfNewest(server, everyday, subject);
  const whole = await threadOfNewest(server, long, LONG_SUBJECT);
  return [
    ...(await measureCalls(setting, everyday, [
      { name: 'what waits for an answer', tool: search({ folder: '*', query: 'is:waiting' }), maxRoundTrips: 3 },
      { name: 'a thread of 12 in four folders', tool: short, maxRoundTrips: 4 },
      { name: '… found by a query', tool: thread({ query: aboutSubject(subject) }), maxRoundTrips: 4 },
    ])),
    ...(await measureCalls(setting, long, [
      // Its CPU is judged instead.
      { name: `a thread of ${LONG_THREAD}`, tool: whole, maxRoundTrips: 4, isTimeJudged: false },
    ])),
    ...(await costOfLongThread(server, long, whole)),
  ];
}

async function costOfLongThread(
  server: BenchServer,
  account: MailAccount,
  tool: ReturnType<typeof thread>,
): Promise<Row[]> {
  const call = await server.connect(account);
  const answer = JSON.stringify(await call('tools/call', tool));
  const calls = 10;
  const before = server.cpuMs();
  for (let n = 0; n < calls; n += 1) await call('tools/call', tool);
  const cpu = (server.cpuMs() - before) / calls;
  const tokens = tokensOfCall(tool.name, JSON.stringify(tool.arguments), answer);
  return [
    plainRow({ item: ITEM, name: '… tokens', unit: '', ours: tokens }, MAX_THREAD_TOKENS),
    plainRow({ item: ITEM, name: '… CPU', unit: 'ms', ours: cpu }, MAX_THREAD_CPU_MS),
  ];
}

/** The mail server has no index of the text. @throws if the answer neither finds the message nor says that the folder was not searched */
async function inLargeFolder(server: BenchServer, { servers }: BenchContext): Promise<Row[]> {
  const account = newAccount({}, servers);
  fillMailbox(account, 'INBOX', LARGE, servers);
  const call = await server.connect(account);
  await call('tools/call', list({}));
  let answer: Record<string, unknown> = {};
  const took = await timed(async () => {
    answer = await call('tools/call', search({ folder: '*', query: '"message number 99999"' }));
  });
  if (answer.count !== 1 && !String(answer.not_searched).includes('INBOX')) {
    throw new Error(`The answer is silent about INBOX: ${JSON.stringify(answer).slice(0, 300)}`);
  }
  const found = answer.count === 1 ? 'found' : 'not searched in time';
  const name = `text in every folder, one of ${LARGE.toLocaleString('en')} messages: ${found}`;
  return [plainRow({ item: ITEM, name, unit: 'ms', ours: took }, MAX_LARGE_MS)];
}
