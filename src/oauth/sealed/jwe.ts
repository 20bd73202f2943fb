/**
 * Seals values into compact JWEs and unseals them (RFC 7516 §3.1): `dir` with A256GCM, one derived key per type. The only importer of jose.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { z } from 'zod';
import { OAuthError } from '../../errors.ts';

/** Clocks of two replicas may differ by this much; a value from further in the future was not issued by this server. */
const CLOCK_SKEW_SECONDS = 60;

interface MasterKey {
  /** Key ID in the header of each JWE that the key sealed (RFC 7516 §4.1.6). Derived from the key without revealing it. */
  kid: string;
  derive(label: string): Uint8Array;
}

/** The operator's keys: the first one seals, all of them unseal. */
export interface Keyring {
  current: MasterKey;
  all: readonly MasterKey[];
  /** Values of every type that were sealed earlier are not valid. */
  notBefore: Date | undefined;
}

function createMasterKey(bytes: Buffer): MasterKey {
  if (bytes.length !== 32) throw new RangeError('An encryption key must be 32 bytes.');
  const derive = (label: string, length = 32) =>
    new Uint8Array(hkdfSync('sha256', bytes, '', `mail-mcp/1/${label}`, length));
  return { kid: Buffer.from(derive('kid', 8)).toString('base64url'), derive: (label) => derive(label) };
}

/**
 * @param keys master keys of 32 bytes; `previous` ones unseal what they once sealed and seal nothing
 * @throws {RangeError} if a key has another length
 */
export function createKeyring(keys: {
  current: Buffer;
  previous: readonly Buffer[];
  notBefore?: Date | undefined;
}): Keyring {
  const first = createMasterKey(keys.current);
  return { current: first, all: [first, ...keys.previous.map(createMasterKey)], notBefore: keys.notBefore };
}

/** The claims of every sealed value, beside its payload. Times in seconds since 1970 (RFC 7519 §2). */
export interface Claims {
  jti: string;
  iat: number;
  /** Absent only where the type has no lifetime. */
  exp?: number | undefined;
}

/** How long to remember that a sealed value was used or revoked: a replica whose clock is late accepts it a little longer. */
export const rememberedUntil = ({ exp = 0 }: Pick<Claims, 'exp'>): Date => new Date((exp + CLOCK_SKEW_SECONDS) * 1000);

export interface SealerType<T extends object> {
  typ: string;
  schema: z.ZodType<T>;
  /** `null` for values that never expire by themselves. */
  lifetimeSeconds: number | null;
  /** Characters; longer input is refused before any work is spent on it. */
  maxLength: number;
}

export interface Sealer<T> {
  /**
   * @param notAfter ends the value earlier than the lifetime of its type; never later
   * @param jti left out: a random one
   * @throws {RangeError} if the result would exceed the maximum length of the type
   */
  seal(payload: T, now: Date, notAfter?: Date, jti?: string): Promise<string>;
  /**
   * Decrypts a value and verifies its type, schema and times.
   *
   * @throws {OAuthError} `invalid_token`, the same for every fault; the cause is for the log
   */
  unseal(token: string, now: Date): Promise<T & Claims>;
  /** Decrypts a value without verifying its times, for the operator. Never sufficient to grant access. */
  inspect(token: string): Promise<T & Claims>;
}

const Header = z.strictObject({ alg: z.literal('dir'), enc: z.literal('A256GCM'), kid: z.string().max(32) });

/** Seconds since 1970, as a NumericDate (RFC 7519 §2). */
export const toSeconds = (time: Date): number => Math.floor(time.getTime() / 1000);

/** 128 random bits in base64url: unique among all sealed values. */
export const randomId = (): string => randomBytes(16).toString('base64url');

