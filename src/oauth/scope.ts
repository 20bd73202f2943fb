/** What a grant may be asked for (RFC 6749 §3.3): four scopes, and how a requested list becomes a granted one. */
import { z } from 'zod';
import { OAuthError } from '../errors.ts';
import { POWERS, type Power, SCOPES } from '../policy.ts';

/** A granted scope: at least one of ours. */
export const Scope = z.array(z.enum(SCOPES)).min(1);
export type Scope = z.output<typeof Scope>;

/**
 * Values that some clients send by themselves and that ask for nothing of a mailbox: OpenID Connect's, the wish for a
 * refresh token (which everyone gets), and one that hosted Claude adds to every request.
 */
const neutral = new Set(['offline_access', 'openid', 'profile', 'email', 'claudeai']);

/**
 * @param requested the wire value; blanks may be repeated or lead, and unknown values are ignored
 * @param granted what may be had at most; also the default
 * @throws {OAuthError} `invalid_scope` if something was asked for and nothing of it can be granted
 */
export function grantedScope(requested: string | undefined, granted: readonly string[] = SCOPES): Scope {
  const asked = (requested ?? '').split(/\s+/).filter((value) => value && !neutral.has(value));
  const kept = SCOPES.filter((scope) => granted.includes(scope) && (asked.length === 0 || asked.includes(scope)));
  if (kept.length === 0) {
    throw new OAuthError('invalid_scope', `None of the requested scopes exists. Known are: ${SCOPES.join(' ')}.`);
  }
  return kept;
}

/**
 * Scope of a refresh: never more than the person granted (RFC 6749 §6).
 *
 * @throws {OAuthError} `invalid_scope` if a scope of ours is asked for that was not granted
 */
export function narrowedScope(requested: string | undefined, granted: Scope): Scope {
  const beyond = (requested ?? '').split(/\s+/).some((value) => isOurs(value) && !granted.includes(value));
  if (beyond) throw new OAuthError('invalid_scope', 'The scope asks for more than was granted.');
  return grantedScope(requested, granted);
}

/** The scope that each power is a part of. */
export const scopeOfPower: Readonly<Record<Power, Scope[number]>> = {
  read: 'mail.read',
  organise: 'mail.write',
  draft: 'mail.write',
  send: 'mail.send',
  delete: 'mail.delete',
};

/** Everything that may be done with these scopes. */
export const powersOf = (scope: Scope): Power[] => POWERS.filter((power) => scope.includes(scopeOfPower[power]));

function isOurs(value: string): value is Scope[number] {
  return SCOPES.some((scope) => scope === value);
}
