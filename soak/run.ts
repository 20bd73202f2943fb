import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { MailAccount } from '../src/mail/account.ts';
import { type MailTools, type MailToolsLimits, openMailTools } from '../test/support/app/mail-tools.ts';
import { newAccount } from '../test/support/mail/accounts.ts';
import { messagesIn } from '../test/support/mail/mailbox-contents.ts';
import { type CuttableProxy, startCuttableProxy } from '../test/support/servers/proxies.ts';
import type { TestServers } from '../test/support/servers/servers.ts';
import { ACTIONS, type Actor, type Call } from './actions.ts';
import { createModel, type Model } from './model.ts';
import { startSoakServers } from './servers.ts';

export interface SoakReport {
  calls: number;
  /** Cuts, silences and new processes of ours. */
  faults: number;
  /** Restarts of mail servers. */
  restarts: number;
  messages: number;
  /** A sentence for each thing that is not as it must be. Empty: all is well. */
  differences: string[];
  leakedSockets: number;
  /** Resident memory in MB: in the middle, and after the last call. */
  rssMb: [number, number];
}

/** One person: a mailbox behind networks that fail, and a server process that is replaced now and then. */
interface Person {
  /** All processes have it. */
  messageIdSecret: Buffer;
  account: MailAccount;
  /** The account as seen through the failing networks. */
  far: MailAccount;
  tools: MailTools;
}

const FOLDERS = ['INBOX', 'Archive', 'Trash', 'Junk', 'Drafts', 'Sent'];
const SETTLE_MS = 30_000;
const LONGEST_OVERTIME_MS = 60_000;
/** Between two restarts of a mail server. */
const RESTART_MS = 3_000;
/** Silences last longer than that, and do not take all of the time there is. */
const LIMITS: MailToolsLimits = {
  imap: { connectMs: 5_000, silenceMs: 700, commandMs: 5_000 },
  smtp: { connectMs: 5_000, greetingMs: 700, silenceMs: 700, totalMs: 5_000 },
};

/** Random people use random tools for a while over networks that fail, and what is in their mailboxes is compared with what they were told. */
export async function runSoak(servers: TestServers, options: { seconds: number; people: number }): Promise<SoakReport> {
  await using own = await startSoakServers(servers);
  await using imap = await startCuttableProxy({ target: { host: '127.0.0.1', port: own.ports.imap } });
  await using smtp = await startCuttableProxy({ target: { host: '127.0.0.1', port: own.ports.smtp } });
  const people = Array.from({ length: options.people }, () => newPerson(servers, imap.port, smtp.port));
  const model = createModel();
  const end = Date.now() + options.seconds * 1000;
  let restarts = 0;
  // Each server is restarted once at least, however slow the machine is.
  const isOver = () => Date.now() > end && (restarts > 1 || Date.now() > end + LONGEST_OVERTIME_MS);
  const restartNext = async () => {
    await (restarts % 2 === 0 ? own.restartImap() : own.restartSmtp(smtp));
    restarts += 1;
  };
  const middle = pause(options.seconds * 500).then(rssMb);
  const [faults, lives] = await Promise.all([
    breakThings(people, [imap, smtp], restartNext, isOver),
    Promise.all(people.map((_, self) => live(self, people, { model, imapTurns: own.imapTurns }, isOver))),
  ]);
  const rss: [number, number] = [await middle, rssMb()];
  for (const { tools } of people) await tools[Symbol.asyncDispose]();
  // What the servers still have of connections that were cut is done by then.
  await pause(1000);
  const late = await Promise.all(people.map((person, self) => askAgain(person, lives[self]?.checks ?? [])));
  const bugs = [...lives.flatMap(({ bugs }) => bugs), ...late.flat()];
  const differences = [...bugs, ...(await settled(people, model))];
  await pause(500);
  return {
    calls: lives.reduce((sum, { calls }) => sum + calls, 0),
    faults,
    restarts,
    messages: model.size(),
    differences,
    leakedSockets: imap.open() + smtp.open(),
    rssMb: rss,
  };
}