/** A value sealed as one type is not valid as another: the key is derived from `typ`, and the plaintext contains `typ` too. */
export function createSealer<T extends object>(keyring: Keyring, type: SealerType<T>): Sealer<T> {
  const keys = new Map(keyring.all.map((master) => [master.kid, master.derive(type.typ)]));
  const sealingKey = keyring.current.derive(type.typ);
  const envelope = z.object({
    typ: z.literal(type.typ),
    jti: z.string().min(1),
    iat: z.int(),
    exp: type.lifetimeSeconds === null ? z.int().optional() : z.int(),
  });

  async function seal(payload: T, now: Date, notAfter?: Date, jti = randomId()): Promise<string> {
    const claims = { typ: type.typ, jti, iat: toSeconds(now), ...expiryOf(type, now, notAfter) };
    const token = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify({ ...payload, ...claims })))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keyring.current.kid })
      .encrypt(sealingKey);
    if (token.length > type.maxLength) throw new RangeError(`A sealed ${type.typ} would be too long.`);
    return token;
  }

  async function inspect(token: string): Promise<T & Claims> {
    try {
      if (token.length > type.maxLength) throw new RangeError('longer than its type allows');
      const content = await decrypt(token, keys);
      const { jti, iat, exp } = envelope.parse(content);
      return { ...type.schema.parse(content), jti, iat, ...(exp !== undefined && { exp }) };
    } catch (cause) {
      throw invalidTokenError(cause);
    }
  }

  async function unseal(token: string, now: Date): Promise<T & Claims> {
    const content = await inspect(token);
    requireValidTimes(content, now, keyring.notBefore);
    return content;
  }

  return { seal, unseal, inspect };
}

function expiryOf({ lifetimeSeconds }: SealerType<object>, now: Date, notAfter?: Date): Pick<Claims, 'exp'> {
  const ends = [
    ...(lifetimeSeconds === null ? [] : [toSeconds(now) + lifetimeSeconds]),
    ...(notAfter ? [toSeconds(notAfter)] : []),
  ];
  return ends.length > 0 ? { exp: Math.min(...ends) } : {};
}

/** @throws if the token is not a canonical compact JWE of one of these keys, by `kid` */
async function decrypt(token: string, keys: ReadonlyMap<string, Uint8Array>): Promise<unknown> {
  const header = Header.parse(readHeader(token));
  const key = keys.get(header.kid);
  if (!key) throw new RangeError('sealed with an unknown key');
  const { plaintext } = await compactDecrypt(token, key, {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
    // 0 refuses `zip`; jose would inflate up to 250,000 bytes by default.
    maxDecompressedLength: 0,
  });
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
}

/** @throws {OAuthError} `invalid_token` */
function requireValidTimes({ iat, exp }: Claims, now: Date, notBefore: Date | undefined): void {
  const seconds = toSeconds(now);
  if (iat > seconds + CLOCK_SKEW_SECONDS) throw invalidTokenError('issued in the future');
  if (exp !== undefined && exp <= seconds) throw invalidTokenError('expired');
  if (notBefore && iat < toSeconds(notBefore)) throw invalidTokenError('sealed before TOKENS_NOT_BEFORE');
}

/**
 * Finds the key that sealed a token, by the `kid` in its header. The token must have been unsealed before, which authenticates the header.
 *
 * @throws {RangeError} if the key is not in the keyring
 */
export function sealingKeyOf(keyring: Keyring, token: string): MasterKey {
  const { kid } = Header.parse(readHeader(token));
  const key = keyring.all.find((one) => one.kid === kid);
  if (!key) throw new RangeError('sealed with an unknown key');
  return key;
}

/** The header of a compact JWE whose five parts are base64url in its one canonical spelling. */
function readHeader(token: string): unknown {
  const parts = token.split('.');
  const [header = '', encryptedKey] = parts;
  if (parts.length !== 5 || encryptedKey !== '') throw new RangeError('not a compact JWE with a direct key');
  // Spare bits at the end of a part would give one token several spellings.
  const canonical = parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
  if (!canonical) throw new RangeError('not base64url');
  return JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
}

/** The same error for every fault, so that it does not reveal which check failed. */
const invalidTokenError = (cause: unknown): OAuthError =>
  new OAuthError('invalid_token', 'The token is not valid.', { cause });
