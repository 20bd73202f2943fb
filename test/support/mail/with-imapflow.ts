/** Opens imapflow connections, with which tests fill and read mailboxes independently of the code under test. */
import { ImapFlow } from 'imapflow';
import type { MailAccount } from '../../../src/mail/account.ts';

/** Logs in, runs `use` with the connection, and logs out in every case. */
export async function withImapFlow<T>(account: MailAccount, use: (imap: ImapFlow) => Promise<T>): Promise<T> {
  const imap = await open(account);
  try {
    return await use(imap);
  } finally {
    await end(imap);
  }
}

const KEPT_MS = 2_000;

const kept = new Map<string, { imap: ImapFlow; timeout: NodeJS.Timeout }>();

/**
 * As `withImapFlow`, but the connection is used again within two seconds: most tests look into the same mailbox several times.
 *
 * @param use does not leave the connection in a state that the next use for the same purpose does not expect
 */
export async function withKeptImapFlow<T>(
  purpose: 'read' | 'append',
  account: MailAccount,
  use: (imap: ImapFlow) => Promise<T>,
): Promise<T> {
  const key = purpose + JSON.stringify(account.imap);
  const imap = takeKept(key) ?? (await open(account));
  let isDone = false;
  try {
    const result = await use(imap);
    isDone = true;
    return result;
  } finally {
    if (isDone && imap.usable && !kept.has(key)) keep(key, imap);
    else await end(imap);
  }
}

function takeKept(key: string): ImapFlow | undefined {
  const found = kept.get(key);
  if (found === undefined) return undefined;
  kept.delete(key);
  clearTimeout(found.timeout);
  return found.imap.usable ? found.imap : undefined;
}

function keep(key: string, imap: ImapFlow): void {
  const timeout = setTimeout(() => {
    kept.delete(key);
    void end(imap);
  }, KEPT_MS);
  timeout.unref();
  kept.set(key, { imap, timeout });
}

async function open({ imap: { server, login } }: MailAccount): Promise<ImapFlow> {
  const imap = new ImapFlow({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    doSTARTTLS: server.security === 'starttls',
    auth: { user: login.username, pass: login.kind === 'password' ? login.password : '' },
    disableAutoIdle: true,
    logger: false,
  });
  imap.on('error', () => {});
  await imap.connect();
  return imap;
}

async function end(imap: ImapFlow): Promise<void> {
  // A test may have cut the connection on purpose.
  if (imap.usable) await imap.logout();
  else imap.close();
}