function newPerson(servers: TestServers, imapPort: number, smtpPort: number): Person {
  const account = newAccount({}, servers);
  const far: MailAccount = {
    ...account,
    imap: { ...account.imap, server: { ...account.imap.server, port: imapPort } },
    smtp: { ...account.smtp, server: { ...account.smtp.server, port: smtpPort } },
  };
  const messageIdSecret = randomBytes(32);
  return { account, far, messageIdSecret, tools: openMailTools(far, { ...LIMITS, messageIdSecret }) };
}

async function live(self: number, people: Person[], shared: Pick<Actor, 'model' | 'imapTurns'>, isOver: () => boolean) {
  const bugs: string[] = [];
  const checks: Check[] = [];
  const later = (check: Check) => void checks.push(check);
  let calls = 0;
  while (!isOver()) {
    const other = (self + 1 + Math.floor(Math.random() * (people.length - 1))) % people.length;
    const address = people[other]?.account.email ?? '';
    const action = ACTIONS[Math.floor(Math.random() * ACTIONS.length)];
    const call: Call = (tool, args) => {
      calls += 1;
      return people[self]?.tools.call(tool, args) ?? Promise.reject(new Error('nobody there'));
    };
    try {
      await action?.({ ...shared, self, other, address, call, later, random: Math.random });
    } catch (error) {
      bugs.push(`${action?.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { bugs, calls, checks };
}

type Check = Parameters<Actor['later']>[0];

/** What was put off until nothing fails any more. @returns a sentence for each check that did not hold */
async function askAgain({ far, messageIdSecret }: Person, checks: readonly Check[]): Promise<string[]> {
  await using tools = openMailTools(far, { messageIdSecret });
  const bugs: string[] = [];
  for (const check of checks) {
    await check(tools.call).catch((error: unknown) => {
      bugs.push(error instanceof Error ? error.message : String(error));
    });
  }
  return bugs;
}

/** Cuts, silences that end in a cut, new processes in place of old ones, and the mail servers started again in turns. @returns how many, without the last */
async function breakThings(
  people: Person[],
  networks: CuttableProxy[],
  restartNext: () => Promise<void>,
  isOver: () => boolean,
): Promise<number> {
  let faults = 0;
  let restartAt = Date.now() + RESTART_MS;
  while (!isOver()) {
    await pause(200 + Math.random() * 800);
    if (Date.now() > restartAt) {
      await restartNext();
      restartAt = Date.now() + RESTART_MS;
      continue;
    }
    faults += 1;
    const network = networks[Math.floor(Math.random() * networks.length)];
    const kind = Math.random();
    if (kind < 0.6) network?.cut();
    else if (kind < 0.8) {
      network?.freeze();
      await pause(1500);
      network?.cut();
      network?.thaw();
    } else {
      const person = people[Math.floor(Math.random() * people.length)];
      if (person === undefined) continue;
      const { tools } = person;
      person.tools = openMailTools(person.far, { ...LIMITS, messageIdSecret: person.messageIdSecret });
      await tools[Symbol.asyncDispose]();
    }
  }
  return faults;
}

/** Mail is delivered a moment after it was accepted, so differences get some time to go away. */
async function settled(people: Person[], model: Model): Promise<string[]> {
  const end = Date.now() + SETTLE_MS;
  for (;;) {
    const differences = model.differences(await Promise.all(people.map(({ account }) => contentsOf(account))));
    if (differences.length === 0 || Date.now() > end) return differences;
    await pause(1000);
  }
}

async function contentsOf(account: MailAccount): Promise<Map<string, string[]>> {
  const folders = new Map<string, string[]>();
  for (const folder of FOLDERS)
    folders.set(
      folder,
      (await messagesIn(account, folder)).map(({ subject }) => subject),
    );
  return folders;
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 1_048_576);
}
