/** Checks whether a valid access token has been revoked: the token, its grant, its account or its client. */
import { UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { State } from '../../state/state.ts';
import type { Clients } from '../client/clients.ts';
import { connectionOfGrant } from '../client/connection-choice.ts';
import { deniedClientKey } from '../client/denied-clients.ts';
import { rememberedUntil, toSeconds } from '../sealed/jwe.ts';
import { type AccessPayload, SEALED_TYPES } from '../sealed/sealed-types.ts';

const WARNING_INTERVAL_MS = 60_000;

/** The ids under which a token, its grant or its account is revoked. */
interface Revocable {
  jti: string;
  gid: string;
  sub: string;
}

/** The claims of an access token that decide whether it is revoked. */
export type TokenOrigin = Pick<AccessPayload, 'gid' | 'sub' | 'granted_at' | 'client' | 'connection' | 'login'> & {
  jti: string;
};

/** Key of the mark that revokes one access token. */
export const revokedTokenKey = (jti: string): string => `revoked:token:${jti}`;

/** Key of the mark that revokes all tokens of one grant. */
export const revokedGrantKey = (gid: string): string => `revoked:grant:${gid}`;

/** Key of the mark that revokes everything that was granted for an account until the time of the mark. */
export const revokedAccountKey = (subject: string): string => `revoked:account:${subject}`;

/** The keys to look up for a token. `isRevoked` takes the times that were found, in the same order. */
export const revocationKeysOf = ({ jti, gid, sub }: Revocable): string[] => [
  revokedTokenKey(jti),
  revokedGrantKey(gid),
  revokedAccountKey(sub),
];

/** @param found the time of each of `revocationKeysOf`, null where there is no mark; further entries are ignored */
export function isRevoked(found: readonly (Date | null)[], { granted_at }: { granted_at: number }): boolean {
  const [token = null, grant = null, account = null] = found;
  // `granted_at` has whole seconds. A grant of the same second counts as earlier: a sign-in that must be repeated does less harm than a token that
  // wrongly stays valid.
  return token !== null || grant !== null || (account !== null && granted_at * 1000 <= account.getTime());
}

const LONGEST_LIFETIME_SECONDS = Math.max(SEALED_TYPES.grant.lifetimeSeconds, SEALED_TYPES.personal.lifetimeSeconds);

/** Until when a revocation must be kept that is made now: until every token that exists has expired. */
export const revocationsEnd = (now: Date): Date => rememberedUntil({ exp: toSeconds(now) + LONGEST_LIFETIME_SECONDS });

export interface RevocationCheck {
  /**
   * Asks the state once. When the state is unavailable, only denials by the settings count: all other tokens are accepted, and the log says so at
   * most once a minute.
   */
  isRevoked(token: TokenOrigin): Promise<boolean>;
}

export function createRevocationCheck(services: {
  state: State;
  clients: Pick<Clients, 'isDeniedBySettings' | 'dynamicClients'>;
  now: () => Date;
  log: Log;
}): RevocationCheck {
  const { state, clients, now, log } = services;
  let warnedAt = Number.NEGATIVE_INFINITY;

  function acceptUnchecked(error: unknown): boolean {
    if (!(error instanceof UpstreamError)) throw error;
    const time = now().getTime();
    if (time - warnedAt >= WARNING_INTERVAL_MS) {
      warnedAt = time;
      log.error(
        {},
        'revocations cannot be looked up: revoked tokens and denied clients are accepted until Redis is back',
      );
    }
    return false;
  }

  return {
    async isRevoked({ jti, gid, sub, granted_at, client, ...granted }) {
      // Everything that a dynamic client was granted ends with its connection.
      const { connections = [] } = client.minted === false ? (clients.dynamicClients ?? {}) : {};
      const connectionId = connectionOfGrant(connections, granted)?.id;
      const denials = [client.jti, ...(connectionId === undefined ? [] : [connectionId])];
      if (denials.some((id) => clients.isDeniedBySettings(id))) return true;
      try {
        const revocations = revocationKeysOf({ jti, gid, sub });
        const found = await state.readMarks([...revocations, ...denials.map(deniedClientKey)]);
        return isRevoked(found, { granted_at }) || found.slice(revocations.length).some((denied) => denied !== null);
      } catch (error) {
        return acceptUnchecked(error);
      }
    },
  };
}
