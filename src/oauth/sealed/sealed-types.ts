/**
 * Declares every type of sealed value: its payload, lifetime, maximum length and holder, and what a thief of one gains.
 *
 * Invariant: each type has its own key, and every failure to unseal looks the same.
 */
import type { z } from 'zod';
import { issuerOf, subjectOfLogin, subjectOfMailboxId } from './computed-claims.ts';
import type { SealerType } from './content.ts';
import type { Credentials } from './identity.ts';
import { createSealer, type Keyring, toSeconds, withSecret } from './jwe.ts';
import * as payloads from './payloads.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface SealedType extends SealerType<object> {
  /** The party that keeps the value, and where. */
  heldBy: string;
  /** What the value alone is worth to a thief, who does not have the encryption key. */
  thiefGains: string;
}

/** Less than 4 KiB (BEAR-08). The sign-in page has refused credentials that would make it longer. */
const MAX_ACCESS_LENGTH = 4095;

/** Credentials of the greatest length that the sign-in page accepts, in the worst of encodings, fit into URLs and headers that proxies allow. */
const MAX_CODE_LENGTH = 6000;

export const SEALED_TYPES = {
  client: {
    typ: 'client_id',
    schema: payloads.ClientPayload,
    isMinted: true,
    lifetimeSeconds: null,
    maxLength: 1500,
    heldBy: 'the client, its logs, browsers',
    thiefGains: 'nothing without the client secret and credentials of an account',
  },
  registered: {
    typ: 'dcr',
    schema: payloads.RegisteredPayload,
    lifetimeSeconds: 90 * DAY,
    maxLength: 1500,
    heldBy: 'a client that registered itself, its logs, browsers',
    thiefGains: 'nothing without credentials of an account, and the client secret if it has one',
  },
  connection: {
    typ: 'connection',
    schema: payloads.ConnectionPayload,
    isMinted: true,
    lifetimeSeconds: null,
    maxLength: 4000,
    heldBy: "the operator's settings",
    thiefGains: 'nothing',
  },
  transaction: {
    typ: 'transaction',
    schema: payloads.TransactionPayload,
    lifetimeSeconds: 10 * MINUTE,
    maxLength: 14_000,
    heldBy: 'a hidden field of the sign-in page',
    thiefGains: 'nothing without the cookie of the same browser',
  },
  code: {
    typ: 'code',
    schema: payloads.CodePayload,
    lifetimeSeconds: MINUTE,
    maxLength: MAX_CODE_LENGTH,
    heldBy: 'the redirect to the client; accepted once',
    thiefGains: 'nothing without the code verifier, and the client secret if the client has one',
  },
  access: {
    typ: 'access',
    schema: payloads.AccessPayload,
    computed: { iss: issuerOf, sub: subjectOfLogin },
    hashed: ['iss', 'aud'],
    lifetimeSeconds: 8 * HOUR,
    maxLength: MAX_ACCESS_LENGTH,
    heldBy: 'the client',
    thiefGains: 'the account, within the scope, until the token expires',
  },
  /** An access token for clients that cannot sign in, made by `mail-mcp token`. Its owner chooses an earlier end. */
  personal: {
    typ: 'access',
    schema: payloads.AccessPayload,
    computed: { iss: issuerOf, sub: subjectOfLogin },
    hashed: ['iss', 'aud'],
    lifetimeSeconds: 366 * DAY,
    maxLength: MAX_ACCESS_LENGTH,
    heldBy: 'a client that cannot sign in; made by `mail-mcp token`',
    thiefGains: 'the account, within the scope, until the token expires',
  },
  refresh: {
    typ: 'refresh',
    schema: payloads.RefreshPayload,
    computed: { iss: issuerOf, sub: subjectOfMailboxId },
    hashed: ['iss', 'aud'],
    lifetimeSeconds: 30 * DAY,
    maxLength: MAX_CODE_LENGTH + 1000,
    heldBy: 'the client; gives one successor',
    thiefGains: 'access tokens, with the client secret if the client has one, while it keeps in step with the client',
  },
  accountSignIn: {
    typ: 'account-door',
    schema: payloads.AccountSignInPayload,
    lifetimeSeconds: 10 * MINUTE,
    maxLength: 3000,
    heldBy: 'a hidden field of the sign-in page at `/account`',
    thiefGains: 'nothing without credentials of an account',
  },
  accountSession: {
    typ: 'account-visit',
    schema: payloads.AccountSessionPayload,
    lifetimeSeconds: 10 * MINUTE,
    maxLength: 3000,
    heldBy: 'a hidden field of the list at `/account`',
    thiefGains:
      "nothing without the cookie of the same browser; with it, the list of the account's grants and their end",
  },
  adminSession: {
    typ: 'admin-session',
    schema: payloads.AdminSessionPayload,
    lifetimeSeconds: 30 * MINUTE,
    maxLength: 500,
    heldBy: "a cookie of the operator's browser, for the page at `/admin`",
    thiefGains: 'clients with any servers and limits, until it ends or `ADMIN_TOKEN` is changed; not the token',
  },
  /** Its lifetime is that of a grant, after which the client asks for a sign-in. */
  choices: {
    typ: 'choices',
    schema: payloads.ChoicesPayload,
    lifetimeSeconds: 90 * DAY,
    maxLength: 1500,
    heldBy: 'a cookie of the browser, one for each client',
    thiefGains: 'attempts to sign in with that login that others cannot use up; not its password',
  },
  /** Its lifetime is that of a grant: the account owner signs in again after it, however often the client has refreshed its tokens. */
  grant: {
    typ: 'grant',
    schema: payloads.GrantPayload,
    lifetimeSeconds: 90 * DAY,
    maxLength: 10_000,
    heldBy: 'the state (Redis or memory), for the list at `/account`',
    thiefGains: 'nothing',
  },
  /** Its lifetime is that of a grant. */
  providerToken: {
    typ: 'provider-token',
    schema: payloads.ProviderTokenPayload,
    lifetimeSeconds: 90 * DAY,
    maxLength: 40_000,
    heldBy: 'the state (Redis or memory), while a grant uses a provider',
    thiefGains: 'nothing',
  },
  /** A token of a provider, where the client's token has no room for its refresh token. See custodySealer(). */
  custody: {
    typ: 'provider-custody',
    schema: payloads.ProviderTokenPayload,
    lifetimeSeconds: 90 * DAY,
    maxLength: 40_000,
    heldBy: "Redis, until the grant ends; the second key is in the client's token",
    thiefGains: 'nothing, also with `ENCRYPTION_KEY`; with that and a token of the grant, the account',
  },
  upstream: {
    typ: 'upstream',
    schema: payloads.UpstreamPayload,
    lifetimeSeconds: 10 * MINUTE,
    maxLength: 14_000,
    heldBy: 'cookies of the browser, while it is at the provider',
    thiefGains: 'nothing without the code that the provider sends to the same browser',
  },
  attachment: {
    typ: 'attachment',
    schema: payloads.AttachmentPayload,
    lifetimeSeconds: HOUR,
    maxLength: 8000,
    heldBy: 'every holder of the link',
    thiefGains: 'one part of one message',
  },
} as const satisfies Record<string, SealedType>;

