/**
 * Replaces each refresh token when it is used (RFC 9700 §4.14.2). A client may lose a response, send two requests at once, or have two windows that
 * refresh in turn: a used token gives its one successor again until that one is used, and for the grace after that. A later use means that two
 * parties hold the token, and revokes the grant.
 *
 * Invariant: a token never gives anything newer than its own successor.
 */
import { createHash } from 'node:crypto';
import { OAuthError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { State } from '../../state/state.ts';
import type { Client } from '../client/client.ts';
import { type Claims, rememberedUntil, toSeconds } from '../sealed/jwe.ts';
import { type RefreshPayload, SEALED_TYPES } from '../sealed/sealed-types.ts';
import type { Grants } from './grants.ts';
import { isRevoked, revocationKeysOf } from './revocation.ts';

/** How long a token is still accepted after the first use of its successor. A public client has no secret that protects a stolen token. */
const GRACE_MS = { confidential: 60 * 60_000, public: 30 * 60_000 };

type RefreshToken = RefreshPayload & Claims;

/** `jti` of the next refresh token of a grant, and when it was issued first. Empty: tokens are not rotated. */
export type Successor = { jti: string; since: Date } | Record<string, never>;

type RotatedClient = Pick<Client, 'secretHash'>;

export interface Rotation {
  /** Whether the client gets refresh tokens. A public client gets none without rotation, which alone detects a stolen token (RFC 9700 §4.14.2). */
  mayRefresh(client: RotatedClient): boolean;
  /** @throws {OAuthError} `invalid_grant` if the token is revoked, or was used after its grace; the latter revokes the grant */
  check(token: RefreshToken, client: RotatedClient): Promise<void>;
  /** Marks a checked token as used. @returns the same successor for each use */
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
  grants: Pick<Grants, 'revoke' | 'recordReuse'>;
}): Rotation {
  const { state, now, log, grants } = services;
  const isPossible = state.isShared || services.replicas === 1;

  async function revokeReused({ gid, client, approval }: RefreshToken): Promise<OAuthError> {
    await grants.revoke({ id: gid, approval });
    log.warn({ client, grant: gid }, 'a refresh token was used again after its grace');
    return invalidRefreshToken('used twice');
  }

  /** When the key was claimed: the clock may have moved since. */
  async function timeOf(key: string): Promise<Date> {
    const [time] = await state.readMarks([key]);
    return time ?? now();
  }

  return {
    mayRefresh: ({ secretHash }) => isPossible || secretHash !== null,
    async check(token, client) {
      const [successorUsedAt = null, ...marks] = await state.readMarks([
        usedKey(successorOf(token.jti)),
        ...revocationKeysOf(token),
      ]);
      if (isRevoked(marks, token)) throw invalidRefreshToken('revoked');
      if (successorUsedAt !== null && now().getTime() - successorUsedAt.getTime() > graceOf(client)) {
        throw await revokeReused(token);
      }
    },
    async consume({ jti, gid, client }) {
      if (!isPossible) return {};
      const key = usedKey(jti);
      const usedAt = await state.claim(key, usesEnd(now()));
      const successor = { jti: successorOf(jti), since: usedAt ?? (await timeOf(key)) };
      if (usedAt !== null) {
        await grants.recordReuse(gid);
        log.info({ client, grant: gid }, 'a refresh token was used again, and gave the same successor');
      }
      return successor;
    },
  };
}

const graceOf = ({ secretHash }: RotatedClient): number =>
  secretHash === null ? GRACE_MS.public : GRACE_MS.confidential;

/** Marks a token that was used. */
const usedKey = (jti: string): string => `refresh:${jti}`;

/** Until when a use must be known: the predecessor of the token was issued earlier, so it has expired by then as well. */
const usesEnd = (now: Date): Date => rememberedUntil({ exp: toSeconds(now) + SEALED_TYPES.refresh.lifetimeSeconds });

/** The same for every retry, on every replica, under every key. Not a secret: a `jti` grants no access. */
const successorOf = (jti: string): string =>
  createHash('sha256').update(`successor of ${jti}`).digest('base64url').slice(0, 22);

export const invalidRefreshToken = (cause: unknown): OAuthError =>
  new OAuthError('invalid_grant', 'The refresh token is not valid or has expired.', { cause });
