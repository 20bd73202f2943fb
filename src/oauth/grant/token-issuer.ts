/**
 * Issues, rotates and revokes the tokens of a grant. This file issues them, rotation.ts replaces refresh tokens, revocation.ts checks whether a token
 * is revoked, and grants.ts lists and revokes the grants of an account.
 *
 * Invariant: the second use of a code, or the use of a refresh token after its grace, ends the grant.
 */
import { OAuthError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { hasPower } from '../../policy.ts';
import { type Client, clientInToken } from '../client/client.ts';
import { powersOf, type Scope } from '../scope.ts';
import { type AccountName, accountOf, currentSubjectsOf, subjectOf } from '../sealed/identity.ts';
import { type Keyring, toSeconds } from '../sealed/jwe.ts';
import {
  type AccessPayload,
  createTokens,
  factsIn,
  LONGEST_ID,
  type RefreshPayload,
  SEALED_TYPES,
} from '../sealed/sealed-types.ts';
import type { Grants } from './grants.ts';
import type { Rotation, Successor } from './rotation.ts';

/** RFC 6749 §5.1. */
export interface TokenResponse {
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
  scope: string;
  refresh_token?: string;
}

/** What was granted, without the claims that are computed for each token. */
type Granted = Omit<RefreshPayload, 'sub' | 'client' | 'parent'>;

export interface TokenIssuer {
  /**
   * Issues the tokens and records the grant in the list of its account.
   *
   * @param options.scope of the access token
   * @param options.successor the refresh token that replaces another one
   * @param options.providerToken a newer refresh token of the provider; the earlier one stays where it leaves no room
   * @throws {OAuthError} `invalid_grant` if the grant has ended
   */
  issue(
    client: Client,
    granted: Granted,
    options: { scope: Scope; successor?: Successor | undefined; providerToken?: string | undefined },
  ): Promise<TokenResponse>;
}

export function createTokenIssuer(services: {
  keyring: Keyring;
  now: () => Date;
  log: Log;
  rotation: Pick<Rotation, 'mayRefresh'>;
  grants: Pick<Grants, 'record'>;
}): TokenIssuer {
  const { keyring, now, log, rotation, grants } = services;
  const tokens = createTokens(keyring);

  /** Recorded under the subjects of the current key, which may have changed since the sign-in. */
  async function record(granted: Granted, client: Client, account: AccountName, tokensEnd: Date): Promise<void> {
    const { gid: id, scope, consent, redirect_host: redirectHost, granted_at } = granted;
    const powers = powersOf(scope).filter((power) => hasPower(consent?.powers, power));
    const what = { id, client: { jti: client.jti, name: client.name }, redirectHost, scope, powers };
    const [grantedAt, until] = [new Date(granted_at * 1000), endOf(granted, client)];
    const { approval } = granted;
    const grant = { ...what, recipients: consent?.recipients, grantedAt, until, ...(approval && { approval }) };
    await Promise.all(currentSubjectsOf(keyring, account).map((sub) => grants.record(sub, grant, tokensEnd)));
  }

  /** A refresh token that is issued again ends when it ended first. */
  function sealRefresh(payload: RefreshPayload, end: Date, { jti, since = now() }: Successor): Promise<string> {
    const lastUse = new Date(since.getTime() + SEALED_TYPES.refresh.lifetimeSeconds * 1000);
    // The clock of the replica that issued it first may be ahead.
    return tokens.refresh.seal(payload, since > now() ? since : now(), earlierOf(lastUse, end), jti);
  }

  /** Refresh tokens of providers may become longer, and earlier ones stay valid or are replaced in the state. */
  function withProviderToken(
    client: Client,
    granted: Granted,
    { scope, providerToken }: { scope: Scope; providerToken?: string | undefined },
  ): Granted {
    if (providerToken === undefined) return granted;
    const newest = { ...granted, provider_token: providerToken };
    const length = tokens.access.lengthOf(
      accessPayload(client, newest, { scope, sub: LONGEST_ID }),
      now(),
      endOf(granted, client),
    );
    return length <= SEALED_TYPES.access.maxLength ? newest : granted;
  }

  return {
    async issue(client, before, { scope, successor = {}, providerToken }) {
      const granted = withProviderToken(client, before, { scope, providerToken });
      const end = endOf(granted, client);
      const secondsLeft = toSeconds(end) - toSeconds(now());
      if (secondsLeft <= 0) throw new OAuthError('invalid_grant', 'What was granted has ended.');
      const expiresInSeconds = Math.min(SEALED_TYPES.access.lifetimeSeconds, secondsLeft);
      const account = { ...accountOf(granted.login, client.servers, granted), mailbox: granted.mailbox };
      const sub = subjectOf(keyring, account);
      const isRefreshable = rotation.mayRefresh(client);
      const lastSeconds = isRefreshable ? SEALED_TYPES.refresh.lifetimeSeconds : expiresInSeconds;
      await record(granted, client, account, new Date(Math.min(end.getTime(), now().getTime() + lastSeconds * 1000)));
      const refresh = { ...granted, sub, client: client.jti };
      log.info({ client: client.jti, grant: granted.gid }, 'tokens issued');
      return {
        access_token: await tokens.access
          .seal(accessPayload(client, granted, { scope, sub }), now(), end)
          .catch(tooLong),
        token_type: 'Bearer',
        expires_in: expiresInSeconds,
        scope: scope.join(' '),
        ...(isRefreshable && { refresh_token: await sealRefresh(refresh, end, successor) }),
      };
    },
  };
}

function accessPayload(client: Client, granted: Granted, { scope, sub }: { scope: Scope; sub: string }): AccessPayload {
  const { iss, aud, gid, granted_at, consent, login } = granted;
  const { servers, policy } = client;
  const ends = toSeconds(endOf(granted, client));
  // Absent where it is the end of the usual lifetime: the token must fit into a header (BEAR-08).
  const isEarly = ends < granted_at + SEALED_TYPES.grant.lifetimeSeconds;
  const life = { granted_at, ...(isEarly && { ends }) };
  const limits = { ...(consent && { consent }), ...(Object.keys(policy).length > 0 && { policy }) };
  // `sub` is computed from it, which is enough.
  const { mailbox: _mailbox, ...facts } = factsIn(granted);
  const timeZone = facts.time_zone ?? client.timeZone;
  const known = { ...facts, ...(timeZone !== undefined && { time_zone: timeZone }) };
  const what = { client: clientInToken(client), scope, login, servers, ...limits, ...known };
  return { iss, aud, sub, gid, ...life, ...what };
}

/** The token is too long only if the operator has added limits to the client since the sign-in; at the sign-in, the page reports the same fault. */
function tooLong(cause: unknown): never {
  if (!(cause instanceof RangeError)) throw cause;
  throw new OAuthError('invalid_grant', 'The limits of the client leave no room for this login. Sign in again.', {
    cause,
  });
}

const earlierOf = (a: Date, b: Date): Date => (a < b ? a : b);

/** The latest time that a Date can represent (ECMAScript, Time Values). */
const FAR_FUTURE = new Date(8.64e15);

/** The end of a grant: its lifetime, or an earlier end that the account owner or the operator has set. */
export function endOf({ granted_at, consent }: Pick<Granted, 'granted_at' | 'consent'>, { expiresAt }: Client): Date {
  const longest = granted_at + SEALED_TYPES.grant.lifetimeSeconds;
  return new Date(Math.min(longest, consent?.until ?? Infinity, toSeconds(expiresAt ?? FAR_FUTURE)) * 1000);
}
