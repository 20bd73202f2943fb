import { ToolError, UpstreamError } from '../errors.ts';

/** Calls that must not happen twice, in this process's memory: running ones, and what became of those of the last day. */

export interface RecentCalls {
  /**
   * Runs `work`, unless a call with the same key is running or has ended well: then its result is given once more. A call that failed
   * may be made again.
   *
   * @param fingerprint stands for everything about the call
   * @param work is told whether an earlier one ended with `unknown_outcome`
   * @returns `result` as `work` returned it; goes through JSON
   * @throws {ToolError} if the key stands for another fingerprint, or the running call takes longer than a minute from now
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
  /** Fulfilled when the call has ended, however. */
  running?: Promise<void>;
  /** JSON of the result. Absent from a call that has ended: nobody knows how. */
  result?: string;
}

const DAY_MS = 24 * 3_600_000;
const WAIT_MS = 60_000;
/** Most calls and most characters of results that are remembered; the oldest are forgotten first. */
const LIMITS = { calls: 10_000, chars: 8_000_000 };

export function createRecentCalls({
  now,
  waitMs = WAIT_MS,
  limits = LIMITS,
}: {
  now: () => Date;
  waitMs?: number;
  limits?: typeof LIMITS;
}): RecentCalls {
  /** In the order in which they ended or began. */
  const calls = new Map<string, Call>();
  let chars = 0;

  function forget(key: string): void {
    chars -= calls.get(key)?.result?.length ?? 0;
    calls.delete(key);
  }

  function keep(key: string, call: Call): void {
    forget(key);
    calls.set(key, call);
    chars += call.result?.length ?? 0;
    for (const [oldest, { running, expiresAt }] of calls) {
      const isFull = calls.size > limits.calls || chars > limits.chars;
      if (!isFull && expiresAt > now().getTime()) break;
      if (running === undefined) forget(oldest);
    }
  }

  async function run(key: string, fingerprint: string, work: () => Promise<unknown>): Promise<unknown> {
    const call = (): Call => ({ fingerprint, expiresAt: now().getTime() + DAY_MS });
    const { promise: running, resolve: end } = Promise.withResolvers<void>();
    keep(key, { ...call(), running });
    try {
      const result = await work();
      keep(key, { ...call(), result: JSON.stringify(result) });
      return result;
    } catch (error) {
      if (error instanceof UpstreamError && error.fault === 'unknown_outcome') keep(key, call());
      else forget(key);
      throw error;
    } finally {
      end();
    }
  }

  return {
    async once(key, fingerprint, work) {
      for (;;) {
        const known = calls.get(key);
        const earlier = known !== undefined && known.expiresAt > now().getTime() ? known : undefined;
        if (earlier !== undefined && earlier.fingerprint !== fingerprint) throw otherContents();
        if (earlier?.result !== undefined) return { result: JSON.parse(earlier.result), isRepeat: true };
        if (earlier?.running === undefined) {
          const mayHaveHappened = earlier !== undefined;
          return { result: await run(key, fingerprint, () => work({ mayHaveHappened })), isRepeat: false };
        }
        // If it fails, this call is a new attempt.
        await inTime(earlier.running, waitMs);
      }
    },
  };
}

export function otherContents(): ToolError {
  return new ToolError(
    'Nothing was done: this idempotency_key was used for another message. Use the arguments of that call to learn what became of it, or a new idempotency_key for a new message.',
  );
}

async function inTime(running: Promise<void>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(stillRunning()), waitMs);
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
