/** Exchanges a code for tokens, once: `grant_type=authorization_code` (RFC 6749 §4.1.3). */
import type { Account } from '../../account.ts';
import { OAuthError, UpstreamError } from '../../errors.ts';
import type { RequestingClient } from '../client/client.ts';
import { connectionOfGrant } from '../client/connection-choice.ts';
import type { Grants } from '../grant/grants.ts';
import { isRevoked, revocationKeysOf } from '../grant/revocation.ts';
import { endOf, type TokenIssuer, type TokenResponse } from '../grant/token-issuer.ts';
import { sha256 } from '../http/constant-time.ts';
import type { Parameters } from '../http/parameters.ts';
import { matchesChallenge } from '../http/pkce.ts';
import { hasRedirectUri, redirectHost } from '../http/redirect-uri.ts';
import { resourceOf } from '../metadata.ts';
import { accountOf, subjectOf } from '../sealed/identity.ts';
import { type Claims, rememberedUntil } from '../sealed/jwe.ts';
import { createTokens, factsIn, SEALED_TYPES } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { REPEAT_SECONDS } from './submissions.ts';
import { checkResource, required } from './token-request.ts';

/** After this many wrong requests a code counts as used. */
const MAX_FAILURES = 5;

/** When to send a code again whose approval another request holds. */
const RETRY_SECONDS = 5;

/** Key of the mark that a code was exchanged. */
export const codeKey = (jti: string): string => `code:${jti}`;

/** Until when an exchange must be known: the form that gave the code may give another one with the same `jti` for a while. */
const usesEnd = (code: Pick<Claims, 'exp'>): Date => new Date(rememberedUntil(code).getTime() + REPEAT_SECONDS * 1000);

/** @throws {OAuthError} (from the returned function) `invalid_grant`, `invalid_target`, `invalid_request`, `temporarily_unavailable` */
export function createCodeExchange(
  services: Pick<OAuthServices, 'issuer' | 'keyring' | 'now' | 'log' | 'state' | 'clients' | 'providerAccess'>,
  { issuer: tokenIssuer, grants }: { issuer: TokenIssuer; grants: Pick<Grants, 'revoke'> },
) {
  const { issuer, keyring, now, log, state, clients, providerAccess } = services;
  const tokens = createTokens(keyring);

  /** Keeps what the provider has issued until the grant ends. */
  async function settle(account: Account, until: Date): Promise<void> {
    if (account.service !== 'mail' || account.imap.login.kind !== 'provider') return;
    await providerAccess.settle(account.imap.login, until).catch((cause: unknown) => {
      if (!(cause instanceof UpstreamError) || cause.service === 'Redis') throw cause;
      if (cause.fault === 'credentials')
        throw new OAuthError('invalid_grant', 'What the provider issued was lost. Sign in again.', { cause });
      // The code was not used and can be sent again.
      const wait = { status: 503, seconds: RETRY_SECONDS } as const;
      throw new OAuthError('temporarily_unavailable', cause.message, { cause, wait });
    });
  }

  return async function exchange(form: Parameters, requesting: RequestingClient): Promise<TokenResponse> {
    const text = required(form, 'code');
    const code = await tokens.code.unseal(text, now()).catch((cause) => {
      throw new OAuthError('invalid_grant', 'The code is not valid or has expired.', { cause });
    });
    // Another server may use the same key (REF-04).
    if (code.aud !== resourceOf(issuer)) throw new OAuthError('invalid_grant', 'The code is for another server.');
    // Not counted: otherwise another client could use the code up.
    if (code.client !== requesting.jti) throw new OAuthError('invalid_grant', 'The code belongs to another client.');
    const connection = connectionOfGrant(requesting.connections, code);
    if (connection === undefined) throw new OAuthError('invalid_grant', 'The connection of the code was removed.');
    const client = await clients.connect(requesting, connection);
    checkResource(form, issuer);
    const mark = codeKey(code.jti);
    const fault = findFault(code, form, client);
    if (fault) {
      // A wrong request does not use up the code of the right client, but the number of guesses is limited.
      const failures = await state.count(`${mark}:failures`, SEALED_TYPES.code.lifetimeSeconds);
      if (failures.count >= MAX_FAILURES) await state.claim(mark, usesEnd(code));
      throw new OAuthError('invalid_grant', fault);
    }
    const { jti: gid, iat: granted_at, aud, scope, consent, login, mailbox } = code;
    const account = accountOf(login, client.servers, code);
    const sub = subjectOf(keyring, { ...account, mailbox });
    // Read before the claim: a second exchange at the same moment revokes the grant, and the first one must not fail because of that.
    const marks = await state.readMarks(revocationKeysOf({ jti: code.jti, gid, sub }));
    if (isRevoked(marks, { granted_at })) throw new OAuthError('invalid_grant', 'The code was revoked.');
    // Before the claims, because it can be repeated: after them, a state that fails would cost the code.
    await settle(account, endOf({ granted_at, consent }, client));
    const copyUsedAt = await state.claim(`${mark}:${sha256(text)}`, usesEnd(code));
    const usedAt = await state.claim(mark, usesEnd(code));
    if (copyUsedAt !== null) {
      // Two parties have the code, its verifier and the secret: the tokens of the first are revoked too (RFC 6749 §4.1.2).
      await grants.revoke({ id: gid, approval: code.approval });
      log.warn({ client: client.jti, grant: gid }, 'a code was used twice');
    }
    // A form that was submitted twice gives two codes with one `jti`. The client may try both, and keeps the tokens of the first.
    if (usedAt !== null || copyUsedAt !== null) throw new OAuthError('invalid_grant', 'The code was already used.');
    const granted = { iss: issuer, aud, gid, granted_at, scope, login, redirect_host: redirectHost(code.redirect_uri) };
    return tokenIssuer.issue(client, { ...granted, ...(consent && { consent }), ...factsIn(code) }, { scope });
  };
}

/** @returns what is wrong with the request, as a sentence; `null` if nothing is */
function findFault(
  code: { redirect_uri: string; code_challenge: string },
  form: Parameters,
  client: RequestingClient,
): string | null {
  const redirectUri = form.get('redirect_uri');
  // OAuth 2.1 removes it from the token request; a client that sends it must send the right one (§10.2 there).
  if (redirectUri !== undefined && redirectUri !== code.redirect_uri) {
    return 'redirect_uri is not the one of the authorization request.';
  }
  // The client's document may have removed the URI since (CIMD-06).
  if (!hasRedirectUri(client, code.redirect_uri)) return 'redirect_uri is not registered any more.';
  return matchesChallenge(form.get('code_verifier') ?? '', code.code_challenge)
    ? null
    : 'code_verifier is missing or does not match code_challenge.';
}
