import { hkdfSync } from 'node:crypto';
import type { Services } from './app.ts';
import { attachmentHandler, createLinkStore, lendFrom } from './attachments/links.ts';
import { AttachmentRef, type AttachmentStore } from './attachments/store.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { keyedMessageId } from './mail/keyed-message-id.ts';
import { createImapPool, type ImapPool } from './mail/pool.ts';
import { type SmtpOptions, submit } from './mail/smtp.ts';
import { createTurns } from './mail/turns.ts';
import { verifyLogin } from './mail/verify-login.ts';
import { powersLeft } from './mcp/powers-left.ts';
import type { MailSession } from './mcp/tools/mail/session.ts';
import { mailTools } from './mcp/tools/mail.ts';
import type { Grant } from './oauth/bearer.ts';
import { createClients } from './oauth/clients.ts';
import { jtiOfClient } from './oauth/denied-clients.ts';
import { createKeyring, type Keyring, sealed } from './oauth/jwe.ts';
import { openSelfRegistration } from './oauth/self-registration.ts';
import { openState } from './open-state.ts';
import { createRecentCalls, type RecentCalls } from './state/recent-calls.ts';

/** The real services, made from the settings, and how they end. */
export interface Assembly {
  services: Services;
  stopAccepting(): void;
  close(): Promise<void>;
}

export async function assemble(config: Config, log: Log): Promise<Assembly> {
  const now = () => new Date();
  const keyring = createKeyring(config.keys);
  const selfRegistration = await openSelfRegistration(config.selfRegistration, keyring, now());
  // After what server.ts gives to requests; both together stay within 10 s.
  const pool = createImapPool({ log, pool: { closeMs: 1500 } });
  const { store, attachmentLinks } = await attachments(config, { keyring, pool, now, log });
  const messageIdSecret = Buffer.from(hkdfSync('sha256', config.keys.current, '', 'mail-mcp/1/message-id', 32));
  const recentCalls = createRecentCalls({ now });
  const deniedClients = new Set(await Promise.all(config.deniedClients.map((named) => jtiOfClient(named, keyring))));
  const state = await openState(config, { now, log });
  const clients = createClients({ keyring, now, state, deniedClients, selfRegistration });
  let isAccepting = true;
  return {
    services: {
      issuer: config.issuer,
      isLocal: config.isLocal,
      allowedOrigins: config.allowedOrigins,
      toleratesVersionMismatch: config.toleratesVersionMismatch,
      trustProxy: config.trustProxy,
      isReady: () => isAccepting,
      keyring,
      now,
      log,
      state,
      replicas: config.replicas,
      clients,
      // A login that was checked leaves its connection warm for the first call.
      verifyLogin: (account, only) => verifyLogin(account, { ...only, onImap: (imap) => pool.adopt(account, imap) }),
      powersLeft: (policy) => powersLeft(mailTools, policy),
      openSession: (grant) => openSession(grant, { pool, store, now, messageIdSecret, recentCalls }),
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

/**
 * Saving a large message takes a second connection of the same account, on which its attachments are read meanwhile. Of the four that an
 * account may have, changes therefore leave one for reading: otherwise they could wait for each other for ever.
 */
const takeTurn = createTurns(3);

/** What the mail tools of one call work with. */
export function openSession(
  { account }: Pick<Grant, 'account'>,
  parts: {
    pool: ImapPool;
    store: AttachmentStore;
    now: () => Date;
    /** 32 bytes that all replicas have. */
    messageIdSecret: Buffer;
    recentCalls: RecentCalls;
    smtp?: SmtpOptions;
  },
): MailSession {
  const { pool, store, now, messageIdSecret, recentCalls, smtp } = parts;
  const { host, port } = account.imap.server;
  const change: MailSession['changeImap'] = (use, mailbox) =>
    takeTurn(`${host}:${port} ${account.imap.login.username}`, () =>
      pool.withImap(account, use, { retry: true, mailbox }),
    );
  return {
    account,
    readImap: (use, mailbox) => pool.withImap(account, use, { retry: true, mailbox }),
    changeImap: change,
    settleImap: (use) => change(use),
    submit: (message) => submit(account, message, smtp),
    keyedMessageId: (call) => keyedMessageId(messageIdSecret, account, call),
    recentCalls,
    attachments: store,
    now,
  };
}

const LINK_SECONDS = 3600;

async function attachments(config: Config, parts: { keyring: Keyring; pool: ImapPool; now: () => Date; log: Log }) {
  const { keyring, pool, now, log } = parts;
  if (config.s3 !== undefined) {
    // The AWS SDK takes 15 MB of memory, which only those pay who use it.
    const { createS3Store } = await import('./attachments/s3.ts');
    const nameKey = Buffer.from(hkdfSync('sha256', config.keys.current, '', 'mail-mcp/1/attachment-name', 32));
    return { store: createS3Store({ s3: config.s3, nameKey, now, log }), attachmentLinks: undefined };
  }
  const links = sealed(keyring, {
    typ: 'attachment',
    schema: AttachmentRef,
    lifetimeSeconds: LINK_SECONDS,
    maxLength: 8000,
  });
  const seal = {
    seal: (reference: AttachmentRef) => links.seal(reference, now()),
    open: (link: string) => links.open(link, now()),
  };
  const lendPart = lendFrom(pool);
  return {
    store: createLinkStore({ issuer: config.issuer, seal, lendPart }),
    attachmentLinks: attachmentHandler({ seal, lendPart }),
  };
}
