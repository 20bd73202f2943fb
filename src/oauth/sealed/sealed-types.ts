/**
 * Declares every type of sealed value: its payload, lifetime, maximum length and holder, and what a thief of one gains.
 *
 * Invariant: each type has its own key, and every failure to unseal looks the same.
 */
import type { z } from 'zod';
import { createSealer, type Keyring, type SealerType } from './jwe.ts';
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
    lifetimeSeconds: 8 * HOUR,
    maxLength: MAX_ACCESS_LENGTH,
    heldBy: 'the client',
    thiefGains: 'the account, within the scope, until the token expires',
  },
  /** An access token for clients that cannot sign in, made by `mail-mcp token`. Its owner chooses an earlier end. */
  personal: {
    typ: 'access',
    schema: payloads.AccessPayload,
    lifetimeSeconds: 366 * DAY,
    maxLength: MAX_ACCESS_LENGTH,
    heldBy: 'a client that cannot sign in; made by `mail-mcp token`',
    thiefGains: 'the account, within the scope, until the token expires',
  },
  refresh: {
    typ: 'refresh',
    schema: payloads.RefreshPayload,
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
  /** Its lifetime is that of a grant: the account owner signs in again after it, however often the client has refreshed its tokens. */
  grant: {
    typ: 'grant',
    schema: payloads.GrantPayload,
    lifetimeSeconds: 90 * DAY,
    maxLength: 10_000,
    heldBy: 'the state (Redis or memory), for the list at `/account`',
    thiefGains: 'nothing',
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

type Payload<K extends SealedTypeName> = z.output<(typeof SEALED_TYPES)[K]['schema']>;
export type ClientPayload = Payload<'client'>;
export type RegisteredPayload = Payload<'registered'>;
export type Transaction = Payload<'transaction'>;
export type CodePayload = Payload<'code'>;
export type AccessPayload = Payload<'access'>;
export type RefreshPayload = Payload<'refresh'>;
export type GrantPayload = Payload<'grant'>;
export type AccountSignIn = Payload<'accountSignIn'>;
export type AccountSession = Payload<'accountSession'>;

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
    grant: createSealer(keyring, SEALED_TYPES.grant),
    attachment: createSealer(keyring, SEALED_TYPES.attachment),
  } satisfies Record<SealedTypeName, unknown>;
}
export type Tokens = ReturnType<typeof createTokens>;

/**
 * Maximum size of the claims that are known at the sign-in, in bytes of JSON, so that the access token has less than 4 KiB: it also contains the
 * header of the JWE and 166 bytes of other claims, and is encoded in base64url. The longest credentials fit beside mail servers with the longest
 * names, but then no further limits do.
 */
const MAX_ACCESS_CONTENT_BYTES = 2820;

/** @param content of an access token, without `sub`, `gid`, `granted_at` and the claims of every sealed value */
export function fitsIntoAccessToken(content: object): boolean {
  return Buffer.byteLength(JSON.stringify(content)) <= MAX_ACCESS_CONTENT_BYTES;
}
