/**
 * Seals values into compact JWEs and unseals them (RFC 7516 §3.1): `dir` with A256GCM, one derived key per type. The only importer of jose.
 */
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { z } from 'zod';
import { OAuthError } from '../../errors.ts';
import type { MintingSettings } from '../../settings/minting-keys.ts';
import { type ContentCodec, createContentCodec, type Layout, type MasterKey, type SealerType } from './content.ts';
import { createMinting, type Minting } from './minting-signature.ts';

/** Clocks of two replicas may differ by this much; a value from further in the future is refused. Ends are not extended. */
const CLOCK_SKEW_SECONDS = 300;
/** A larger difference is reported. */
const USUAL_SKEW_SECONDS = 60;

/** The operator's keys: the first one seals, all of them unseal. */
export interface Keyring {
  current: MasterKey;
  all: readonly MasterKey[];
  /** Values of every type that were sealed earlier are not valid. */
  notBefore: Date | undefined;
  /** The layout of what is sealed. All layouts are decrypted. */
  layout: Layout;
  /** Signs and verifies what the operator mints. Absent: nothing of it is signed, and signatures do not count. */
  minting: Minting | undefined;
  /** Called when a value was sealed more than a minute in the future, by the clock here. */
  onSkew: (seconds: number) => void;
}

function createMasterKey(bytes: Buffer): MasterKey {
  if (bytes.length !== 32) throw new RangeError('An encryption key must be 32 bytes.');
  const derive = (label: string, length = 32) =>
    new Uint8Array(hkdfSync('sha256', bytes, '', `mail-mcp/1/${label}`, length));
  return { kid: Buffer.from(derive('kid', 8)).toString('base64url'), derive: (label) => derive(label) };
}

interface KeyringSettings {
  current: Buffer;
  previous: readonly Buffer[];
  notBefore?: Date | undefined;
  layout?: Layout | undefined;
  minting?: MintingSettings | undefined;
  onSkew?: Keyring['onSkew'];
}

/**
 * @param settings.current master key of 32 bytes; `previous` ones unseal what they once sealed and seal nothing
 * @throws {RangeError} if a key has another length
 */
export function createKeyring(settings: KeyringSettings): Keyring {
  const { current, previous, notBefore, layout = 2, minting, onSkew = () => undefined } = settings;
  const first = createMasterKey(current);
  const all = [first, ...previous.map(createMasterKey)];
  return { current: first, all, notBefore, layout, minting: minting && createMinting(minting), onSkew };
}

/**
 * Splits every key of a keyring: what its keys seal can be unsealed only with the secret too, and for the same context.
 *
 * @param secret 16 random bytes in base64url
 */
