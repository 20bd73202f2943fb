/** Names the server that a token is meant for: in full in layout 1, by a hash in layout 2. */
import { createHash } from 'node:crypto';

const HASH_BYTES = 8;
const PREFIX = 'sha256:';

/** What is sealed of a name: the start of its hash. @param name a name, or a hash that `nameOfHash` returned */
export function hashOfName(name: string): Buffer {
  if (name.startsWith(PREFIX)) return Buffer.from(name.slice(PREFIX.length), 'base64url');
  return createHash('sha256').update(name).digest().subarray(0, HASH_BYTES);
}

/** @returns a text that stands in the place of the name; no server has it as its name */
export const nameOfHash = (hash: Buffer): string => PREFIX + hash.toString('base64url');

export const isHashOfName = (text: string): boolean => text.startsWith(PREFIX);

/** @param sealed the claim of a token: the name or its hash */
const isNameOf = (sealed: string, name: string): boolean =>
  sealed === name || (isHashOfName(sealed) && hashOfName(sealed).equals(hashOfName(name)));

/**
 * Whether a token is meant for this server (RFC 9068 §4). Another server may have the same key.
 *
 * @param server its issuer, and the resource that it protects
 */
export function isMeantFor(
  { iss, aud }: { iss: string; aud: string },
  server: { issuer: string; resource: string },
): boolean {
  // Layout 2 leaves out an issuer that follows from the audience.
  return isNameOf(aud, server.resource) && (isNameOf(iss, server.issuer) || (iss === aud && isHashOfName(aud)));
}
