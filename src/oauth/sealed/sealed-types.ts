/**
 * The sealed things of the authorization server, as a table. The service keeps none of them.
 *
 * | what          | held by                              | a thief gains                                              |
 * |---------------|--------------------------------------|------------------------------------------------------------|
 * | `client_id`   | the client, its logs, browsers       | nothing without the secret and a login                     |
 * | `registered`  | the same, of a client that nobody minted | the same                                               |
 * | `connection`  | the operator's settings              | nothing                                                    |
 * | `transaction` | a hidden field of the sign-in page   | nothing: useless without the cookie of the same browser    |
 * | `code`        | the redirect, for 60 seconds, once   | nothing without the code verifier (and the client secret)  |
 * | `access`      | the client                           | the account, within its scope, until it expires            |
 * | `refresh`     | the client                           | the same for longer, with the client's secret if it has one |
 */
import { z } from 'zod';
import { Servers } from '../../account.ts';
import { Consent, Policy } from '../../policy.ts';
import { Scope } from '../scope.ts';
import { Credentials } from './credentials.ts';
import { createSealer, type Keyring } from './jwe.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

export const lifetimes = {
  transactionSeconds: 10 * minute,
  codeSeconds: minute,
  accessSeconds: 8 * hour,
  refreshSeconds: 30 * day,
  /** After this, the person signs in again, however often the client has refreshed in between. */
  grantSeconds: 90 * day,
  /** Clients register anew when theirs has ended. */
  registeredSeconds: 90 * day,
  /** Longest life of a token that was made on the terminal. */
  personalSeconds: 366 * day,
} as const;

/** A client as the operator minted it. Redirect URIs of known clients are sealed by preset name, to keep the client_id short. */
export const ClientPayload = z.object({
  /** Version of this layout. */
  v: z.literal(1),
  name: z.string().min(1),
  /** SHA-256 of the client secret, base64url. Absent: a public client, which proves itself by PKCE alone. */
  secret_hash: z.string().length(43).optional(),
  presets: z.array(z.string()).optional(),
  redirect_uris: z.array(z.string()).optional(),
  servers: Servers,
  policy: Policy.optional(),
});
export type ClientPayload = z.output<typeof ClientPayload>;

/** A client that registered itself (RFC 7591): what it says about itself. What it may do is in the operator's connection. */
export const RegisteredPayload = z.object({
  /** Version of this layout. */
  v: z.literal(1),
  name: z.string().optional(),
  auth_method: z.enum(['client_secret_basic', 'client_secret_post', 'none']),
  redirect_uris: z.array(z.string()).min(1),
});
export type RegisteredPayload = z.output<typeof RegisteredPayload>;

/** What clients that nobody minted get, as the operator sealed it. */
const ConnectionPayload = z.object({
  /** Version of this layout. */
  v: z.literal(1),
  servers: Servers,
  policy: Policy.optional(),
});

/** The checked authorization request, while the person reads the sign-in page. */
const TransactionPayload = z.object({
  /** Stays the same when the page is shown again, so that one transaction gives one code. */
  tid: z.string(),
  client_id: z.string(),
  redirect_uri: z.string(),
  state: z.string().optional(),
  code_challenge: z.string(),
  aud: z.string(),
  scope: Scope,
  /** SHA-256 of the cookie of the browser that was shown the page. */
  browser: z.string(),
});
export type Transaction = z.output<typeof TransactionPayload>;

/** `jti` of the code is the id of the grant: all tokens that come from it carry it as `gid`. */
const CodePayload = z.object({
  client: z.string(),
  redirect_uri: z.string(),
  code_challenge: z.string(),
  aud: z.string(),
  scope: Scope,
  /** Absent: everything that was asked for, without a limit. */
  consent: Consent.optional(),
  login: Credentials,
});

export type CodePayload = z.output<typeof CodePayload>;

const AccessPayload = z.object({
  iss: z.string(),
  aud: z.string(),
  /** The same for the same mailbox, and tells nothing about it. */
  sub: z.string(),
  gid: z.string(),
  /** When the person signed in, seconds since 1970. */
  granted_at: z.int(),
  /** When everything of the grant is over, and so are the links it has made. Absent: after `grantSeconds`. */
  ends: z.int().optional(),
  client: z.object({
    jti: z.string(),
    name: z.string(),
    /** Absent: the operator minted it. Others are as many as anybody likes. */
    minted: z.literal(false).optional(),
  }),
  scope: Scope,
  /** Absent: everything that was asked for, without a limit. */
  consent: Consent.optional(),
  /** Of the client, as it was when the token was made. Absent: no limits. */
  policy: Policy.optional(),
  login: Credentials,
  servers: Servers,
});
export type AccessPayload = z.output<typeof AccessPayload>;

const RefreshPayload = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  gid: z.string(),
  granted_at: z.int(),
  client: z.string(),
  /** As granted on the form; a refresh may ask for less, the next may have all of it again (RFC 6749 §6). */
  scope: Scope,
  /** Absent: everything that was asked for, without a limit. */
  consent: Consent.optional(),
  /** Where the person was sent after signing in, for the list of their grants. */
  redirect_host: z.string().optional(),
  /** `jti` of the token that this one has replaced; absent from the first of a grant. */
  parent: z.string().optional(),
  login: Credentials,
});
export type RefreshPayload = z.output<typeof RefreshPayload>;

/** Less than 4 KiB (BEAR-08). The sign-in form has refused what would be longer. */
const maxAccessLength = 4095;

/** Fits one login with the longest values of the form, in the worst of encodings, into URLs and headers that proxies let through. */
const maxTokenLength = 6000;

export function createTokens(keyring: Keyring) {
  return {
    client: createSealer(keyring, { typ: 'client_id', schema: ClientPayload, lifetimeSeconds: null, maxLength: 1500 }),
    registered: createSealer(keyring, {
      typ: 'dcr',
      schema: RegisteredPayload,
      lifetimeSeconds: lifetimes.registeredSeconds,
      maxLength: 1500,
    }),
    connection: createSealer(keyring, {
      typ: 'connection',
      schema: ConnectionPayload,
      lifetimeSeconds: null,
      maxLength: 4000,
    }),
    transaction: createSealer(keyring, {
      typ: 'transaction',
      schema: TransactionPayload,
      lifetimeSeconds: lifetimes.transactionSeconds,
      maxLength: 14_000,
    }),
    code: createSealer(keyring, {
      typ: 'code',
      schema: CodePayload,
      lifetimeSeconds: lifetimes.codeSeconds,
      maxLength: maxTokenLength,
    }),
    access: createSealer(keyring, {
      typ: 'access',
      schema: AccessPayload,
      lifetimeSeconds: lifetimes.accessSeconds,
      maxLength: maxAccessLength,
    }),
    /** An access token for clients that cannot sign in: opens like any other, and lives as long as its owner said. */
    personal: createSealer(keyring, {
      typ: 'access',
      schema: AccessPayload,
      lifetimeSeconds: lifetimes.personalSeconds,
      maxLength: maxAccessLength,
    }),
    refresh: createSealer(keyring, {
      typ: 'refresh',
      schema: RefreshPayload,
      lifetimeSeconds: lifetimes.refreshSeconds,
      maxLength: maxTokenLength + 1000,
    }),
  };
}
export type Tokens = ReturnType<typeof createTokens>;