export function withSecret(keyring: Keyring, secret: string, context: string): Keyring {
  const salt = Buffer.from(secret, 'base64url');
  const split = ({ kid, derive }: MasterKey): MasterKey => ({
    kid,
    derive: (label) => new Uint8Array(hkdfSync('sha256', derive(label), salt, `mail-mcp/1/split/${context}`, 32)),
  });
  return { ...keyring, current: split(keyring.current), all: keyring.all.map(split) };
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

/** `unverified`: there is no public key to verify it with. */
export type SignatureState = 'absent' | 'valid' | 'wrong' | 'unverified';

export interface Sealer<T> {
  /**
   * @param notAfter ends the value earlier than the lifetime of its type; never later
   * @param jti left out: a random one, or one that is computed from the sealed value
   * @throws {RangeError} if the result would exceed the maximum length of the type
   */
  seal(payload: T, now: Date, notAfter?: Date, jti?: string): Promise<string>;
  /** The length of what `seal` would return, in characters. */
  lengthOf(payload: T, now: Date, notAfter?: Date, jti?: string): number;
  /**
   * Decrypts a value and verifies its type, schema and times.
   *
   * @throws {OAuthError} `invalid_token`, the same for every fault; the cause is for the log
   */
  unseal(token: string, now: Date): Promise<T & Claims>;
  /**
   * As `unseal`, for a setting of the operator: valid at any age.
   *
   * @throws {OAuthError} `invalid_token`
   */
  unsealSetting(text: string): Promise<T & Claims>;
  /** Decrypts a value without verifying its times or its signature, for the operator. Never sufficient to grant access. */
  inspect(token: string): Promise<T & Claims>;
  /** @param content what `inspect` returned */
  signatureOf(content: T & Claims): SignatureState;
}

const Header = z.strictObject({ alg: z.literal('dir'), enc: z.literal('A256GCM'), kid: z.string().max(32) });

/** Seconds since 1970, as a NumericDate (RFC 7519 §2). */
export const toSeconds = (time: Date): number => Math.floor(time.getTime() / 1000);

/** 128 random bits in base64url: unique among all sealed values. */
export const randomId = (): string => randomBytes(16).toString('base64url');

/** A value sealed as one type is not valid as another: the key is derived from `typ`. */
export function createSealer<T extends object>(keyring: Keyring, type: SealerType<T>): Sealer<T> {
  const keys = new Map(keyring.all.map((master) => [master.kid, { master, bytes: master.derive(type.typ) }]));
  const sealingKey = keyring.current.derive(type.typ);
  const codec = createContentCodec(type);
  const minted = createMintedContent(keyring, type, codec);
  const claimsOf = z.object({
    jti: z.string().min(1),
    iat: z.int(),
    exp: type.lifetimeSeconds === null ? z.int().optional() : z.int(),
  });

  function plaintextOf(payload: T, now: Date, notAfter?: Date, jti?: string): Uint8Array {
    const claims = { ...(jti !== undefined && { jti }), iat: toSeconds(now), ...expiryOf(type, now, notAfter) };
    const content = minted.sign({ ...payload, ...claims });
    if (keyring.layout === 2) return codec.encode(content, keyring.current);
    return codec.encodeJson({ jti: randomId(), ...content });
  }

  async function seal(payload: T, now: Date, notAfter?: Date, jti?: string): Promise<string> {
    const token = await new CompactEncrypt(plaintextOf(payload, now, notAfter, jti))
      .setProtectedHeader(headerOf(keyring.current))
      .encrypt(sealingKey);
    if (token.length > type.maxLength) throw new RangeError(`A sealed ${type.typ} would be too long.`);
    return token;
  }

  function lengthOf(...parameters: Parameters<typeof plaintextOf>): number {
    const parts = [
      JSON.stringify(headerOf(keyring.current)).length,
      0,
      IV_BYTES,
      plaintextOf(...parameters).length,
      TAG_BYTES,
    ];
    return parts.reduce((sum, bytes) => sum + Math.ceil((bytes * 4) / 3), parts.length - 1);
  }

  async function inspect(token: string): Promise<T & Claims> {
    try {
      if (token.length > type.maxLength) throw invalidTokenError('longer than its type allows');
      const { kid } = Header.parse(readHeader(token));
      const key = keys.get(kid);
      if (key === undefined) throw invalidTokenError('sealed with an unknown key');
      const content = codec.decode(await decrypt(token, key.bytes), key.master);
      const { jti, iat, exp } = claimsOf.parse({ ...content, jti: content.jti ?? idOf(token) });
      return { ...type.schema.parse(content), jti, iat, ...(exp !== undefined && { exp }) };
    } catch (cause) {
      throw invalidTokenError(cause);
    }
  }

  async function unseal(token: string, now: Date): Promise<T & Claims> {
    const content = await inspect(token);
    requireValidTimes(content, now, keyring);
    minted.require(content);
    return content;
  }

  async function unsealSetting(text: string): Promise<T & Claims> {
    const content = await inspect(text);
    minted.require(content);
    return content;
  }

  return { seal, lengthOf, unseal, unsealSetting, inspect, signatureOf: minted.stateOf };
}

const Signed = z.object({ signature: z.string().optional() });

/** Signs and verifies the contents of one type, if it is one that the operator mints. */
function createMintedContent({ minting, current }: Keyring, type: SealerType<object>, codec: ContentCodec) {
  /** The type and the packed content, in either layout. */
  function signedBytes(content: Claims): Uint8Array {
    const label = Buffer.from(`mail-mcp/1/minting/${type.typ}\0`);
    return Buffer.concat([label, codec.encode({ ...content, signature: undefined }, current)]);
  }

  function stateOf(content: Claims): SignatureState {
    const { signature } = Signed.parse(content);
    if (signature === undefined) return 'absent';
    if (minting === undefined) return 'unverified';
    return minting.isValid(signature, signedBytes(content)) ? 'valid' : 'wrong';
  }

  return {
    stateOf,
    /** Adds the signature of the operator, and the id that it needs. */
    sign<C extends Omit<Claims, 'jti'>>(content: C): C {
      if (!type.isMinted || minting === undefined) return content;
      const named = { jti: randomId(), ...content };
      return { ...named, signature: minting.sign(signedBytes(named)) };
    },
    /** @throws {OAuthError} `invalid_token` unless it was signed by the operator, or sealed before that was required */
    require(content: Claims): void {
      if (!type.isMinted || minting === undefined) return;
      const state = stateOf(content);
      const isEarlier = state === 'absent' && minting.since !== undefined && content.iat < toSeconds(minting.since);
      if (state !== 'valid' && !isEarlier) throw invalidTokenError(`the signature is ${state}`);
    },
  };
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

const headerOf = ({ kid }: MasterKey) => ({ alg: 'dir' as const, enc: 'A256GCM' as const, kid });

/** The id of a sealed value that contains none: 128 bits of its hash. Its one canonical spelling has random parts, so the id is unique. */
const idOf = (token: string): string =>
  createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');

function expiryOf({ lifetimeSeconds }: SealerType<object>, now: Date, notAfter?: Date): Pick<Claims, 'exp'> {
  const ends = [
    ...(lifetimeSeconds === null ? [] : [toSeconds(now) + lifetimeSeconds]),
    ...(notAfter ? [toSeconds(notAfter)] : []),
  ];
  return ends.length > 0 ? { exp: Math.min(...ends) } : {};
}

/** @throws if the token was not sealed with this key */
async function decrypt(token: string, key: Uint8Array): Promise<Uint8Array> {
  const { plaintext } = await compactDecrypt(token, key, {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
    // 0 refuses `zip`; jose would inflate up to 250,000 bytes by default.
    maxDecompressedLength: 0,
  });
  return plaintext;
}

/** @throws {OAuthError} `invalid_token` */
function requireValidTimes({ iat, exp }: Claims, now: Date, { notBefore, onSkew }: Keyring): void {
  const seconds = toSeconds(now);
  if (iat > seconds + USUAL_SKEW_SECONDS) onSkew(iat - seconds);
  if (iat > seconds + CLOCK_SKEW_SECONDS) throw invalidTokenError('issued in the future');
  if (exp !== undefined && exp <= seconds) throw invalidTokenError('expired');
  if (isSealedTooEarly({ iat }, { notBefore })) throw invalidTokenError('sealed before TOKENS_NOT_BEFORE');
}

/** Whether a value was sealed before `TOKENS_NOT_BEFORE`. */
export const isSealedTooEarly = ({ iat }: Pick<Claims, 'iat'>, { notBefore }: Pick<Keyring, 'notBefore'>): boolean =>
  notBefore !== undefined && iat < toSeconds(notBefore);

/**
 * Finds the key that sealed a token, by the `kid` in its header. The token must have been unsealed before, which authenticates the header.
 *
 * @throws {RangeError} if the key is not in the keyring
 */
export function sealingKeyOf(keyring: Keyring, token: string): MasterKey {
  const { kid } = Header.parse(readHeader(token));
  const key = keyring.all.find((one) => one.kid === kid);
  if (!key) throw invalidTokenError('sealed with an unknown key');
  return key;
}

/** True if a text is a sealed value of a key that is not in the keyring. Nothing of it is authenticated. */
export function hasUnknownKey({ all }: Keyring, text: string): boolean {
  try {
    const { kid } = Header.parse(readHeader(text));
    return all.every((one) => one.kid !== kid);
  } catch {
    return false;
  }
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
