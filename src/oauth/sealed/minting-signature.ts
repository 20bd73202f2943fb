/**
 * Signs what the operator mints (client ids and connections) with Ed25519 (RFC 8032), inside of the seal: ENCRYPTION_KEY alone is not enough to mint.
 * Servers have the public keys only.
 */
import { createPublicKey, sign, verify } from 'node:crypto';
import { type MintingSettings, toPrivateKey, toPublicKey } from '../../settings/minting-keys.ts';

export interface Minting {
  since: Date | undefined;
  /** @returns the signature in base64url; `undefined` without a private key */
  sign(bytes: Uint8Array): string | undefined;
  isValid(signature: string, bytes: Uint8Array): boolean;
}

/** @throws if a key is not one of Ed25519 */
export function createMinting({ publicKeys, since, privateKey }: MintingSettings): Minting {
  const signingKey = privateKey && toPrivateKey(privateKey);
  const keys = [...publicKeys.map(toPublicKey), ...(signingKey ? [createPublicKey(signingKey)] : [])];
  return {
    since,
    sign: (bytes) => signingKey && sign(null, bytes, signingKey).toString('base64url'),
    isValid: (signature, bytes) => keys.some((key) => verify(null, bytes, key, Buffer.from(signature, 'base64url'))),
  };
}
