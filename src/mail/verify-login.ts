/** Checks a login by logging in to both mail servers. */
import { UpstreamError } from '../errors.ts';
import type { LoginProblem, MailAccount } from './account.ts';
import { type ConnectOptions, connectImap, type OwnedImapConnection } from './imap/imap-connection.ts';
import { verifySmtp } from './send/smtp.ts';

export interface VerifyOptions {
  /** Certificate authorities to trust instead of Node's. */
  tls?: NonNullable<ConnectOptions['tls']>;
  /** Receives the IMAP connection if both logins work; otherwise the connection is closed. */
  onImap?: (imap: OwnedImapConnection) => void;
  /** Skips the SMTP server. */
  only?: 'imap';
  /** Time limit for both servers together. */
  totalMs?: number;
}

const TOTAL_MS = 15_000;

/**
 * Logs in to both servers at once, one attempt each.
 *
 * @returns all problems, IMAP first; empty if both logins work. Returns within `totalMs` (15 s)
 */
export async function verifyLogin(
  account: MailAccount,
  { tls, onImap, only, totalMs = TOTAL_MS }: VerifyOptions = {},
): Promise<LoginProblem[]> {
  const trust = tls === undefined ? {} : { tls };
  const imapLimits = { connectMs: totalMs };
  const smtpLimits = { connectMs: totalMs, greetingMs: totalMs, silenceMs: totalMs, totalMs };
  const [imap, smtp] = await Promise.allSettled([
    connectImap(account.imap, { ...trust, limits: imapLimits }),
    only === 'imap' ? undefined : verifySmtp(account.smtp.server, account.smtp.login, { ...trust, limits: smtpLimits }),
  ]);
  const problems: LoginProblem[] = [];
  if (imap.status === 'rejected') problems.push({ service: 'imap', fault: faultOf(imap.reason) });
  if (smtp.status === 'rejected') problems.push({ service: 'smtp', fault: faultOf(smtp.reason) });
  if (imap.status === 'fulfilled') {
    if (onImap && problems.length === 0) onImap(imap.value);
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
