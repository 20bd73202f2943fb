/** Compares secrets in a time that does not depend on where they differ. */
import { createHash, timingSafeEqual } from 'node:crypto';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

export function equalsInConstantTime(left: string, right: string): boolean {
  // Digests have equal lengths, which timingSafeEqual needs, and hide the length of the secret.
  return timingSafeEqual(createHash('sha256').update(left).digest(), createHash('sha256').update(right).digest());
}
