/** Waits until a condition is true. */
import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 25;

/**
 * Evaluates the condition repeatedly until its result is neither undefined nor false, and returns that. An error counts as "not yet".
 *
 * @throws {Error} after `limitMs`, with the last error of `condition` as its cause
 */
export async function waitUntil<T>(
  limitMs: number,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  let cause: unknown;
  do {
    try {
      const answer = await condition();
      if (answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(STEP_MS);
  } while (performance.now() < deadline);
  throw new Error(`not true within ${limitMs} ms: ${condition}`, { cause });
}
