/** Turns a requested scope into a granted one (RFC 6749 §3.3): there are four scopes. */
import { z } from 'zod';
import { OAuthError } from '../errors.ts';
import { type Power, SCOPES, SHOWN_POWERS } from '../policy.ts';

/** A granted scope: at least one of the four. */
export const Scope = z.array(z.enum(SCOPES)).min(1);
export type Scope = z.output<typeof Scope>;

/**
 * Values that some clients add to every request and that concern no mailbox: those of OpenID Connect, the request for a refresh token
 * (every client gets one), and one of hosted Claude.
 */
const NEUTRAL_VALUES = new Set(['offline_access', 'openid', 'profile', 'email', 'claudeai']);

/**
 * @param requested the wire value; superfluous blanks and unknown values are ignored
 * @param granted the most that can be granted; also the default
 * @throws {OAuthError} `invalid_scope` if a scope was requested and nothing of it can be granted
 */
export function grantedScope(requested: string | undefined, granted: readonly string[] = SCOPES): Scope {
  const values = (requested ?? '').split(/\s+/).filter((value) => value && !NEUTRAL_VALUES.has(value));
  const kept = SCOPES.filter((scope) => granted.includes(scope) && (values.length === 0 || values.includes(scope)));
  if (kept.length === 0) {
    throw new OAuthError('invalid_scope', `None of the requested scopes exists. Known are: ${SCOPES.join(' ')}.`);
  }
  return kept;
}

/**
 * Scope of a refresh: never more than the account owner granted (RFC 6749 §6). Clients name the scope that they first asked for; the part of it that
 * was granted is granted again. Unknown values are ignored, and a request without any other one is for all that was granted.
 *
 * @throws {OAuthError} `invalid_scope` if nothing of what is requested was granted
 */
export function narrowedScope(requested: string | undefined, granted: Scope): Scope {
  const known = SCOPES.filter((scope) => requested?.split(/\s+/).includes(scope));
  const kept = known.length === 0 ? granted : granted.filter((scope) => known.includes(scope));
  if (kept.length > 0) return kept;
  throw new OAuthError('invalid_scope', `None of the requested scopes was granted. Granted are: ${granted.join(' ')}.`);
}

/** The scope that each power belongs to. */
const SCOPE_OF_POWER: Readonly<Record<Power, Scope[number]>> = {
  read: 'mail.read',
  organise: 'mail.write',
  draft: 'mail.write',
  send: 'mail.send',
  delete: 'mail.delete',
  trash: 'mail.delete',
};

/** @returns the powers that belong to these scopes */
export const powersOf = (scope: Scope): Power[] =>
  SHOWN_POWERS.filter((power) => scope.includes(SCOPE_OF_POWER[power]));

/** @returns the part of a scope that some powers belong to; empty if none does */
export function scopeWith(scope: Scope, kept: readonly Power[]): Scope {
  return scope.filter((one) => kept.some((power) => SCOPE_OF_POWER[power] === one));
}
