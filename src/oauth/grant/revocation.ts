/** Whether a token that opens was called back since: it alone, its grant, its mailbox, or its client. */
import { UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { State } from '../../state/state.ts';
import { type Clients, deniedClientKey } from '../client/clients.ts';
import type { AccessPayload } from '../sealed/sealed-types.ts';
import { isRevoked, revocationKeysOf } from './revocation-marks.ts';

const warnEveryMs = 60_000;

/** Where a token comes from. */
export type Origin = Pick<AccessPayload, 'gid' | 'sub' | 'granted_at' | 'client'> & { jti: string };

/**
 * @returns a function that says so for one token, with one question to the state. When the state cannot be asked, nothing was called back but by
 *   the settings: mail goes on, and the log says at most once a minute what that means
 */
export function recalls({
  state,
  clients,
  now,
  log,
}: {
  state: State;
  clients: Pick<Clients, 'isDeniedBySettings'>;
  now: () => Date;
  log: Log;
}): (token: Origin) => Promise<boolean> {
  let warnedAt = Number.NEGATIVE_INFINITY;

  function letThrough(error: unknown): boolean {
    if (!(error instanceof UpstreamError)) throw error;
    const time = now().getTime();
    if (time - warnedAt >= warnEveryMs) {
      warnedAt = time;
      log.error({}, 'revoked tokens and denied clients cannot be looked up: they get through until Redis is back');
    }
    return false;
  }

  return async function isRecalled({ jti, gid, sub, granted_at, client }) {
    if (clients.isDeniedBySettings(client.jti)) return true;
    try {
      const [denied = null, ...marks] = await state.claimed([
        deniedClientKey(client.jti),
        ...revocationKeysOf({ jti, gid, sub }),
      ]);
      return denied !== null || isRevoked(marks, { granted_at });
    } catch (error) {
      return letThrough(error);
    }
  };
}
