/** Limits the number of messages that a connection may move, flag and delete in an hour. */
import { ToolError, UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { State } from '../../state/state.ts';

const WINDOW_SECONDS = 3600;

export interface ChangeQuota {
  /**
   * Counts messages and changes them. Those that were certainly not changed are not counted.
   *
   * @param changedOf how many messages were changed, or may have been
   * @throws {ToolError} if the limit does not allow so many
   * @throws {UpstreamError} if they cannot be counted; nothing is changed then
   */
  counted<T>(messages: number, change: () => Promise<T>, changedOf?: (result: T) => number): Promise<T>;
}

/**
 * Creates the limit of one connection.
 *
 * @param parts.most messages in an hour; undefined: no limit
 * @param parts.key from changesKey()
 * @param parts.areAllCounted false if other replicas change messages too and do not share the state
 */
export function createChangeQuota(parts: {
  most: number | undefined;
  key: string;
  state: State;
  areAllCounted: boolean;
  now: () => Date;
  log: Log;
}): ChangeQuota {
  const { most, key, state, areAllCounted, now, log } = parts;
  if (most === undefined) return { counted: (_, change) => change() };
  return {
    async counted(messages, change, changedOf = () => messages) {
      if (!areAllCounted) {
        log.error({ limit: 'max_changes_per_hour' }, 'changes cannot be counted on several replicas without REDIS_URL');
        throw new ToolError(NOT_SET_UP);
      }
      const { count, endsAt } = await state.count(key, WINDOW_SECONDS, messages).catch(notCountable);
      // Not subtracted after the end of the hour, which would raise the next limit. If it fails, too many stay counted until then.
      const uncount = async (points: number) => {
        if (points > 0 && now() < endsAt) await state.count(key, WINDOW_SECONDS, -points).catch(() => undefined);
      };
      if (count > most) {
        await uncount(messages);
        throw limitReached(most, most - (count - messages), Math.ceil((endsAt.getTime() - now().getTime()) / 60_000));
      }
      try {
        const result = await change();
        await uncount(messages - changedOf(result));
        return result;
      } catch (error) {
        if (isCertainlyUnchanged(error)) await uncount(messages);
        throw error;
      }
    },
  };
}

const NOT_SET_UP =
  'Nothing was done: this connection may change only so many messages an hour, and this server is not set up to count them. Its operator finds the reason in the log.';

function isCertainlyUnchanged(error: unknown): boolean {
  return error instanceof ToolError || (error instanceof UpstreamError && error.fault !== 'unknown_outcome');
}

function limitReached(most: number, left: number, minutes: number): ToolError {
  if (most === 0) return new ToolError('Nothing was done: this connection may not change messages.');
  const wait = minutes <= 1 ? 'a minute' : `${minutes} minutes`;
  const rest = left > 0 ? `${left} are left` : 'none is left';
  return new ToolError(
    `Nothing was done: this connection may change ${most} ${most === 1 ? 'message' : 'messages'} an hour, undo included, and ${rest}. Name fewer, or try again in ${wait}.`,
  );
}

function notCountable(cause: unknown): never {
  if (!(cause instanceof UpstreamError)) throw cause;
  const sentence =
    'Nothing was done: this connection may change only so many messages an hour, and they cannot be counted at the moment. Try again in a minute.';
  throw new UpstreamError(cause.service, 'unreachable', sentence, { cause });
}
