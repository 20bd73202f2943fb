/**
 * Describes a mail account: its servers, its logins and its sender.
 *
 * Invariant: nothing in `src/mail` depends on HTTP or MCP.
 */
import { z } from 'zod';

/** How a connection is protected: TLS from the first byte (RFC 8314 §3), STARTTLS required (RFC 3207, RFC 9051 §6.2.1), or not at all. */
const Security = z.enum(['tls', 'starttls', 'cleartext']);

/** Where one mail service listens. Fixed by the operator in the client_id; never taken from a form. */
export const MailServer = z.object({
  host: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65535),
  security: Security,
});
export type MailServer = z.output<typeof MailServer>;

/** When mail-mcp saves the copy of a sent message in Sent: only if the mail provider does not (`auto`), always, or never. */
export const SentCopy = z.enum(['auto', 'always', 'never']);
export type SentCopy = z.output<typeof SentCopy>;

/** The authserv-ids (RFC 8601 §2.5) of the Authentication-Results that are believed, in lower case. Those of known providers need not be named. */
const AuthservIds = z.array(z.string().min(1).max(100));

/** Providers whose endpoints are known; `openid`: any other that publishes them (OpenID Connect Discovery 1.0). New ones are added at the end. */
export const PROVIDERS = ['google', 'microsoft', 'fastmail', 'openid'] as const;

/** Sign-in at an OpenID provider in front of the mail servers: which one, and what this server is registered as there. */
export const ProviderSignIn = z.object({
  provider: z.enum(PROVIDERS),
  /** Of `openid` alone: the issuer identifier, an https URL. */
  issuer: z.string().max(300).optional(),
  /** Absent: those of the settings. */
  clientId: z.string().min(1).max(300).optional(),
  clientSecret: z.string().min(1).max(300).optional(),
  /** The only organizations whose accounts may sign in: tenant ids of Microsoft, domains of Google. Absent: all. */
  tenants: z.array(z.string().min(1).max(100)).optional(),
  /** Of `openid` alone: the scopes that give access to the mail servers. */
  scopes: z.array(z.string().min(1).max(200)).optional(),
});
export type ProviderSignIn = z.output<typeof ProviderSignIn>;

export const MailServers = z.object({
  imap: MailServer,
  smtp: MailServer,
  /** Absent: `auto`. */
  sentCopy: SentCopy.optional(),
  authservIds: AuthservIds.optional(),
  /** Absent: account owners sign in with a password. */
  signIn: ProviderSignIn.optional(),
});
export type MailServers = z.output<typeof MailServers>;

const PasswordLogin = z.object({
  kind: z.literal('password'),
  username: z.string().min(1).max(320),
  password: z.string().min(1).max(1024),
});
export type PasswordLogin = z.output<typeof PasswordLogin>;

/** A login with the access tokens that a provider issues for what the account owner has approved there. */
const ProviderLogin = z.object({
  kind: z.literal('provider'),
  username: z.string().min(1).max(320),
  signIn: ProviderSignIn,
  /** Of the provider; it may have issued a newer one since. Absent: it is in the state, and `custody` opens it. */
  refreshToken: z.string().min(1).max(8192).optional(),
  /** Names the approval, in 16 bytes of base64url: the same for all refresh tokens that have followed from it. */
  approval: z.string().length(22),
  /** 16 random bytes in base64url, without which the refresh token in the state cannot be decrypted. */
  custody: z.string().length(22).optional(),
});
export type ProviderLogin = z.output<typeof ProviderLogin>;

/** The credentials for a mail server. */
export const Login = z.union([PasswordLogin, ProviderLogin]);
export type Login = z.output<typeof Login>;

/** A mail account: the sender that recipients see, and how to reach both servers. */
export const MailAccount = z.object({
  /** Display name of the From header (RFC 5322 §3.4). May be empty. */
  fullName: z.string().max(256),
  /** addr-spec of the From header. */
  email: z.string().min(3).max(320),
  imap: z.object({ server: MailServer, login: Login }),
  smtp: z.object({ server: MailServer, login: Login }),
  /** Fixed by the operator in the client_id. Absent: `auto`. */
  sentCopy: SentCopy.optional(),
  /** Likewise. */
  authservIds: AuthservIds.optional(),
});
export type MailAccount = z.output<typeof MailAccount>;

/** What a server says of the INBOX of a login: values that stay while the mailbox exists. */
export interface InboxIdentity {
  /** UIDVALIDITY (RFC 9051 §2.3.1.1), decimal. */
  uidValidity: string;
  /** MAILBOXID (RFC 8474 §4.1); absent where the server does not offer it. */
  mailboxId?: string;
}

/**
 * One reason why a login failed. `no_passwords`: the server takes no password from mail programs. `smtp_auth_off`: sending with a password is switched
 * off for the mailbox or its organization. `blocked`: another rule of the organization. `misconfigured`: the operator's settings do not fit the server.
 * `unsupported`: the server offers no way to log in that is implemented here. `unsafe_login`: it accepted the login, and opens no mailbox.
 * `token_refused`: it refused an access token that the provider has just issued, or opens no mailbox to it. `no_tokens`: it takes none.
 */
export interface LoginProblem {
  service: 'imap' | 'smtp';
  fault:
    | 'credentials'
    | 'app_password'
    | 'no_passwords'
    | 'smtp_auth_off'
    | 'blocked'
    | 'misconfigured'
    | 'unsupported'
    | 'unsafe_login'
    | 'token_refused'
    | 'no_tokens'
    | 'unreachable'
    | 'certificate'
    | 'timeout'
    | 'no_starttls'
    | 'refused';
  /** More exactly, for the log: what a probe has found (docs/troubleshooting.md), or a code of the server or the network. */
  cause?: string;
}
