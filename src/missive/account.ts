/** One person at Missive: what stands in for a mailbox and its login. */
import { z } from 'zod';

export const MISSIVE_URL = 'https://public.missiveapp.com/v1';

export const MissiveAccount = z.object({
  /** Base URL of the API, without a slash at its end. Fixed by the operator in the client_id; never taken from a form. */
  url: z.url({ protocol: /^https?$/ }),
  /** Personal API token. It has no scopes: it may do whatever its owner may. */
  token: z.string().min(1).max(1024),
});
export type MissiveAccount = z.output<typeof MissiveAccount>;
