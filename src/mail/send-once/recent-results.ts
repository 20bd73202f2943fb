/** Keeps the running calls with an idempotency key, and the results of the calls of the last day, in the memory of this process. */
import { ToolError, UpstreamError } from '../../errors.ts';

export interface RecentResults {
  /**
   * Runs `work`, unless a call with the same key is running or has succeeded: then the result of that call is returned. After a failure
   * the next call runs `work` again.
   *
   * @param fingerprint a digest of everything about the call
   * @param work its argument `mayHaveHappened` is true if an earlier call ended with `unknown_outcome`
   * @returns the result of `work`, which must be serializable as JSON
   * @throws {ToolError} if the key was used with another fingerprint, or the running call does not end within a minute
   */
  once(
    key: string,
    fingerprint: string,
    work: (earlier: { mayHaveHappened: boolean }) => Promise<unknown>,
  ): Promise<{ result: unknown; isRepeat: boolean }>;
}

interface Call {
  fingerprint: string;
  expiresAt: number;
  /** Fulfilled when the call has ended, whether or not it succeeded. */
  running?: Promise<void>;
  /** JSON of the result. If the call has ended and this is absent, its outcome is unknown. */
  result?: string;
}

const DAY_MS = 24 * 3_600_000;
/** Shorter than the time of a call. */
const MAX_WAIT_MS = 40_000;
/** Limits for the kept calls and the characters of their results. The oldest are removed first. */
const LIMITS = { calls: 10_000, chars: 8_000_000 };

export function createRecentResults({
  now,
  maxWaitMs = MAX_WAIT_MS,
  limits = LIMITS,
}: {
  now: () => Date;
  maxWaitMs?: number;
  limits?: typeof LIMITS;
}): RecentResults {
  const calls = createBoundedCalls(now, limits);

  async function run(key: string, fingerprint: string, work: () => Promise<unknown>): Promise<unknown> {
    const call = (): Call => ({ fingerprint, expiresAt: now().getTime() + DAY_MS });
    const { promise: running, resolve: end } = Promise.withResolvers<void>();
    calls.set(key, { ...call(), running });
    try {
      const result = await work();
      calls.set(key, { ...call(), result: JSON.stringify(result) });
      return result;
    } catch (error) {
      if (error instanceof UpstreamError && error.fault === 'unknown_outcome') calls.set(key, call());
      else calls.delete(key);
      throw error;
    } finally {
      end();
    }
  }

  return {
    async once(key, fingerprint, work) {
      for (;;) {
        const earlier = calls.get(key);
        if (earlier !== undefined && earlier.fingerprint !== fingerprint) throw otherMessage();
        if (earlier?.result !== undefined) return { result: JSON.parse(earlier.result), isRepeat: true };
        if (earlier?.running === undefined) {
          const mayHaveHappened = earlier !== undefined;
          return { result: await run(key, fingerprint, () => work({ mayHaveHappened })), isRepeat: false };
        }
        // If the running call fails, the next iteration runs `work`.
        await withinLimit(earlier.running, maxWaitMs);
      }
    },
  };
}

/** A map of calls by key, in the order in which they began or ended. Running calls are never removed. */
function createBoundedCalls(now: () => Date, limits: typeof LIMITS) {
  const calls = new Map<string, Call>();
  let chars = 0;

  function remove(key: string): void {
    chars -= calls.get(key)?.result?.length ?? 0;
    calls.delete(key);
  }

  return {
    get(key: string): Call | undefined {
      const call = calls.get(key);
      return call !== undefined && call.expiresAt > now().getTime() ? call : undefined;
    },
    set(key: string, call: Call): void {
      remove(key);
      calls.set(key, call);
      chars += call.result?.length ?? 0;
      for (const [oldest, { running, expiresAt }] of calls) {
        const isFull = calls.size > limits.calls || chars > limits.chars;
        if (!isFull && expiresAt > now().getTime()) break;
        if (running === undefined) remove(oldest);
      }
    },
    delete: remove,
  };
}

/** The key was used for a message with other contents. */
export function otherMessage(): ToolError {
  return new ToolError(
    'Nothing was done: this idempotency_key was used for another message. Use the arguments of that call to learn what became of it, or a new idempotency_key for a new message.',
  );
}

async function withinLimit(running: Promise<void>, maxWaitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(stillRunning()), maxWaitMs);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

function stillRunning(): ToolError {
  return new ToolError(
    'An earlier call with this idempotency_key is still running. Call again in a minute with the same idempotency_key to learn what became of it.',
  );
}
