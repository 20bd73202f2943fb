/** A Missive account: the base URL of the API and a personal API token. */
import { z } from 'zod';

export const MISSIVE_URL = 'https://public.missiveapp.com/v1';

/** The API that an account belongs to. */
export const MissiveServer = z.object({
  /** Base URL, without a slash at its end. Fixed by the operator in the client_id; never taken from a form. */
  url: z.url({ protocol: /^https?$/ }),
});
export type MissiveServer = z.output<typeof MissiveServer>;

export const MissiveAccount = MissiveServer.extend({
  /** Personal API token. It has no scopes: it permits everything that its owner may do. */
  token: z.string().min(1).max(1024),
});
export type MissiveAccount = z.output<typeof MissiveAccount>;

/** Why an API token cannot be used, found with one request. */
export interface LoginProblem {
  service: 'missive';
  /** `no_api`: the token is valid, but the plan of its owner does not include the API. */
  fault: 'credentials' | 'no_api' | 'rate_limited' | 'unreachable' | 'timeout' | 'refused';
  /** With `rate_limited`, if Missive sent Retry-After or a reset time. */
  retryAfterSeconds?: number;
}
