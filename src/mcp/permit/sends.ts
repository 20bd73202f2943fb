/** How many messages may be sent in an hour. */
import { ToolError, UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { State } from '../../state/state.ts';

const WINDOW_SECONDS = 3600;

export interface SendLimit {
  /** @throws {ToolError} if the limit is reached; counts nothing, and looks before anything is prepared */
  check(): Promise<void>;
  /**
   * Sends, if that may be, and counts it. What was certainly not sent is not counted.
   *
   * @throws {ToolError} if the limit is reached
   * @throws {UpstreamError} if it cannot be counted; nothing was sent then
   */
  counted<T>(send: () => Promise<T>): Promise<T>;
}

/** Who is counted: an account through one client. All clients that nobody minted are one, or each registration would begin anew. */
export function sendsKey({
  client,
  subject,
}: {
  client: { jti: string; minted?: false | undefined };
  subject: string;
}) {
  return `sends:${client.minted === false ? 'registered' : client.jti}:${subject}`;
}

/**
 * @param parts.most messages in an hour; undefined: as many as one likes
 * @param parts.key names who is counted, and tells nothing about them
 * @param parts.areAllCounted false if other replicas send too and do not share the state
 */
export function sendLimit(parts: {
  most: number | undefined;
  key: string;
  state: State;
  areAllCounted: boolean;
  now: () => Date;
  log: Log;
}): SendLimit {
  const { most, key, state, areAllCounted, now, log } = parts;
  if (most === undefined) return { check: async () => {}, counted: (send) => send() };

  const full = (endsAt: Date) => limitReached(most, Math.ceil((endsAt.getTime() - now().getTime()) / 60_000));

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
      if (most === 0) throw limitReached(most, WINDOW_SECONDS / 60);
      const sent = await state.counted(key, WINDOW_SECONDS).catch(notCountable);
      if (sent !== null && sent.count >= most) throw full(sent.endsAt);
    },
    async counted(send) {
      requireCountable();
      const { count, endsAt } = await state.count(key, WINDOW_SECONDS).catch(notCountable);
      // Counted too often if that fails, which only costs patience. In the next window it would count for one message more.
      const takeBack = async () => {
        if (now() < endsAt) await state.count(key, WINDOW_SECONDS, -1).catch(() => undefined);
      };
      if (count > most) {
        await takeBack();
        throw full(endsAt);
      }
      return send().catch(async (error: unknown) => {
        if (isCertainlyNotSent(error)) await takeBack();
        throw error;
      });
    },
  };
}

function isCertainlyNotSent(error: unknown): boolean {
  return error instanceof ToolError || (error instanceof UpstreamError && error.fault !== 'unknown_outcome');
}

function limitReached(most: number, minutes: number): ToolError {
  if (most === 0)
    return new ToolError('Nothing was sent: this connection may not send messages. Save a draft instead.');
  const wait = minutes <= 1 ? 'a minute' : `${minutes} minutes`;
  return new ToolError(
    `Nothing was sent: this connection may send ${most} ${most === 1 ? 'message' : 'messages'} an hour, and has. Try again in ${wait}, or save a draft.`,
  );
}

function notCountable(cause: unknown): never {
  if (!(cause instanceof UpstreamError)) throw cause;
  const sentence =
    'Nothing was sent: this connection may send only so many messages an hour, and they cannot be counted at the moment. Try again in a minute, or save a draft.';
  throw new UpstreamError(cause.service, 'unreachable', sentence, { cause });
}
