/** Both tokens of a grant, made from what the person granted and the client as it is now. */
import { OAuthError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Client, clientInToken } from '../client/client.ts';
import { powersOf, type Scope } from '../scope.ts';
import { accountOf } from '../sealed/credentials.ts';
import { type Keyring, toSeconds } from '../sealed/jwe.ts';
import { createTokens, lifetimes, type RefreshPayload } from '../sealed/sealed-types.ts';
import { subjectOf } from '../sealed/subject.ts';
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

/** What was granted, without what is found out anew each time. */
export type Granted = Omit<RefreshPayload, 'sub' | 'client' | 'parent'>;

/**
 * @returns a function that makes the tokens and lists the grant for its owner.
 *   `scope` is that of the access token; `successor` names the refresh token that replaces another one
 * @throws {OAuthError} (from it) `invalid_grant` if the grant has ended
 */
export function issuer(services: {
  keyring: Keyring;
  now: () => Date;
  log: Log;
  rotation: Pick<Rotation, 'mayRefresh'>;
  grants: Pick<Grants, 'record'>;
}) {
  const { keyring, now, log, rotation, grants } = services;
  const tokens = createTokens(keyring);

  /** The owner finds it under the mailbox as it is named now: the key for that may have changed. */
  async function note(granted: Granted, client: Client, sub: string, tokensEnd: Date): Promise<void> {
    const { gid: id, scope, consent, redirect_host: redirectHost, granted_at } = granted;
    const powers = powersOf(scope).filter((power) => consent?.powers?.includes(power) ?? true);
    const what = { id, client: { jti: client.jti, name: client.name }, redirectHost, scope, powers };
    const [grantedAt, until] = [new Date(granted_at * 1000), endOf(granted, client)];
    await grants.record(sub, { ...what, recipients: consent?.recipients, grantedAt, until }, tokensEnd);
  }

  return async function issue(
    client: Client,
    granted: Granted,
    { scope, successor = {} }: { scope: Scope; successor?: Successor },
  ): Promise<TokenResponse> {
    const { iss, aud, gid, granted_at, consent, login } = granted;
    const { jti, servers, policy } = client;
    const end = endOf(granted, client);
    const seconds = Math.min(lifetimes.accessSeconds, toSeconds(end) - toSeconds(now()));
    if (seconds <= 0) throw new OAuthError('invalid_grant', 'What was granted has ended.');
    const sub = subjectOf(keyring, accountOf(login, servers));
    const limits = { ...(consent && { consent }), ...(Object.keys(policy).length > 0 && { policy }) };
    // Left out where it is the usual one: a header has little room (BEAR-08).
    const isEarly = toSeconds(end) < granted_at + lifetimes.grantSeconds;
    const life = { granted_at, ...(isEarly && { ends: toSeconds(end) }) };
    const access = { iss, aud, sub, gid, ...life, client: clientInToken(client), scope, login, servers, ...limits };
    const isRefreshable = rotation.mayRefresh(client);
    const lastSeconds = isRefreshable ? lifetimes.refreshSeconds : seconds;
    await note(granted, client, sub, new Date(Math.min(end.getTime(), now().getTime() + lastSeconds * 1000)));
    const { jti: refreshId, ...replaced } = successor;
    const refresh = { ...granted, sub, client: jti, ...replaced };
    log.info({ client: jti, grant: gid }, 'tokens issued');
    return {
      access_token: await tokens.access.seal(access, now(), end).catch(tooLong),
      token_type: 'Bearer',
      expires_in: seconds,
      scope: scope.join(' '),
      ...(isRefreshable && { refresh_token: await tokens.refresh.seal(refresh, now(), end, refreshId) }),
    };
  };
}
export type Issue = ReturnType<typeof issuer>;

/** It fitted when the person signed in; the operator has given the client more to carry since. They are told so on the form. */
function tooLong(cause: unknown): never {
  if (!(cause instanceof RangeError)) throw cause;
  throw new OAuthError('invalid_grant', 'The limits of the client leave no room for this login. Sign in again.', {
    cause,
  });
}

const farFuture = new Date(8.64e15);

/** When everything of the grant is over: it has grown old, or the owner or the operator set an earlier end. */
function endOf({ granted_at, consent }: Pick<Granted, 'granted_at' | 'consent'>, { expiresAt }: Client): Date {
  const ends = [granted_at + lifetimes.grantSeconds, consent?.until ?? Infinity, toSeconds(expiresAt ?? farFuture)];
  return new Date(Math.min(...ends) * 1000);
}
