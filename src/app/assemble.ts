import { hkdfSync } from 'node:crypto';
import { attachmentHandler, createLinkStore, lendFrom } from '../attachments/links.ts';
import type { AttachmentRef, AttachmentStore } from '../attachments/store.ts';
import { ConfigError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MailAccount } from '../mail/account.ts';
import type { Imap } from '../mail/imap/connection.ts';
import { listMailboxes } from '../mail/mailbox/list-mailboxes.ts';
import { createImapPool, type ImapPool } from '../mail/pool/pool.ts';
import { type SmtpOptions, submit } from '../mail/send/smtp.ts';
import { keyedMessageId } from '../mail/send-once/keyed-message-id.ts';
import { createRecentResults, type RecentResults } from '../mail/send-once/recent-results.ts';
import type { MailSession } from '../mcp/mail/mail-session.ts';
import { limitedImap } from '../mcp/permit/limited-imap.ts';
import { powersLeft } from '../mcp/permit/powers-left.ts';
import { requireEnvelope } from '../mcp/permit/recipients.ts';
import { sendLimit, sendsKey } from '../mcp/permit/sends.ts';
import { toolsOf } from '../mcp/services.ts';
import type { Grant } from '../oauth/bearer/bearer.ts';
import { createClients } from '../oauth/client/clients.ts';
import { readDynamicClients } from '../oauth/client/dynamic-clients.ts';
import { jtiOfClient } from '../oauth/client/named-client.ts';
import { createKeyring, type Keyring } from '../oauth/sealed/jwe.ts';
import { createTokens } from '../oauth/sealed/sealed-types.ts';
import type { Config } from '../settings/config.ts';
import { createSemaphore } from '../state/semaphore.ts';
import type { State } from '../state/state.ts';
import type { Services } from './app.ts';
import { openMissiveSession } from './missive-session.ts';
import { openState } from './open-state.ts';
import { loginVerifier } from './verify-login.ts';

/** The real services, made from the settings, and how they end. */
export interface Assembly {
  services: Services;
  stopAccepting(): void;
  close(): Promise<void>;
}

export async function assemble(config: Config, log: Log): Promise<Assembly> {
  const now = () => new Date();
  checkNotBefore(config.keys, now());
  const keyring = createKeyring(config.keys);
  const dynamicClients = await readDynamicClients(config.dynamicClients, keyring, now());
  if (dynamicClients?.trustedHosts === 'any') {
    log.warn({}, 'TRUSTED_CLIENT_HOSTS=* lets every application of the world ask people for their mailbox');
  }
  // After what server.ts gives to requests; both together stay within 10 s.
  const pool = createImapPool({ log, pool: { closeMs: 1500 } });
  const { store, attachmentLinks } = await attachments(config, { keyring, pool, now, log });
  const messageIdSecret = Buffer.from(hkdfSync('sha256', config.keys.current, '', 'mail-mcp/1/message-id', 32));
  const recentResults = createRecentResults({ now });
  const deniedClients = new Set(await Promise.all(config.deniedClients.map((named) => jtiOfClient(named, keyring))));
  const state = await openState(config, { now, log });
  const clients = createClients({ keyring, now, state, deniedClients, dynamicClients });
  const sends = { state, areAllCounted: state.isShared || config.replicas === 1 };
  let isAccepting = true;
  return {
    services: {
      issuer: config.issuer,
      isLocal: config.isLocal,
      allowedOrigins: config.allowedOrigins,
      toleratesVersionMismatch: config.toleratesVersionMismatch,
      hasMetadataAliases: config.hasMetadataAliases,
      trustProxy: config.trustProxy,
      adminToken: config.adminToken,
      isReady: () => isAccepting,
      keyring,
      now,
      log,
      state,
      replicas: config.replicas,
      clients,
      // A login that was checked leaves its connection warm for the first call.
      verifyLogin: loginVerifier({ now, adopt: (account, imap) => pool.adopt(account, imap) }),
      powersLeft: (policy, service) => powersLeft(toolsOf(service), policy),
      openSession: (grant) => openSession(grant, { pool, store, now, log, messageIdSecret, recentResults, sends }),
      openMissiveSession: (grant, exchange) => openMissiveSession(grant, { store, now, log, sends }, exchange),
      attachmentLinks,
    },
    stopAccepting: () => {
      isAccepting = false;
    },
    async close() {
      await Promise.all([pool.close(), state.close()]);
    },
  };
}

