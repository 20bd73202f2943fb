/** Checks a login by logging in to both mail servers. */
import { UpstreamError } from '../errors.ts';
import type { InboxIdentity, LoginProblem, MailAccount } from './account.ts';
import { type ConnectOptions, connectImap, type OwnedImapConnection } from './imap/imap-connection.ts';
import { readInboxIdentity } from './mailbox/inbox-identity.ts';
import { verifySmtp } from './send/smtp.ts';

export interface VerifyOptions {
  /** Certificate authorities to trust instead of Node's. */
  tls?: NonNullable<ConnectOptions['tls']>;
  /** Receives the IMAP connection if both logins work and it is usable; otherwise the connection is closed. */
  onImap?: (imap: OwnedImapConnection) => void;
  /** Receives what the server says of the INBOX, if the IMAP login works; not called where it does not say. */
  identify?: (inbox: InboxIdentity) => void;
  /** Called when the credentials are about to be sent to a server. */
  onLogin?: () => void;
  /** Skips the SMTP server. */
  only?: 'imap';
  /** Time limit for both servers together. */
  totalMs?: number;
}

const TOTAL_MS = 15_000;

/** How long the answer about the INBOX may take: a login does not fail because of it. */
const MAX_IDENTITY_MS = 3_000;

/**
 * Logs in to both servers at once, one attempt each.
 *
 * @returns all problems, IMAP first; empty if both logins work. Returns within `totalMs` (15 s)
 */
export async function verifyLogin(
  account: MailAccount,
  { tls, onImap, identify, onLogin, only, totalMs = TOTAL_MS }: VerifyOptions = {},
): Promise<LoginProblem[]> {
  const trust = { ...(tls && { tls }), onLogin };
  const imapLimits = { connectMs: totalMs };
  const smtpLimits = { connectMs: totalMs, greetingMs: totalMs, silenceMs: totalMs, totalMs };
  const startedAt = performance.now();
  const loginToImap = async () => {
    const imap = await connectImap(account.imap, { ...trust, limits: imapLimits });
    const leftMs = totalMs - (performance.now() - startedAt);
    const inbox = identify && (await readInboxIdentity(imap, Math.max(1, Math.min(leftMs, MAX_IDENTITY_MS))));
    if (inbox !== undefined) identify?.(inbox);
    return imap;
  };
  const [imap, smtp] = await Promise.allSettled([
    loginToImap(),
    only === 'imap' ? undefined : verifySmtp(account.smtp.server, account.smtp.login, { ...trust, limits: smtpLimits }),
  ]);
  const problems: LoginProblem[] = [];
  if (imap.status === 'rejected') problems.push({ service: 'imap', fault: faultOf(imap.reason) });
  if (smtp.status === 'rejected') problems.push({ service: 'smtp', fault: faultOf(smtp.reason) });
  if (imap.status === 'fulfilled') {
    if (onImap && problems.length === 0 && imap.value.isUsable) onImap(imap.value);
    else imap.value.close();
  }
  return problems;
}

function faultOf(error: unknown): LoginProblem['fault'] {
  if (!(error instanceof UpstreamError)) throw error;
  if (error.code === 'APP_PASSWORD') return 'app_password';
  if (error.code === 'NO_STARTTLS') return 'no_starttls';
  return error.fault === 'unknown_outcome' ? 'unreachable' : error.fault;
}
