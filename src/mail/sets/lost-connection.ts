/** Recognises a change during which the connection was lost. */
import { UpstreamError } from '../../errors.ts';

/** False for a server that is silent: it is not asked again. */
export function isLost(error: unknown): boolean {
  return error instanceof UpstreamError && error.fault === 'unknown_outcome' && !/TIME|STALE/.test(error.code ?? '');
}
