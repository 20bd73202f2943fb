/** One person at Missive: what stands in for a mailbox and its login. */
import { z } from 'zod';

export const MISSIVE_URL = 'https://public.missiveapp.com/v1';

/** Where the API is. */
export const MissiveServer = z.object({
  /** Base URL, without a slash at its end. Fixed by the operator in the client_id; never taken from a form. */
  url: z.url({ protocol: /^https?$/ }),
});
export type MissiveServer = z.output<typeof MissiveServer>;

export const MissiveAccount = MissiveServer.extend({
  /** Personal API token. It has no scopes: it may do whatever its owner may. */
  token: z.string().min(1).max(1024),
});
export type MissiveAccount = z.output<typeof MissiveAccount>;

/** Why an API token does not work, found by trying it. */
export interface LoginProblem {
  service: 'missive';
  /** `no_api`: the token is good, but its owner may not use the API, which takes a certain plan. */
  fault: 'credentials' | 'no_api' | 'rate_limited' | 'unreachable' | 'timeout' | 'refused';
  /** With `rate_limited`, if Missive says so. */
  retryAfterSeconds?: number;
}
