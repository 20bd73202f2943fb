/** Opens the session that the mail tools of one call work with: the mailbox of the grant, within the limits of the grant. */
import type { AttachmentStore, Reader } from '../attachments/store.ts';
import type { Extraction } from '../extraction/extraction.ts';
import { describeError, type Log } from '../log.ts';
import type { MailAccount } from '../mail/account.ts';
import type { ImapConnection } from '../mail/imap/imap-connection.ts';
import { listMailboxes } from '../mail/mailbox/list-mailboxes.ts';
import { addressOfIdentity, senderOfIdentity } from '../mail/own-address.ts';
import type { ImapPool } from '../mail/pool/pool.ts';
import { type GraphSender, submitSomehow } from '../mail/send/graph.ts';
import type { SmtpOptions } from '../mail/send/smtp.ts';
import { keyedMessageId } from '../mail/send-once/keyed-message-id.ts';
import type { RecentResults } from '../mail/send-once/recent-results.ts';
import type { ImapAccess, MailSession } from '../mcp/mail/mail-session.ts';
import { createChangeQuota } from '../mcp/permit/change-quota.ts';
import { LimitedConnection } from '../mcp/permit/limited-connection.ts';
import { requireEnvelope, requireHost } from '../mcp/permit/recipients.ts';
import {
  changesKey,
  createSendLimit,
  MAX_UNSUBSCRIBES_PER_HOUR,
  type SendLimit,
  sendsKey,
  UNSUBSCRIBE_REQUESTS,
  unsubscribesKey,
} from '../mcp/permit/send-limit.ts';
import type { Grant } from '../oauth/bearer/bearer.ts';
import { createSemaphore, type Semaphore } from '../state/semaphore.ts';
import type { State } from '../state/state.ts';
import type { PostOneClick } from '../web/one-click.ts';
import type { Workers } from '../workers/workers.ts';
import type { CallLife } from './call-life.ts';
import { type Cancellation, createCancellation } from './cancellation.ts';

/** A grant for a mailbox, as far as a session depends on it. */
export type MailGrant = Pick<Grant, 'permit' | 'client' | 'subject' | 'endsAt' | 'timeZone' | 'identities'> & {
  account: MailAccount;
};

/** What all mail sessions of a process share. */
export interface MailServices {
  pool: ImapPool;
  workers: Workers;
  extraction: Extraction;
  /** Changes that run at the same time, by account; see createChangeLimit(). */
  changes: Semaphore;
  store: AttachmentStore;
  now: () => Date;
  log: Log;
  /** 32 bytes, the same in all replicas. */
  messageIdSecret: Buffer;
  recentResults: RecentResults;
  /** The state that counts sent and changed messages; `areAllCounted` is true if it counts those of all replicas. */
  sends: { state: State; areAllCounted: boolean };
  smtp?: SmtpOptions & { graph?: GraphSender };
  postOneClick: PostOneClick;
}

/** The request that a session serves. */
export interface MailExchange {
  /** Aborted when the client no longer wants the response. */
  cancelled: AbortSignal;
  /** Records what the call has begun. Absent: the call has no limit of time. */
  life?: Pick<CallLife, 'progress' | 'begin'>;
}

/** One less than the connections that the pool opens for an account; see createChangeLimit(). */
const MAX_CHANGES_PER_ACCOUNT = 3;

/**
 * Limits concurrent changes of an account, so that one of its connections remains for reads. Saving a large message takes a second
 * connection, on which its attachments are read meanwhile; if changes held all connections, they would wait for each other for ever.
 */
export function createChangeLimit(): Semaphore {
  return createSemaphore({ placesPerKey: MAX_CHANGES_PER_ACCOUNT });
}

export function openMailSession(grant: MailGrant, services: MailServices, exchange: MailExchange): MailSession {
  const { cancelled, life } = exchange;
  const { account, permit, subject, endsAt, timeZone = 'UTC', identities = [] } = grant;
  const { workers, extraction, store, now, messageIdSecret, recentResults } = services;
  const { folders } = permit.policy;
  const cancellation = createCancellation(cancelled);
  const withinPolicy = (imap: ImapConnection, extra?: string) =>
    folders === undefined ? imap : new LimitedConnection(imap, folders, extra);
  const begin = async () => life?.begin();
  const direct = connectionsOf(grant, services, begin, {});
  const abortable = connectionsOf(grant, services, begin, {
    get signal() {
      return cancellation.signal;
    },
    onAbort(isChanging) {
      if (isChanging && life?.progress === 'none') life.progress = 'changing';
    },
  });
  const wholeMailbox = untilCancelled(abortable, cancellation);
  const readWithinPolicy: MailSession['readImap'] = (use, mailbox) =>
    abortable.readImap((imap) => use(withinPolicy(imap)), mailbox);
  const reader: Reader = {
    imap: account.imap,
    ...(folders && {
      readable: () =>
        readWithinPolicy(async (imap) => (await listMailboxes(imap, { counts: false })).map(({ path }) => path)),
    }),
  };
  const { limit, quota, unsubscribes } = hourlyLimits(grant, services);
  return {
    account,
    senders: [
      { fullName: account.fullName, email: account.email },
      ...identities.map((identity) => senderOfIdentity(identity, account.fullName)),
    ],
    ownAddresses: [account.email, ...identities.map(addressOfIdentity)],
    trustedServers: { authservIds: account.authservIds ?? [], imapHost: account.imap.server.host },
    timeZone,
    permit,
    readImap: (use, mailbox) => wholeMailbox.readImap((imap) => use(withinPolicy(imap)), mailbox),
    changeImap: (use, mailbox) => wholeMailbox.changeImap((imap) => use(withinPolicy(imap)), mailbox),
    wholeMailbox: {
      ...wholeMailbox,
      finishImap: (use) => direct.changeImap(use),
      finishReading: direct.readImap,
      withinPolicy,
    },
    runJob: (job, input, needs) => workers.run(job, input, { ...needs, key: subject, signal: cancelled }),
    readFile: (request, send) => extraction.readFile(request, { key: subject, send, signal: cancelled }),
    checkSendLimit: limit.check,
    countedChange: quota.counted,
    countedUnsubscribe: unsubscribes.counted,
    ...waysOut(grant, services, { limit, life, commit: (send) => begin().then(() => cancellation.commit(send)) }),
    keyedMessageId: (call) => keyedMessageId(messageIdSecret, account, call),
    recentResults,
    attachments: attachmentsUntil(cancelled, store, { reader, endsAt }),
    now,
  };
}

