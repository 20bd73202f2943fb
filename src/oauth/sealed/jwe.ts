/** Seals values into compact JWEs and opens them again (RFC 7516 §3.1): `dir` with A256GCM, one derived key per type. Door to jose. */
import { hkdfSync, randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { z } from 'zod';
import { OAuthError } from '../../errors.ts';

/** Clocks of two replicas may differ by this much; a token from further in the future was not issued by us. */
const CLOCK_SKEW_SECONDS = 60;

interface MasterKey {
  /** Names the key in the header of what it sealed. Derived, so it tells nothing about the key. */
  kid: string;
  derive(label: string): Uint8Array;
}

/** The operator's keys: the first one seals, all of them open. */
export interface Keyring {
  current: MasterKey;
  all: readonly MasterKey[];
  /** What was sealed before it opens no more, whatever it is. */
  notBefore: Date | undefined;
}

function createMasterKey(bytes: Buffer): MasterKey {
  if (bytes.length !== 32) throw new RangeError('An encryption key must be 32 bytes.');
  const derive = (label: string, length = 32) =>
    new Uint8Array(hkdfSync('sha256', bytes, '', `mail-mcp/1/${label}`, length));
  return { kid: Buffer.from(derive('kid', 8)).toString('base64url'), derive: (label) => derive(label) };
}

/**
 * @param keys master keys of 32 bytes; `previous` ones open what they once sealed and seal nothing
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

/** What every sealed thing says about itself, beside its payload. Times in seconds since 1970 (RFC 7519 §2). */
export interface Claims {
  jti: string;
  iat: number;
  /** Absent only where the type has no lifetime. */
  exp?: number | undefined;
}

/** How long to remember that a sealed thing was used or revoked: a replica whose clock is late opens it a little longer. */
export const rememberedUntil = ({ exp = 0 }: Pick<Claims, 'exp'>): Date => new Date((exp + CLOCK_SKEW_SECONDS) * 1000);

export interface Sealer<T> {
  /**
   * @param notAfter ends it earlier than its type's lifetime would; never later
   * @param jti left out: a random one
   * @throws {RangeError} if the result would be longer than the type's cap
   */
  seal(payload: T, now: Date, notAfter?: Date, jti?: string): Promise<string>;
  /** @throws {OAuthError} `invalid_token`, the same for every fault; the cause is for the log */
  unseal(token: string, now: Date): Promise<T & Claims>;
  /** The same for the operator's eyes: also what has expired or was sealed too early. Never enough to let anybody in. */
  inspect(token: string): Promise<T & Claims>;
}

const Header = z.strictObject({ alg: z.literal('dir'), enc: z.literal('A256GCM'), kid: z.string().max(32) });

/** Seconds since 1970, of a NumericDate (RFC 7519 §2). */
export const toSeconds = (time: Date): number => Math.floor(time.getTime() / 1000);

/** 128 random bits: enough to name a sealed thing for ever. */
export const randomId = (): string => randomBytes(16).toString('base64url');

/**
 * One type of sealed thing. Nothing sealed as one type opens as another: the key is derived from `typ`, and `typ` is inside too.
 *
 * @param type.lifetimeSeconds `null` for things that never expire by themselves
 * @param type.maxLength characters; longer input is refused before any work is spent on it
 */
export function createSealer<T extends object>(
  keyring: Keyring,
  type: { typ: string; schema: z.ZodType<T>; lifetimeSeconds: number | null; maxLength: number },
): Sealer<T> {
  const keys = new Map(keyring.all.map((master) => [master.kid, master.derive(type.typ)]));
  const sealingKey = keyring.current.derive(type.typ);
  const envelope = z.object({
    typ: z.literal(type.typ),
    jti: z.string().min(1),
    iat: z.int(),
    exp: type.lifetimeSeconds === null ? z.int().optional() : z.int(),
  });

  async function seal(payload: T, now: Date, notAfter?: Date, jti = randomId()): Promise<string> {
    const iat = toSeconds(now);
    const ends = [
      ...(type.lifetimeSeconds === null ? [] : [iat + type.lifetimeSeconds]),
      ...(notAfter ? [toSeconds(notAfter)] : []),
    ];
    const claims = { typ: type.typ, jti, iat, ...(ends.length > 0 && { exp: Math.min(...ends) }) };
    const token = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify({ ...payload, ...claims })))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keyring.current.kid })
      .encrypt(sealingKey);
    if (token.length > type.maxLength) throw new RangeError(`A sealed ${type.typ} would be too long.`);
    return token;
  }

  async function decrypt(token: string): Promise<unknown> {
    if (token.length > type.maxLength) throw new RangeError('longer than its type allows');
    const header = Header.parse(readHeader(token));
    const key = keys.get(header.kid);
    if (!key) throw new RangeError('sealed with a key we do not have');
    const { plaintext } = await compactDecrypt(token, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      // 0 refuses `zip`; jose would inflate up to 250,000 bytes by default.
      maxDecompressedLength: 0,
    });
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
  }

  async function inspect(token: string): Promise<T & Claims> {
    try {
      const content = await decrypt(token);
      const { jti, iat, exp } = envelope.parse(content);
      return { ...type.schema.parse(content), jti, iat, ...(exp !== undefined && { exp }) };
    } catch (cause) {
      throw invalidTokenError(cause);
    }
  }

  async function open(token: string, now: Date): Promise<T & Claims> {
    const content = await inspect(token);
    const seconds = toSeconds(now);
    if (content.iat > seconds + CLOCK_SKEW_SECONDS) throw invalidTokenError('issued in the future');
    if (content.exp !== undefined && content.exp <= seconds) throw invalidTokenError('expired');
    if (keyring.notBefore && content.iat < toSeconds(keyring.notBefore))
      throw invalidTokenError('sealed before TOKENS_NOT_BEFORE');
    return content;
  }

  return { seal, unseal: open, inspect };
}

/**
 * The key that a token was sealed with, by its own account: only for tokens that were opened.
 *
 * @throws {RangeError} if we do not have it
 */
export function sealingKeyOf(keyring: Keyring, token: string): MasterKey {
  const { kid } = Header.parse(readHeader(token));
  const key = keyring.all.find((one) => one.kid === kid);
  if (!key) throw new RangeError('sealed with a key we do not have');
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

/** Six ways to be bad, one answer: nothing is learned by trying (RFC 8725 §3.2). */
const invalidTokenError = (cause: unknown): OAuthError =>
  new OAuthError('invalid_token', 'The token is not valid.', { cause });