type SealedTypeName = keyof typeof SEALED_TYPES;

type AccountFacts = z.output<typeof payloads.AccountFacts>;

type Payload<K extends SealedTypeName> = z.output<(typeof SEALED_TYPES)[K]['schema']>;
export type ClientPayload = Payload<'client'>;
export type RegisteredPayload = Payload<'registered'>;
export type Transaction = Payload<'transaction'>;
export type CodePayload = Payload<'code'>;
export type AccessPayload = Payload<'access'>;
export type RefreshPayload = Payload<'refresh'>;
export type ChoicesPayload = Payload<'choices'>;
export type GrantPayload = Payload<'grant'>;
export type UpstreamPayload = Payload<'upstream'>;
export type AccountSignIn = Payload<'accountSignIn'>;
export type AccountSession = Payload<'accountSession'>;

/** What is known of the account, as one token passes it on to the next. @returns only the fields that are there */
export function factsIn(payload: Partial<AccountFacts>): Partial<AccountFacts> {
  return Object.fromEntries(
    Object.entries(payloads.AccountFacts.parse(payload)).filter(([, fact]) => fact !== undefined),
  );
}

/** Seals and unseals values of each type. */
export function createTokens(keyring: Keyring) {
  return {
    client: createSealer(keyring, SEALED_TYPES.client),
    registered: createSealer(keyring, SEALED_TYPES.registered),
    connection: createSealer(keyring, SEALED_TYPES.connection),
    transaction: createSealer(keyring, SEALED_TYPES.transaction),
    code: createSealer(keyring, SEALED_TYPES.code),
    access: createSealer(keyring, SEALED_TYPES.access),
    personal: createSealer(keyring, SEALED_TYPES.personal),
    refresh: createSealer(keyring, SEALED_TYPES.refresh),
    accountSignIn: createSealer(keyring, SEALED_TYPES.accountSignIn),
    accountSession: createSealer(keyring, SEALED_TYPES.accountSession),
    adminSession: createSealer(keyring, SEALED_TYPES.adminSession),
    choices: createSealer(keyring, SEALED_TYPES.choices),
    grant: createSealer(keyring, SEALED_TYPES.grant),
    providerToken: createSealer(keyring, SEALED_TYPES.providerToken),
    upstream: createSealer(keyring, SEALED_TYPES.upstream),
    attachment: createSealer(keyring, SEALED_TYPES.attachment),
  } satisfies Record<Exclude<SealedTypeName, 'custody'>, unknown>;
}

/** Seals and unseals tokens of one approval with both keys: that of the keyring, and the one that the client's token has. */
export const custodySealer = (keyring: Keyring, { approval, custody }: { approval: string; custody: string }) =>
  createSealer(withSecret(keyring, custody, approval), SEALED_TYPES.custody);

export type Tokens = ReturnType<typeof createTokens>;

/** Claims of an access token that are known at the sign-in, before the credentials are. */
export type ClaimsBesideLogin = Omit<AccessPayload, 'sub' | 'gid' | 'granted_at' | 'login'>;

/** Whether credentials leave room for everything else in an access token of at most 4,095 characters. */
export type FitsIntoToken = (login: Credentials) => boolean;

/** Ids that no account has. They take the most space. */
export const LONGEST_ID = '-'.repeat(22);

/**
 * @param sealer of access tokens, or of personal ones
 * @returns a function that measures the token, for any time of its refresh
 */
export function createTokenFit(
  sealer: Pick<Tokens['access'], 'lengthOf'>,
  claims: ClaimsBesideLogin,
  now: Date,
): FitsIntoToken {
  const grantedAt = toSeconds(now) - SEALED_TYPES.grant.lifetimeSeconds;
  const beside = { ...claims, sub: LONGEST_ID, gid: LONGEST_ID, granted_at: grantedAt };
  return (login) => sealer.lengthOf({ ...beside, login }, now) <= SEALED_TYPES.access.maxLength;
}
