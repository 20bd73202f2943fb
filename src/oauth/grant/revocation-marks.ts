/** The marks in the state that end a token, a grant, or everything that a mailbox has granted. */
import { lifetimes } from '../sealed/sealed-types.ts';

/** What a token says about where it comes from. */
interface Origin {
  /** Of the token itself. */
  jti: string;
  /** Of the grant, all tokens of which come from one sign-in. */
  gid: string;
  /** Of the mailbox. */
  sub: string;
  /** Seconds since 1970. */
  granted_at: number;
}

/** Ends one access token. */
export const revokedTokenKey = (jti: string): string => `revoked:token:${jti}`;

/** Ends all tokens of one sign-in. */
export const revokedGrantKey = (gid: string): string => `revoked:grant:${gid}`;

/** Ends what was granted for a mailbox up to the moment of the mark. */
export const revokedAccountKey = (subject: string): string => `revoked:account:${subject}`;

/** The keys to look up for a token; `isRevoked` takes what was found, in this order. */
export const revocationKeysOf = ({ jti, gid, sub }: Omit<Origin, 'granted_at'>): string[] => [
  revokedTokenKey(jti),
  revokedGrantKey(gid),
  revokedAccountKey(sub),
];

/** @param found when each of `marksOf` was marked, null if it was not; further entries do not count */
export function isRevoked(found: readonly (Date | null)[], { granted_at }: Pick<Origin, 'granted_at'>): boolean {
  const [token = null, grant = null, account = null] = found;
  // A sign-in of the same second counts as earlier: it can be repeated, a token that should be dead cannot be called back.
  return token !== null || grant !== null || (account !== null && granted_at * 1000 <= account.getTime());
}

const longestSeconds = Math.max(lifetimes.grantSeconds, lifetimes.personalSeconds);

/** A mark made now outlives every token there is. */
export const revocationsEnd = (now: Date): Date => new Date(now.getTime() + longestSeconds * 1000);
