/** Checks the admin token, and counts wrong ones for each network. */
import type { Log } from '../log.ts';
import { addressBlock } from '../oauth/http/address-block.ts';
import { equalsInConstantTime, sha256 } from '../oauth/http/constant-time.ts';
import type { State } from '../state/state.ts';

/** Wrong tokens per minute from one address block. The right token is never counted and never refused. */
const MAX_FAILURES_PER_MINUTE = 20;

/** `too_many`: wrong, after too many wrong ones in this minute. */
type TokenResult = 'right' | 'wrong' | 'too_many';

/** @throws {UpstreamError} for a wrong token that cannot be counted */
export type CheckAdminToken = (token: string, address: string | undefined) => Promise<TokenResult>;

export function createAdminTokenCheck(services: { adminToken: string; state: State; log: Log }): CheckAdminToken {
  const { adminToken, state, log } = services;
  return async (token, address) => {
    if (equalsInConstantTime(sha256(token), sha256(adminToken))) return 'right';
    const failuresKey = `admin:failures:${sha256(addressBlock(address))}`;
    const failures = await state.readCount(failuresKey, 60);
    if (failures !== null && failures.count >= MAX_FAILURES_PER_MINUTE) return 'too_many';
    await state.count(failuresKey, 60);
    log.warn({}, 'wrong admin token');
    return 'wrong';
  };
}
