/** Calls the mail tools without HTTP and OAuth, with limits that a test can set. */
import { randomBytes } from 'node:crypto';
import { createChangeLimit, type MailServices, openMailSession } from '../../../src/app/mail-session.ts';
import { createExtraction } from '../../../src/extraction/extraction.ts';
import type { MailAccount } from '../../../src/mail/account.ts';
import type { ImapLimits } from '../../../src/mail/imap/imap-timeouts.ts';
import type { PoolLimits } from '../../../src/mail/pool/limits.ts';
import { createImapPool } from '../../../src/mail/pool/pool.ts';
import type { SmtpLimits } from '../../../src/mail/send/smtp.ts';
import { createRecentResults } from '../../../src/mail/send-once/recent-results.ts';
import { createCatalog } from '../../../src/mcp/catalog.ts';
import type { MailSession } from '../../../src/mcp/mail/mail-session.ts';
import { mailTools } from '../../../src/mcp/tools/mail.ts';
import { type Policy, UNLIMITED } from '../../../src/policy.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';
import type { PostOneClick } from '../../../src/web/one-click.ts';
import { createWorkers } from '../../../src/workers/workers.ts';
import { childCommand } from '../files/child-program.ts';

export interface MailTools extends AsyncDisposable {
  call(tool: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** The error of a call that must fail. */
  failure(tool: string, args?: Record<string, unknown>): Promise<unknown>;
  connections(): { idle: number; inUse: number };
  session: MailSession;
}

export interface MailToolsLimits {
  imap?: Partial<ImapLimits>;
  smtp?: Partial<SmtpLimits>;
  pool?: Partial<PoolLimits>;
  /** Of the grant. */
  timeZone?: string;
  identities?: readonly string[];
  policy?: Policy;
  /** Counts messages; shared by two instances that act as replicas. */
  state?: State;
  /** The clock. */
  now?: () => Date;
  postOneClick?: PostOneClick;
  /** Where messages go if SMTP is switched off for the mailbox. */
  graph?: Pick<NonNullable<MailServices['smtp']>, 'accessTokens' | 'graph'>;
  /** Equal secrets for two instances that act as replicas. */
  messageIdSecret?: Buffer;
}

/** Long enough for a machine under load; tests of timeouts set shorter limits. */
const IMAP = { connectMs: 10_000, silenceMs: 15_000, commandMs: 20_000 };
const SMTP = { connectMs: 10_000, greetingMs: 15_000, silenceMs: 15_000, totalMs: 20_000 };
const EXTRACTION = { processes: 2, memoryMb: 256, maxWaitMs: 60_000, totalMs: 60_000 };
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const catalog = createCatalog(mailTools);
/** Shared by all tests: a thread takes half a second to start, and ends when it is idle. */
const workers = createWorkers({ threads: 2 });
const refuseAll: PostOneClick = () => Promise.reject(new Error('no web here'));

/** The request of a client that does not cancel it. */
export const UNCANCELLED = { cancelled: new AbortController().signal };

/** A grant without limits. */
export function unlimitedGrant(account: MailAccount) {
  const client = { jti: 'client', name: 'Client' };
  return { account, permit: UNLIMITED, client, subject: 'subject', endsAt: new Date(8.64e15) };
}

export function openMailTools(
  account: MailAccount,
  {
    imap,
    smtp,
    pool: poolLimits,
    messageIdSecret = randomBytes(32),
    timeZone,
    identities,
    graph,
    policy = {},
    postOneClick = refuseAll,
    now = () => new Date(),
    state = createMemoryState({ now }),
  }: MailToolsLimits = {},
): MailTools {
  const pool = createImapPool({
    pool: { closeMs: 500, fullRetryMs: 20, ...poolLimits },
    limits: { ...IMAP, ...imap },
    log,
  });
  const refuse = () => Promise.reject(new Error('no attachments here'));
  const store = { publish: async () => 'https://files.example.test/', fetchOwn: refuse };
  const services = {
    ...{
      pool,
      workers,
      extraction: createExtraction(EXTRACTION, childCommand),
    },
    changes: createChangeLimit(),
    store,
    now,
    log,
    messageIdSecret,
    sends: { state, areAllCounted: true },
    recentResults: createRecentResults({ now }),
    smtp: { limits: { ...SMTP, ...smtp }, ...graph },
    postOneClick,
  };
  const permit = { ...UNLIMITED, policy };
  const grant = {
    ...unlimitedGrant(account),
    permit,
    ...(timeZone !== undefined && { timeZone }),
    ...(identities && { identities }),
  };
  const session = openMailSession(grant, services, UNCANCELLED);
  const call = (tool: string, args: Record<string, unknown> = {}) => catalog.call(tool, args, permit, session);
  return {
    call,
    failure: (tool, args) =>
      call(tool, args).then(
        (result) => {
          throw new Error(`${tool} was expected to fail and returned ${JSON.stringify(result)}`);
        },
        (error: unknown) => error,
      ),
    connections: () => pool.size(),
    session,
    [Symbol.asyncDispose]: async () => {
      await pool.close();
    },
  };
}
