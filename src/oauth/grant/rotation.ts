/**
 * Replaces each refresh token when it is used (RFC 9700 §4.14.2). A client may lose a response or send two requests at once, so for a minute the
 * same token gives the same successor again, until that one is used. Any later use means that two parties hold the token, and revokes the grant.
 */
import { createHash } from 'node:crypto';
import { OAuthError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { State } from '../../state/state.ts';
import type { Client } from '../client/client.ts';
import { type Claims, rememberedUntil } from '../sealed/jwe.ts';
import type { RefreshPayload } from '../sealed/sealed-types.ts';
import type { Grants } from './grants.ts';
import { isRevoked, revocationKeysOf } from './revocation.ts';

const GRACE_MS = 60_000;

type RefreshToken = RefreshPayload & Claims;

/** `jti` of the next refresh token of a grant, and of the one that it replaces. Empty: tokens are not rotated. */
export type Successor = { jti: string; parent: string } | Record<string, never>;

export interface Rotation {
  /** Whether the client gets refresh tokens. A public client gets none without rotation, which alone detects a stolen token (RFC 9700 §4.14.2). */
  mayRefresh(client: Pick<Client, 'secretHash'>): boolean;
  /** @throws {OAuthError} `invalid_grant` if the token is revoked, or was used and replaced; the latter revokes the grant */
  check(token: RefreshToken): Promise<void>;
  /** Uses the token up. @throws {OAuthError} `invalid_grant` if it was used more than a minute ago; that revokes the grant */
  consume(token: RefreshToken): Promise<Successor>;
}

/**
 * @param services.replicas number of processes; with more than one, rotation needs a state that they share
 * @throws {UpstreamError} (from its methods) when the state is unavailable
 */
export function createRotation(services: {
  state: State;
  replicas: number;
  now: () => Date;
  log: Log;
  grants: Pick<Grants, 'revoke'>;
}): Rotation {
  const { state, now, log, grants } = services;
  const isPossible = state.isShared || services.replicas === 1;

  async function revokeReused({ gid, client }: RefreshToken): Promise<OAuthError> {
    await grants.revoke(gid);
    log.warn({ client, grant: gid }, 'a refresh token was used again after it was replaced');
    return invalidRefreshToken('used twice');
  }

  return {
    mayRefresh: ({ secretHash }) => isPossible || secretHash !== null,
    async check(token) {
      const [superseded = null, ...marks] = await state.readMarks([
        supersededKey(token.jti),
        ...revocationKeysOf(token),
      ]);
      if (isRevoked(marks, token)) throw invalidRefreshToken('revoked');
      if (superseded !== null) throw await revokeReused(token);
    },
    async consume(token) {
      if (!isPossible) return {};
      const end = rememberedUntil(token);
      const firstUse = await state.claim(`refresh:${token.jti}`, end);
      if (firstUse !== null && now().getTime() - firstUse.getTime() > GRACE_MS) throw await revokeReused(token);
      if (firstUse === null && token.parent !== undefined) await state.claim(supersededKey(token.parent), end);
      return { jti: successorOf(token.jti), parent: token.jti };
    },
  };
}

/** Marks a token whose successor is in use. */
const supersededKey = (jti: string): string => `superseded:${jti}`;

/** The same for every retry, on every replica, under every key. Not a secret: a `jti` grants no access. */
const successorOf = (jti: string): string =>
  createHash('sha256').update(`successor of ${jti}`).digest('base64url').slice(0, 22);

export const invalidRefreshToken = (cause: unknown): OAuthError =>
  new OAuthError('invalid_grant', 'The refresh token is not valid or has expired.', { cause });
