/** Reads and makes the keys that clients are minted with: Ed25519 (RFC 8032), 32 bytes each. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** Keys of 32 bytes. */
export interface MintingSettings {
  /** Signatures by any of them are valid. */
  publicKeys: readonly Buffer[];
  /** Unsigned values that were sealed before it are accepted. Absent: none is. */
  since?: Date | undefined;
  /** Present only where clients are minted. */
  privateKey?: Buffer | undefined;
}

/** The DER of an Ed25519 private key is this and the 32 bytes of the key (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function toPublicKey(bytes: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' });
}

export function toPrivateKey(bytes: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, bytes]), format: 'der', type: 'pkcs8' });
}

const Jwk = z.object({ x: z.string(), d: z.string().optional() });

/** @returns the public key of a private one; 32 bytes each */
export function publicKeyOf(privateKey: Buffer): Buffer {
  const { x } = Jwk.parse(createPublicKey(toPrivateKey(privateKey)).export({ format: 'jwk' }));
  return Buffer.from(x, 'base64url');
}

/** @returns a new pair; 32 bytes each */
export function generateMintingKeys(): { privateKey: Buffer; publicKey: Buffer } {
  const { d = '', x } = Jwk.parse(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
  return { privateKey: Buffer.from(d, 'base64url'), publicKey: Buffer.from(x, 'base64url') };
}
