/** Reports a failed command that follows a change as an unknown outcome, so that the change is reported too. */
import { UpstreamError } from '../../errors.ts';

/**
 * @param cause the failure of a command without effect, sent after one that changed something
 * @param sentence says what may have happened, and where to look
 * @returns `cause` itself if it is no UpstreamError
 */
export function toUnknownOutcome(cause: unknown, sentence: string): unknown {
  if (!(cause instanceof UpstreamError)) return cause;
  return new UpstreamError('IMAP', 'unknown_outcome', sentence, { cause, code: cause.code });
}
