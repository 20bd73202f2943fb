/** Checks a personal API token, for the sign-in form. */
import { z } from 'zod';
import { ToolError, UpstreamError } from '../errors.ts';
import type { LoginProblem, MissiveAccount } from './account.ts';
import { createMissiveApi } from './api.ts';

const TOTAL_MS = 15_000;

const Organizations = z.object({ organizations: z.array(z.unknown()) });

/** @returns what is wrong with it; empty if it works. One request, which never takes longer than the limit (15 s) */
export async function verifyToken(
  account: MissiveAccount,
  { totalMs = TOTAL_MS, now }: { totalMs?: number | undefined; now: () => Date },
): Promise<LoginProblem[]> {
  try {
    const answer = await createMissiveApi(account, { now, totalMs }).request({ http: 'GET', path: '/organizations' });
    // Whatever else answers there is not Missive, and says nothing about the token.
    return Organizations.safeParse(answer).success ? [] : [{ service: 'missive', fault: 'refused' }];
  } catch (error) {
    return [{ service: 'missive', ...faultOf(error) }];
  }
}

const Details = z.object({ status: z.number(), retry_after: z.number().nullish() });

function faultOf(error: unknown): Omit<LoginProblem, 'service'> {
  if (error instanceof UpstreamError) {
    const { fault } = error;
    return { fault: fault === 'credentials' || fault === 'timeout' || fault === 'unreachable' ? fault : 'refused' };
  }
  if (!(error instanceof ToolError)) throw error;
  const { status, retry_after: retryAfterSeconds } = Details.parse(error.details);
  if (status === 429) return { fault: 'rate_limited', ...(retryAfterSeconds && { retryAfterSeconds }) };
  return { fault: status === 402 || status === 403 ? 'no_api' : 'refused' };
}
