/** Times of one thing done many times, in milliseconds. */
export interface Sample {
  p50: number;
  p95: number;
  p99: number;
}

/** Runs both in turn, so that a machine that gets slower meanwhile slows both. The first tenth only warms up. */
export async function measurePair(
  rounds: number,
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
): Promise<[Sample, Sample]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, run] of [first, second].entries()) {
      const took = await timed(run);
      if (round >= rounds / 10) times[index]?.push(took);
    }
  }
  return [sampleOf(times[0]), sampleOf(times[1])];
}

/** @returns milliseconds until the promise has settled; its rejection is passed on */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

export function sampleOf(times: readonly number[]): Sample {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Runs `count` jobs, `atOnce` at a time, each place taking the next job when its last one has ended. */
export async function inTurns(count: number, atOnce: number, job: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const place = async () => {
    while (next < count) {
      next += 1;
      await job(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, place));
}
