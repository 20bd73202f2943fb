/** Runs random calls over failing networks and compares the mailboxes with the reported outcomes. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { MailAccount } from '../src/mail/account.ts';
import { type MailTools, type MailToolsLimits, openMailTools } from '../test/support/app/mail-tools.ts';
import { newAccount } from '../test/support/mail/accounts.ts';
import { messagesIn } from '../test/support/mail/mailbox-contents.ts';
import { appendMessages } from '../test/support/mail/mailboxes.ts';
import { withImapFlow } from '../test/support/mail/with-imapflow.ts';
import { type CuttableProxy, startCuttableProxy } from '../test/support/servers/proxies.ts';
import type { TestServers } from '../test/support/servers/servers.ts';
import { ACTIONS } from './actions.ts';
import { type Actor, type Call, FOLDERS } from './actor.ts';
import { isComplete, messagesWithFile } from './files.ts';
import { recorded } from './journal.ts';
import { createModel, type FoundMessage, type Model } from './model.ts';
import { ODD_MAILBOX, oddMessages } from './odd-messages.ts';
import { startSoakServers } from './servers.ts';

export interface SoakReport {
  calls: number;
  /** Cut connections, silent connections and replaced server processes. */
  faults: number;
  /** Restarts of mail servers. */
  restarts: number;
  messages: number;
  /** One sentence for each deviation from the expected state. */
  differences: string[];
  leakedSockets: number;
  /** Resident memory in MB: halfway, and after the last call. */
  rssMb: [number, number];
}

/** A simulated person: an account behind failing networks, and the mail-mcp process that serves it, which is replaced at times. */
interface Person {
  /** The same for all processes of this person. */
  messageIdSecret: Buffer;
  account: MailAccount;
  /** The account with the addresses of the failing networks. */
  accountOverNetwork: MailAccount;
  tools: MailTools;
}

const CHECKED_FOLDERS = [...FOLDERS, 'Drafts', 'Sent'];
const MAX_SETTLE_MS = 30_000;
const MAX_OVERTIME_MS = 60_000;
/** Time between two restarts of a mail server. */
const RESTART_INTERVAL_MS = 3_000;
/** Timeouts shorter than the silences of the network, so that calls fail during them. */
const LIMITS: MailToolsLimits = {
  imap: { connectMs: 5_000, silenceMs: 700, commandMs: 5_000 },
  smtp: { connectMs: 5_000, greetingMs: 700, silenceMs: 700, totalMs: 5_000 },
};

