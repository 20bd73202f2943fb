/** Checks a login by logging in to both mail servers. */
import { isDeepStrictEqual } from 'node:util';
import { UpstreamError } from '../errors.ts';
import { type AccessTokens, TOKEN_REFUSED } from './access-tokens.ts';
import type { InboxIdentity, Login, LoginProblem, MailAccount } from './account.ts';
import { diagnosedLogin, ProbedError, type ProbeLogin, problemOfProbe } from './diagnosed-login.ts';
import { type ConnectOptions, connectImap, type OwnedImapConnection } from './imap/imap-connection.ts';
import { readInboxIdentity } from './mailbox/inbox-identity.ts';
import { hasGraph } from './send/graph.ts';
import { type SmtpOptions, UNKNOWN_COMMAND_CODES, verifySmtp } from './send/smtp.ts';

export interface VerifyOptions {
  /** Certificate authorities to trust instead of Node's. */
  tls?: NonNullable<ConnectOptions['tls']>;
  /** Receives the IMAP connection if both logins work and it is usable; otherwise the connection is closed. */
  onImap?: (imap: OwnedImapConnection) => void;
  /** Receives what the server says of the INBOX, if the IMAP login works; not called where it does not say. */
  identify?: (inbox: InboxIdentity) => void;
  /** Called when the credentials are about to be sent to a server. */
  onLogin?: () => void;
  /** For logins at a provider. */
  accessTokens?: AccessTokens | undefined;
  /** Skips the SMTP server. */
  only?: 'imap';
  /** Overrides what is known of SMTP servers by their names. */
  smtp?: Pick<SmtpOptions, 'refusesPlain'>;
  /** Time limit for both servers together. */
  totalMs?: number;
  /** Finds out why a server cannot be used. Absent: what the login itself shows is reported. */
  probe?: ProbeLogin;
}

const TOTAL_MS = 15_000;

/** How long the answer about the INBOX may take: a login does not fail because of it. */
const MAX_IDENTITY_MS = 3_000;

/**
 * Logs in to both servers at once, one attempt each. Providers that are known to refuse one way to log in get a second one at their SMTP server, never
 * after the IMAP server has refused the same login. With `probe`, a server that is silent, or that the login fails at before the credentials are sent, is probed.
 *
 * @returns all problems, IMAP first; empty if both logins work. Returns within `totalMs` (15 s)
 */
export async function verifyLogin(
  account: MailAccount,
  { tls, onImap, identify, onLogin, only, smtp: ofSmtp, totalMs = TOTAL_MS, probe, accessTokens }: VerifyOptions = {},
): Promise<LoginProblem[]> {
  const trusted = { ...(tls && { tls }), accessTokens };
  const imapLimits = { connectMs: totalMs };
  const smtpLimits = { connectMs: totalMs, greetingMs: totalMs, silenceMs: totalMs, totalMs };
  const startedAt = performance.now();
  const each = { ...(tls && { tls }), totalMs, probe };
  const onSend = (note: () => void) => () => {
    note();
    onLogin?.();
  };
  const kindOf = ({ kind }: Login) => (kind === 'provider' ? 'token' : 'password');
  const ofImap = { service: 'imap', server: account.imap.server, kind: kindOf(account.imap.login) } as const;
  const imapLogin = diagnosedLogin({ ...each, ...ofImap }, (note) =>
    connectImap(account.imap, { ...trusted, onLogin: onSend(note), limits: imapLimits }),
  );
  const openImap = async () => {
    const imap = await imapLogin;
    const leftMs = totalMs - (performance.now() - startedAt);
    await readIdentity(imap, identify, Math.max(1, Math.min(leftMs, MAX_IDENTITY_MS)));
    return imap;
  };
  const mayLogInAgain = async () => !isSameLogin(account) || !(await isRefused(imapLogin));
  const { server: smtpServer, login: smtpAccount } = account.smtp;
  const verifySmtpLogin = () =>
    diagnosedLogin({ ...each, service: 'smtp', server: smtpServer, kind: kindOf(smtpAccount) }, (note) =>
      verifySmtp(smtpServer, smtpAccount, {
        ...ofSmtp,
        ...trusted,
        ...{ onLogin: onSend(note), limits: smtpLimits, mayLogInAgain },
      }),
    );
  const [imap, smtp] = await Promise.allSettled([openImap(), only === 'imap' ? undefined : verifySmtpLogin()]);
  const problems: LoginProblem[] = [];
  if (imap.status === 'rejected') problems.push(problemOf('imap', imap.reason));
  if (smtp.status === 'rejected' && !isSentByGraph(account, smtp.reason)) problems.push(problemOf('smtp', smtp.reason));
  if (imap.status === 'fulfilled') {
    if (onImap && problems.length === 0 && imap.value.isUsable) onImap(imap.value);
    else imap.value.close();
  }
  return problems;
}

/** @throws {UpstreamError} if the server opens no mailbox although it accepted the login; the connection is closed then */
async function readIdentity(imap: OwnedImapConnection, identify: VerifyOptions['identify'], maxMs: number) {
  if (identify === undefined) return;
  const inbox = await readInboxIdentity(imap, maxMs).catch((error: unknown) => {
    imap.close();
    throw error;
  });
  if (inbox !== undefined) identify(inbox);
}

/** Without SMTP, such a mailbox sends through Microsoft Graph. */
const isSentByGraph = ({ smtp }: MailAccount, error: unknown): boolean =>
  hasGraph(smtp.login) && error instanceof UpstreamError && error.code === 'SMTP_AUTH_OFF';

const isSameLogin = ({ imap, smtp }: MailAccount): boolean => isDeepStrictEqual(imap.login, smtp.login);

const isRefused = (login: Promise<unknown>): Promise<boolean> =>
  login.then(
    () => false,
    (error: unknown) => error instanceof UpstreamError && error.fault === 'credentials',
  );

/** Codes of connectImap() and verifySmtp() that have a sentence of their own. */
const FAULT_OF_CODE: Readonly<Record<string, LoginProblem['fault']>> = {
  APP_PASSWORD: 'app_password',
  NO_PASSWORDS: 'no_passwords',
  SMTP_AUTH_OFF: 'smtp_auth_off',
  BLOCKED: 'blocked',
  LOGINDISABLED: 'unsupported',
  UNSAFE_LOGIN: 'unsafe_login',
  NOT_CONNECTED: 'token_refused',
  NO_STARTTLS: 'no_starttls',
  NO_TOKENS: 'no_tokens',
  [TOKEN_REFUSED]: 'token_refused',
};

function problemOf(service: LoginProblem['service'], error: unknown): LoginProblem {
  if (error instanceof ProbedError) return problemOfProbe(error.fault);
  if (!(error instanceof UpstreamError)) throw error;
  const fault = faultOf(error);
  const cause = fault === 'unsupported' ? 'no_auth' : fault === 'no_tokens' ? 'no_tokens' : error.code;
  return { service, fault, ...(cause !== undefined && { cause }) };
}

function faultOf({ service, fault, code = '' }: UpstreamError): LoginProblem['fault'] {
  const known = FAULT_OF_CODE[code];
  if (known !== undefined) return known;
  if (service === 'SMTP' && fault === 'refused' && UNKNOWN_COMMAND_CODES.has(code)) return 'unsupported';
  return fault === 'unknown_outcome' ? 'unreachable' : fault;
}
