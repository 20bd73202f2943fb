/** Logs in at an SMTP server (RFC 4954): with a password in the ways that it offers, or with an access token (RFC 7628). */
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { z } from 'zod';
import type { Credential } from '../access-tokens.ts';
import type { MailServer, PasswordLogin } from '../account.ts';
import { tokenMechanism } from '../sasl-token.ts';
import { isJudgedForGood, loginFault, noTokenLoginFault, replyCodeOf, tokenLoginFault } from './smtp-faults.ts';

const Names = z.array(z.string()).catch([]);

/** What the server has offered in its reply to EHLO. nodemailer declares no member for it. */
export const listOf = (
  connection: SMTPConnection,
  member: '_supportedAuth' | '_supportedExtensions' | '_ehloLines',
): string[] => Names.parse(Reflect.get(connection, member));

/** Providers that offer PLAIN and refuse it as a wrong password. Elsewhere a second attempt would count as another failed login. */
const PLAIN_REFUSERS = ['qq.com', 'foxmail.com', 'naver.com'];

export function refusesPlainByName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return PLAIN_REFUSERS.some((domain) => name === domain || name.endsWith(`.${domain}`));
}

export interface LoginRules {
  /** Whether a server is known to refuse PLAIN as a wrong password although it offers it. Default: by its name. */
  refusesPlain?: (host: string) => boolean;
  /** Asked before such a server gets the login a second time. Default: it does. */
  mayLogInAgain?: (() => Promise<boolean>) | undefined;
}

interface LoginOptions extends LoginRules {
  server: MailServer;
  /** Rejected when the connection fails. */
  failure: Promise<never>;
}

type TokenCredential = Extract<Credential, { kind: 'token' }>;

/** @throws {UpstreamError} that says whether the server or the login is the cause */
export async function logIn(connection: SMTPConnection, login: Credential, options: LoginOptions): Promise<void> {
  if (login.kind === 'token') return logInWithToken(connection, login, options);
  await logInWithPassword(connection, login, options).catch((error: unknown) => {
    throw loginFault(error);
  });
}

async function logInWithToken(
  connection: SMTPConnection,
  { username, token }: TokenCredential,
  { server: { host, port }, failure }: LoginOptions,
): Promise<void> {
  const lines = listOf(connection, '_ehloLines').filter((line) => /^AUTH[ =]/i.test(line));
  const offered = new Set(
    lines.flatMap((line) =>
      line
        .toUpperCase()
        .split(/[\s=]+/)
        .slice(1),
    ),
  );
  const mechanism = tokenMechanism((name) => offered.has(name), { username, token, host, port });
  if (mechanism === undefined) throw noTokenLoginFault();
  const login = promised((done) => connection.login({ user: username, method: handlerNameOf(mechanism.name) }, done));
  await Promise.race([login, failure]).catch((error: unknown) => {
    throw tokenLoginFault(error);
  });
}

/** nodemailer takes the first mechanism that the server offers in the place of `XOAUTH2`, if it has not the token itself. */
const handlerNameOf = (mechanism: string): string => `TOKEN-${mechanism}`;

/**
 * The mechanisms that nodemailer does not have, or tries twice. A server that refuses the token answers 334 with its reason, and ends the exchange
 * after an answer (RFC 7628 §3.2.2, RFC 4954 §4).
 *
 * @returns handlers by the name of the mechanism
 */
export function tokenAuth(
  { username, token }: TokenCredential,
  { host, port }: MailServer,
): NonNullable<SMTPConnection.Options['customAuth']> {
  const handlerOf = (name: string): NonNullable<SMTPConnection.Options['customAuth']>[string] => {
    const mechanism = tokenMechanism((one) => one === name, { username, token, host, port });
    return async ({ sendCommand }) => {
      if (mechanism === undefined) throw new Error('unknown mechanism');
      const { response } = await sendCommand(`AUTH ${name} ${mechanism.initial}`);
      const last = response.startsWith('334') ? await sendCommand(mechanism.afterError) : { response };
      if (!last.response.startsWith('2')) throw new Error('the access token was refused');
    };
  };
  return {
    [handlerNameOf('OAUTHBEARER')]: handlerOf('OAUTHBEARER'),
    [handlerNameOf('XOAUTH2')]: handlerOf('XOAUTH2'),
  };
}

/**
 * Logs in as the server offers it, PLAIN first. If the server offers LOGIN too, it is tried once after a reply that PLAIN is not implemented (502,
 * 504), which examines no password, and at the servers that refusesPlain() names after a refused password (535, 553).
 *
 * @throws what nodemailer reports
 */
async function logInWithPassword(
  connection: SMTPConnection,
  { username: user, password: pass }: PasswordLogin,
  { server: { host }, failure, refusesPlain = refusesPlainByName, mayLogInAgain = async () => true }: LoginOptions,
): Promise<void> {
  const attempt = (method?: string) =>
    Promise.race([
      promised((done) => connection.login({ user, pass, ...(method !== undefined && { method }) }, done)),
      failure,
    ]);
  const mayUseLogin = async (refusal: unknown): Promise<boolean> => {
    const wasPlain = refusal instanceof Error && 'command' in refusal && refusal.command === 'AUTH PLAIN';
    if (!wasPlain || !listOf(connection, '_supportedAuth').includes('LOGIN') || isJudgedForGood(refusal)) return false;
    const code = replyCodeOf(refusal);
    if (code === 502 || code === 504) return true;
    return (code === 535 || code === 553) && refusesPlain(host) && mayLogInAgain();
  };
  await attempt().catch(async (refusal: unknown) => {
    if (!(await mayUseLogin(refusal))) throw refusal;
    await attempt('LOGIN').catch((error: unknown) => {
      // Some servers close the connection after the refusal: that is the reason, not the lost connection.
      throw replyCodeOf(error) === undefined ? refusal : error;
    });
  });
}

export function promised(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
