/**
 * Says where a provider sends the browser back to.
 *
 * Invariant: a provider that is not known to this server shares its redirect URI with no other one (RFC 9700 §4.4.2.2). Otherwise it could have the
 * browser bring it the code of another provider.
 */
import type { ProviderSignIn } from '../../mail/account.ts';
import { sha256 } from '../http/constant-time.ts';
import { UPSTREAM_CALLBACK_PATH } from '../http/paths.ts';

/** Of 256 bits of a hash, 128 in base64url. */
const HASH_CHARS = 22;

/** @returns the path; that of Google, Microsoft and Fastmail is the same */
export function callbackPathOf({ provider, issuer }: ProviderSignIn): string {
  if (provider !== 'openid' || issuer === undefined) return UPSTREAM_CALLBACK_PATH;
  // With and without a slash at the end of a host, it is one issuer.
  return `${UPSTREAM_CALLBACK_PATH}/${sha256(new URL(issuer).href).slice(0, HASH_CHARS)}`;
}

/** @param origin of this server, or of a connection by host */
export const redirectUriOf = (origin: string, signIn: ProviderSignIn): string => origin + callbackPathOf(signIn);
