import type { Response } from 'express';

/**
 * Counts what runs at the same time, by key. Bounded by what runs: nothing is kept of a key that is idle.
 *
 * @returns a function that says whether one more may run until its response is closed
 */
export function concurrencyLimit(most: number): (key: string, response: Response) => boolean {
  const running = new Map<string, number>();
  return (key, response) => {
    const count = running.get(key) ?? 0;
    if (count >= most) return false;
    running.set(key, count + 1);
    response.once('close', () => {
      const left = (running.get(key) ?? 1) - 1;
      if (left > 0) running.set(key, left);
      else running.delete(key);
    });
    return true;
  };
}
