/** Reports a failed command that follows a change as an unknown outcome, so that the change is reported too. */
import { UpstreamError } from '../../errors.ts';

/**
 * Converts the failure of a reading command that was sent after a change.
 *
 * @param cause the failure
 * @param sentence says what may have happened, and where to look
 * @returns an UpstreamError `unknown_outcome`; `cause` itself if it is not an UpstreamError
 */
export function toUnknownOutcome(cause: unknown, sentence: string): unknown {
  if (!(cause instanceof UpstreamError)) return cause;
  return new UpstreamError('IMAP', 'unknown_outcome', sentence, { cause, code: cause.code });
}