/** What leaves the account. Everything that does passes here, within the limits of the grant. */
function waysOut(
  { account, permit }: MailGrant,
  { smtp, postOneClick, log }: MailServices,
  {
    limit,
    life,
    commit,
  }: { limit: SendLimit; life: MailExchange['life']; commit<T>(send: () => Promise<T>): Promise<T> },
): Pick<MailSession, 'submit' | 'postUnsubscribe'> {
  return {
    submit: (message) =>
      commit(async () => {
        requireEnvelope(permit, message.envelope.to);
        if (life !== undefined) life.progress = 'sending';
        const submission = await limit.counted(() => submitSomehow(account, message, smtp));
        if (life !== undefined) life.progress = 'sent';
        return submission;
      }),
    postUnsubscribe: (url) =>
      commit(async () => {
        requireHost(permit, new URL(url).hostname);
        if (life?.progress === 'none') life.progress = 'changing';
        return limit
          .counted(() => postOneClick(url))
          .catch((error: unknown) => {
            log.warn({ error: describeError(error) }, 'a one-click request was not sent');
            throw error;
          });
      }),
  };
}

/** How many messages the connection may send and change in an hour. */
function hourlyLimits({ permit, client, subject }: MailGrant, { sends, now, log }: MailServices) {
  const { max_sends_per_hour: mostSends, max_changes_per_hour: mostChanges } = permit.policy;
  const key = unsubscribesKey({ client, subject });
  return {
    // Replicas that share no state count apart: this limit is no promise to the operator.
    unsubscribes: createSendLimit({
      ...{ ...sends, areAllCounted: true, key, now, log },
      ...{ most: MAX_UNSUBSCRIBES_PER_HOUR, what: UNSUBSCRIBE_REQUESTS },
    }),
    limit: createSendLimit({ ...sends, most: mostSends, key: sendsKey({ client, subject }), now, log }),
    quota: createChangeQuota({ ...sends, most: mostChanges, key: changesKey({ client, subject }), now, log }),
  };
}

function attachmentsUntil(
  cancelled: AbortSignal,
  store: AttachmentStore,
  { reader, endsAt }: { reader: Reader; endsAt: MailGrant['endsAt'] },
): MailSession['attachments'] {
  return {
    // A message stays readable without the links that are not ready in time.
    publish: (attached, withBytes) =>
      unlessCancelled(cancelled, () => store.publish(attached, withBytes, endsAt)).catch((error: unknown) => {
        if (cancelled.aborted) return null;
        throw error;
      }),
    fetchOwn: (url, maxBytes) => unlessCancelled(cancelled, () => store.fetchOwn(url, reader, maxBytes)),
  };
}

/** Waits for a step no longer than until the signal is aborted. @throws {Error} its reason */
async function unlessCancelled<T>(cancelled: AbortSignal, step: () => Promise<T>): Promise<T> {
  cancelled.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(cancelled.reason);
  cancelled.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([step(), promise]);
  } finally {
    cancelled.removeEventListener('abort', onAbort);
  }
}

/** @returns access to the whole account, without the limits of the policy and without cancellation */
function connectionsOf(
  { account, subject }: MailGrant,
  { pool, changes }: MailServices,
  begin: () => Promise<void>,
  abort: { readonly signal?: AbortSignal | undefined; onAbort?(isChanging: boolean): void },
): ImapAccess {
  const readImap: ImapAccess['readImap'] = (use, mailbox) =>
    pool.withConnection(account, use, { retry: true, mailbox, ...abort });
  return {
    readImap,
    async changeImap(use, mailbox) {
      await begin();
      return changes.run(subject, () => readImap(use, mailbox));
    },
  };
}

/** @returns access that is refused once the client has cancelled, except for changes that complete a send */
function untilCancelled({ readImap, changeImap }: ImapAccess, cancellation: Cancellation): ImapAccess {
  return {
    readImap: (use, mailbox) => readImap((imap) => cancellation.begin(() => use(imap)), mailbox),
    changeImap: (use, mailbox) => changeImap((imap) => cancellation.complete(() => use(imap)), mailbox),
  };
}
