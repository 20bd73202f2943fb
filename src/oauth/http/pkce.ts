/** Verifies Proof Key for Code Exchange, S256 only (RFC 7636). */
import { createHash } from 'node:crypto';
import { equalsInConstantTime } from './constant-time.ts';

/** base64url of a SHA-256 digest, without padding (RFC 7636 §4.2). */
export const isCodeChallenge = (value: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(value);

/** 43 to 128 unreserved characters (RFC 7636 §4.1). */
const isCodeVerifier = (value: string): boolean => /^[A-Za-z0-9._~-]{43,128}$/.test(value);

export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

/** Checks whether the verifier is well formed and its digest equals the challenge (RFC 7636 §4.6). */
export function matchesChallenge(verifier: string, challenge: string): boolean {
  return isCodeVerifier(verifier) && equalsInConstantTime(challengeOf(verifier), challenge);
}
