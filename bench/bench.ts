/** `npm run bench`: what a tool call costs on top of IMAP, as ratios to imapflow on a warm connection measured in the same run. */
import { readFile, rm } from 'node:fs/promises';
import process from 'node:process';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ImapFlow } from 'imapflow';
import type { MailAccount } from '../src/mail/account.ts';
import { newAccount } from '../test/support/accounts.ts';
import { fillMailbox, imapWith } from '../test/support/mailboxes.ts';
import { message } from '../test/support/messages.ts';
import type { TestServers } from '../test/support/servers.ts';
import { startApp, type TestApp } from '../test/support/start-app.ts';
import { makeScratch, startServers } from '../test/support/start-servers.ts';
import { measurePair, type Sample } from './measure.ts';

const MESSAGES = 1000;
const ROUNDS = 200;
const COLD_ROUNDS = 30;
const SUMMARY = { envelope: true, flags: true, size: true, bodyStructure: true } as const;

type Row = [name: string, ours: Sample, yardstick: Sample];

async function bench(servers: TestServers): Promise<void> {
  await using app = await startApp({ MAIL_MCP_LOG_LEVEL: 'WARN' });
  const rows = [...(await warmCalls(app, servers)), await coldCalls(app, servers)];
  console.log('\nms: median (95th percentile) over HTTP, beside imapflow doing the same on its own connection\n');
  console.table(
    Object.fromEntries(
      rows.map(([name, ours, yardstick]) => [
        name,
        { 'mail-mcp': cell(ours), imapflow: cell(yardstick), ratio: (ours.p50 / yardstick.p50).toFixed(2) },
      ]),
    ),
  );
}

const cell = ({ p50, p95 }: Sample) => `${p50.toFixed(2)} (${p95.toFixed(2)})`;

/** A signed-in person with 1,000 messages, calling again and again. */
async function warmCalls(app: TestApp, servers: TestServers): Promise<Row[]> {
  const account = newAccount({}, servers);
  fillMailbox(account, 'INBOX', MESSAGES, servers);
  const letter = message({ subject: 'Twenty kilobytes', text: 'All work and no play.\n'.repeat(930) });
  const { INBOX } = await imapWith(account, { INBOX: [letter] }, servers);
  const uid = `${INBOX[0]}`;
  const call = caller(app.origin, await app.accessToken(account));
  const imap = await connected(account);
  await imap.mailboxOpen('INBOX');
  const lastPage = `${MESSAGES - 18}:${MESSAGES + 1}`;
  const pairs: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    ['tools/list, beside NOOP', () => call('tools/list', {}), () => imap.noop()],
    [
      'list of 20',
      () => call('tools/call', { name: 'list_mail_messages', arguments: { folder: 'INBOX' } }),
      () => imap.fetchAll(lastPage, SUMMARY),
    ],
    [
      'get of a 20 KB message',
      () => call('tools/call', { name: 'get_mail_message', arguments: { folder: 'INBOX', uid: Number(uid) } }),
      async () => {
        await imap.fetchOne(uid, SUMMARY, { uid: true });
        await imap.fetchOne(uid, { bodyParts: ['1'] }, { uid: true });
      },
    ],
    [
      'search by subject',
      () => call('tools/call', { name: 'search_mail_messages', arguments: { query: 'SUBJECT "Message 77"' } }),
      () => imap.search({ subject: 'Message 77' }, { uid: true }),
    ],
  ];
  const rows: Row[] = [];
  for (const [name, ours, yardstick] of pairs) rows.push([name, ...(await measurePair(ROUNDS, ours, yardstick))]);
  await imap.logout();
  return rows;
}

/** The first call of people whom this process has never seen: another replica signed them in. */
async function coldCalls(app: TestApp, servers: TestServers): Promise<Row> {
  await using replica = await app.replica();
  const people = [];
  for (let n = 0; n < COLD_ROUNDS; n += 1) {
    const account = newAccount({}, servers);
    fillMailbox(account, 'INBOX', 20, servers);
    people.push({ account, call: caller(replica.origin, await app.accessToken(account)) });
  }
  const [ours, theirs] = [people.values(), people.values()];
  const samples = await measurePair(
    COLD_ROUNDS,
    async () => ours.next().value?.call('tools/call', { name: 'list_mail_messages', arguments: { folder: 'INBOX' } }),
    async () => {
      const { value: person } = theirs.next();
      if (person === undefined) return;
      const imap = await connected(person.account);
      await imap.mailboxOpen('INBOX');
      await imap.fetchAll('1:20', SUMMARY);
      imap.close();
    },
  );
  return ['first call of a cold account, beside connecting', ...samples];
}

/** Calls over HTTP, as a 2025-era client does. @throws if the answer is an error */
function caller(origin: string, token: string) {
  return async (method: string, params: object): Promise<void> => {
    const response = await fetch(`${origin}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const text = await response.text();
    if (!response.ok || text.includes('"isError":true')) throw new Error(`${method} answered ${response.status}`);
  };
}

async function connected({ imap: { server, login } }: MailAccount): Promise<ImapFlow> {
  const auth = { user: login.username, pass: login.password };
  const imap = new ImapFlow({ host: server.host, port: server.port, secure: true, auth, logger: false });
  await imap.connect();
  return imap;
}

const scratch = await makeScratch();
const { servers, stop } = await startServers(scratch);
setDefaultCACertificates([...getCACertificates('default'), await readFile(servers.ca, 'utf8')]);
try {
  await bench(servers);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stop();
  await rm(scratch, { recursive: true, force: true });
}