const CLOCK_SKEW_MS = 60_000;

/** @throws {ConfigError} if nothing that is sealed now would ever open */
function checkNotBefore({ notBefore }: Config['keys'], now: Date): void {
  if (notBefore !== undefined && notBefore.getTime() > now.getTime() + CLOCK_SKEW_MS) {
    throw new ConfigError('TOKENS_NOT_BEFORE is in the future: until then nobody could sign in.');
  }
}

/**
 * Saving a large message takes a second connection of the same account, on which its attachments are read meanwhile. Of the four that an
 * account may have, changes therefore leave one for reading: otherwise they could wait for each other for ever.
 */
const changes = createSemaphore({ placesPerKey: 3 });

/** A grant for a mailbox. */
export type MailGrant = Pick<Grant, 'permit' | 'client' | 'subject' | 'endsAt'> & { account: MailAccount };

/** What the mail tools of one call work with: the mailbox, within the limits of the grant. */
export function openSession(
  { account, permit, client, subject, endsAt }: MailGrant,
  parts: {
    pool: ImapPool;
    store: AttachmentStore;
    now: () => Date;
    log: Log;
    /** 32 bytes that all replicas have. */
    messageIdSecret: Buffer;
    recentResults: RecentResults;
    /** Where sent messages are counted, and whether those of all replicas are. */
    sends: { state: State; areAllCounted: boolean };
    smtp?: SmtpOptions;
  },
): MailSession {
  const { pool, store, now, log, messageIdSecret, recentResults, sends, smtp } = parts;
  const { host, port } = account.imap.server;
  const { folders, max_sends_per_hour: most } = permit.policy;
  const read: MailSession['readImap'] = (use, mailbox) => pool.withConnection(account, use, { retry: true, mailbox });
  const change: MailSession['changeImap'] = (use, mailbox) =>
    changes.run(`${host}:${port} ${account.imap.login.username}`, () => read(use, mailbox));
  const limited = (imap: Imap, extra?: string) => (folders === undefined ? imap : limitedImap(imap, folders, extra));
  const readImap: MailSession['readImap'] = (use, mailbox) => read((imap) => use(limited(imap)), mailbox);
  const reader = {
    imap: account.imap,
    ...(folders && {
      readable: () => readImap(async (imap) => (await listMailboxes(imap, { counts: false })).map(({ path }) => path)),
    }),
  };
  const limit = sendLimit({ ...sends, most, key: sendsKey({ client, subject }), now, log });
  return {
    account,
    permit,
    readImap,
    changeImap: (use, mailbox) => change((imap) => use(limited(imap)), mailbox),
    unlimited: { readImap: read, changeImap: change, finishImap: (use) => change(use), limited },
    checkSendLimit: limit.check,
    async submit(message) {
      requireEnvelope(permit, message.envelope.to);
      return limit.counted(() => submit(account, message, smtp));
    },
    keyedMessageId: (call) => keyedMessageId(messageIdSecret, account, call),
    recentResults,
    attachments: {
      publish: (attached, lend) => store.publish(attached, lend, endsAt),
      fetchOwn: (url, maxBytes) => store.fetchOwn(url, reader, maxBytes),
    },
    now,
  };
}

async function attachments(config: Config, parts: { keyring: Keyring; pool: ImapPool; now: () => Date; log: Log }) {
  const { keyring, pool, now, log } = parts;
  if (config.s3 !== undefined) {
    // The AWS SDK takes 15 MB of memory, which only those pay who use it.
    const { createS3Store } = await import('../attachments/s3.ts');
    const nameKey = Buffer.from(hkdfSync('sha256', config.keys.current, '', 'mail-mcp/1/attachment-name', 32));
    return { store: createS3Store({ s3: config.s3, nameKey, now, log }), attachmentLinks: undefined };
  }
  const { attachment: links } = createTokens(keyring);
  const seal = {
    seal: (reference: AttachmentRef, notAfter?: Date) => links.seal(reference, now(), notAfter),
    open: (link: string) => links.unseal(link, now()),
  };
  const lendPart = lendFrom(pool);
  return {
    store: createLinkStore({ issuer: config.issuer, seal, lendPart }),
    attachmentLinks: attachmentHandler({ seal, lendPart }),
  };
}