/** Lets several simulated people call random tools over failing networks, and compares their mailboxes with the reported outcomes at the end. */
export async function runSoak(
  servers: TestServers,
  { journal, ...options }: { seconds: number; people: number; journal?: string | undefined },
): Promise<SoakReport> {
  await using own = await startSoakServers(servers);
  await using imap = await startCuttableProxy({ target: { host: '127.0.0.1', port: own.ports.imap } });
  await using smtp = await startCuttableProxy({ target: { host: '127.0.0.1', port: own.ports.smtp } });
  const people = Array.from({ length: options.people }, () => newPerson(servers, imap.port, smtp.port));
  const odd = oddMessages();
  const model = createModel(isComplete);
  for (const [self, { account }] of people.entries()) {
    const INBOX = await messagesWithFile();
    await appendMessages(account, { [ODD_MAILBOX]: odd, INBOX: INBOX.map(({ message }) => message) }, servers);
    for (const { subject } of INBOX) model.expect(self, subject, ['INBOX']);
  }
  const end = Date.now() + options.seconds * 1000;
  let restarts = 0;
  // Each server is restarted at least once, even on a slow machine.
  const isOver = () => Date.now() > end && (restarts > 1 || Date.now() > end + MAX_OVERTIME_MS);
  const restartNext = async () => {
    await (restarts % 2 === 0 ? own.restartImap() : own.restartSmtp(smtp));
    restarts += 1;
  };
  const middle = pause(options.seconds * 500).then(rssMb);
  const [faults, runs] = await Promise.all([
    causeFaults(people, [imap, smtp], restartNext, isOver),
    Promise.all(
      people.map((_, self) =>
        actRandomly(self, people, { model, imapRestartSteps: own.imapRestartSteps, journal, isOver }),
      ),
    ),
  ]);
  const rss: [number, number] = [await middle, rssMb()];
  for (const { tools } of people) await tools[Symbol.asyncDispose]();
  // Time for the servers to finish the commands of connections that were cut.
  await pause(1000);
  const late = await Promise.all(
    people.map((person, self) => runChecks(person, runs[self]?.checks ?? [], (call) => recorded(call, self, journal))),
  );
  const bugs = [...runs.flatMap(({ bugs }) => bugs), ...late.flat()];
  const differences = [...bugs, ...(await settledDifferences(people, model))];
  await pause(500);
  return {
    calls: runs.reduce((sum, { calls }) => sum + calls, 0),
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
  const accountOverNetwork: MailAccount = {
    ...account,
    imap: { ...account.imap, server: { ...account.imap.server, port: imapPort } },
    smtp: { ...account.smtp, server: { ...account.smtp.server, port: smtpPort } },
  };
  const messageIdSecret = randomBytes(32);
  return {
    account,
    accountOverNetwork,
    messageIdSecret,
    tools: openMailTools(accountOverNetwork, { ...LIMITS, messageIdSecret }),
  };
}

/** Calls random tools for one person until the end. @returns the bugs, the number of calls, and the checks for later */
async function actRandomly(
  self: number,
  people: Person[],
  { journal, isOver, ...shared }: Pick<Actor, 'model' | 'imapRestartSteps'> & Run,
) {
  const bugs: string[] = [];
  const checks: Check[] = [];
  const checkLater = (check: Check) => void checks.push(check);
  let calls = 0;
  while (!isOver()) {
    const other = (self + 1 + Math.floor(Math.random() * (people.length - 1))) % people.length;
    const address = people[other]?.account.email ?? '';
    const action = ACTIONS[Math.floor(Math.random() * ACTIONS.length)];
    const call: Call = (tool, args) => {
      calls += 1;
      return people[self]?.tools.call(tool, args) ?? Promise.reject(new Error('no such person'));
    };
    try {
      await action?.({
        ...shared,
        self,
        other,
        address,
        call: recorded(call, self, journal),
        checkLater,
        random: Math.random,
      });
    } catch (error) {
      bugs.push(`${action?.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { bugs, calls, checks };
}

interface Run {
  /** As recorded() takes it. */
  journal: string | undefined;
  isOver: () => boolean;
}

type Check = Parameters<Actor['checkLater']>[0];

/** Runs the deferred checks after the last fault. @returns one sentence for each failed check */
async function runChecks(
  { accountOverNetwork, messageIdSecret }: Person,
  checks: readonly Check[],
  record: (call: Call) => Call,
): Promise<string[]> {
  await using tools = openMailTools(accountOverNetwork, { messageIdSecret });
  const bugs: string[] = [];
  for (const check of checks) {
    await check(record(tools.call)).catch((error: unknown) => {
      bugs.push(error instanceof Error ? error.message : String(error));
    });
  }
  return bugs;
}

/** Cuts connections, silences them before a cut, replaces server processes and restarts the mail servers in turn. @returns the number of faults, without restarts */
async function causeFaults(
  people: Person[],
  networks: CuttableProxy[],
  restartNext: () => Promise<void>,
  isOver: () => boolean,
): Promise<number> {
  let faults = 0;
  let restartAt = Date.now() + RESTART_INTERVAL_MS;
  while (!isOver()) {
    await pause(200 + Math.random() * 800);
    if (Date.now() > restartAt) {
      await restartNext();
      restartAt = Date.now() + RESTART_INTERVAL_MS;
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
      person.tools = openMailTools(person.accountOverNetwork, { ...LIMITS, messageIdSecret: person.messageIdSecret });
      await tools[Symbol.asyncDispose]();
    }
  }
  return faults;
}

/** Differences that remain after a while: accepted mail is delivered with a delay. */
async function settledDifferences(people: Person[], model: Model): Promise<string[]> {
  const end = Date.now() + MAX_SETTLE_MS;
  for (;;) {
    const differences = model.differences(await Promise.all(people.map(({ account }) => contentsOf(account))));
    if (differences.length === 0 || Date.now() > end) return differences;
    await pause(1000);
  }
}

async function contentsOf(account: MailAccount): Promise<Map<string, FoundMessage[]>> {
  const existing = await withImapFlow(account, async (imap) => (await imap.list()).map(({ path }) => path));
  const folders = new Map<string, FoundMessage[]>();
  for (const folder of CHECKED_FOLDERS.filter((each) => existing.includes(each)))
    folders.set(folder, await messagesIn(account, folder));
  return folders;
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 1_048_576);
}
