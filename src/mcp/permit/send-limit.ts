/** Limits the number of messages that a connection may send in an hour, and of its unsubscribe requests. */
import { ToolError, UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { State } from '../../state/state.ts';

const WINDOW_SECONDS = 3600;

export interface SendLimit {
  /** Checks the limit before a message is prepared, and counts nothing. @throws {ToolError} if the limit is reached */
  check(): Promise<void>;
  /**
   * Counts one message and sends it. A message that was certainly not sent is not counted.
   *
   * @throws {ToolError} if the limit is reached
   * @throws {UpstreamError} if the message cannot be counted; it is not sent then
   */
  counted<T>(send: () => Promise<T>): Promise<T>;
}

/** Whose messages are counted together. */
interface Counted {
  client: { jti: string; minted?: false | undefined };
  subject: string;
}

/** The key of one count: an account and a client. All dynamic clients share a count; otherwise each registration would begin a new one. */
const countKey = (kind: 'sends' | 'changes' | 'unsubscribes', { client, subject }: Counted): string =>
  `${kind}:${client.minted === false ? 'registered' : client.jti}:${subject}`;

export const sendsKey = (counted: Counted): string => countKey('sends', counted);
export const unsubscribesKey = (counted: Counted): string => countKey('unsubscribes', counted);
export const changesKey = (counted: Counted): string => countKey('changes', counted);

/** What is counted, and what else the caller can do. */
interface What {
  one: string;
  several: string;
  instead: string;
}

const MESSAGES: What = { one: 'message', several: 'messages', instead: ', or save a draft' };
export const UNSUBSCRIBE_REQUESTS: What = { one: 'unsubscribe request', several: 'unsubscribe requests', instead: '' };

/** For every connection, so that a caller that is misled cannot answer many strangers. */
export const MAX_UNSUBSCRIBES_PER_HOUR = 20;

/**
 * Creates the limit of one connection.
 *
 * @param parts.most messages in an hour; undefined: no limit
 * @param parts.key from sendsKey()
 * @param parts.areAllCounted false if other replicas send too and do not share the state
 */
export function createSendLimit(parts: {
  most: number | undefined;
  key: string;
  state: State;
  areAllCounted: boolean;
  now: () => Date;
  log: Log;
  what?: What;
}): SendLimit {
  const { most, key, state, areAllCounted, now, log, what = MESSAGES } = parts;
  if (most === undefined) return { check: async () => {}, counted: (send) => send() };

  const full = (endsAt: Date) => limitReached(most, Math.ceil((endsAt.getTime() - now().getTime()) / 60_000), what);
  const notCountable = (cause: unknown) => notCounted(cause, what);

  function requireCountable(): void {
    if (areAllCounted) return;
    log.error({ limit: 'max_sends_per_hour' }, 'messages cannot be counted on several replicas without REDIS_URL');
    throw new ToolError(
      'Nothing was sent: this connection may send only so many messages an hour, and this server is not set up to count them. Its operator finds the reason in the log. Save a draft instead.',
    );
  }

  return {
    async check() {
      requireCountable();
      if (most === 0) throw limitReached(most, WINDOW_SECONDS / 60, what);
      const sent = await state.readCount(key, WINDOW_SECONDS).catch(notCountable);
      if (sent !== null && sent.count >= most) throw full(sent.endsAt);
    },
    async counted(send) {
      requireCountable();
      const { count, endsAt } = await state.count(key, WINDOW_SECONDS).catch(notCountable);
      // If this fails, one message too many stays counted until the hour ends. Not subtracted after the end, which would raise the next limit by one.
      const uncount = async () => {
        if (now() < endsAt) await state.count(key, WINDOW_SECONDS, -1).catch(() => undefined);
      };
      if (count > most) {
        await uncount();
        throw full(endsAt);
      }
      return send().catch(async (error: unknown) => {
        if (isCertainlyNotSent(error)) await uncount();
        throw error;
      });
    },
  };
}

function isCertainlyNotSent(error: unknown): boolean {
  return error instanceof ToolError || (error instanceof UpstreamError && error.fault !== 'unknown_outcome');
}

function limitReached(most: number, minutes: number, { one, several, instead }: What): ToolError {
  if (most === 0)
    return new ToolError('Nothing was sent: this connection may not send messages. Save a draft instead.');
  const wait = minutes <= 1 ? 'a minute' : `${minutes} minutes`;
  return new ToolError(
    `Nothing was sent: this connection may send ${most} ${most === 1 ? one : several} an hour, and has. Try again in ${wait}${instead}.`,
  );
}

function notCounted(cause: unknown, { several, instead }: What): never {
  if (!(cause instanceof UpstreamError)) throw cause;
  const sentence = `Nothing was sent: this connection may send only so many ${several} an hour, and they cannot be counted at the moment. Try again in a minute${instead}.`;
  throw new UpstreamError(cause.service, 'unreachable', sentence, { cause });
}
