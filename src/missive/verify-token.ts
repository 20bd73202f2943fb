/** Verifies a personal API token with one request to Missive, for the sign-in page and for each token refresh. */
import { z } from 'zod';
import { ToolError, UpstreamError } from '../errors.ts';
import type { LoginProblem, MissiveAccount } from './account.ts';
import { createMissiveApi } from './api.ts';

const TIMEOUT_MS = 15_000;

const Organizations = z.object({ organizations: z.array(z.unknown()) });

/** @returns the problem with the token, as a list; empty if it is valid. The request ends after `totalMs`, 15 s by default. */
export async function verifyToken(
  account: MissiveAccount,
  { totalMs = TIMEOUT_MS, now }: { totalMs?: number | undefined; now: () => Date },
): Promise<LoginProblem[]> {
  try {
    const answer = await createMissiveApi(account, { now, totalMs }).request({ http: 'GET', path: '/organizations' });
    // Another response comes from a server that is not Missive, and proves nothing about the token.
    return Organizations.safeParse(answer).success ? [] : [{ service: 'missive', fault: 'refused' }];
  } catch (error) {
    return [{ service: 'missive', ...toProblem(error) }];
  }
}

const Details = z.object({ status: z.number(), retry_after: z.number().nullish() });

function toProblem(error: unknown): Omit<LoginProblem, 'service'> {
  if (error instanceof UpstreamError) {
    const { fault } = error;
    return { fault: fault === 'credentials' || fault === 'timeout' || fault === 'unreachable' ? fault : 'refused' };
  }
  if (!(error instanceof ToolError)) throw error;
  const { status, retry_after: retryAfterSeconds } = Details.parse(error.details);
  if (status === 429) return { fault: 'rate_limited', ...(retryAfterSeconds && { retryAfterSeconds }) };
  return { fault: status === 402 || status === 403 ? 'no_api' : 'refused' };
}
