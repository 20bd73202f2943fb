/** Percentiles of the times of a repeated operation, in milliseconds. */
export interface Sample {
  p50: number;
  p95: number;
  p99: number;
}

/** Runs both alternately, so that changes in the speed of the machine affect both. The first tenth of the rounds is warm-up. */
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

/** @returns milliseconds until the promise is fulfilled; throws its rejection */
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

/** Runs `count` jobs, `atOnce` of them concurrently. */
export async function runConcurrently(
  count: number,
  atOnce: number,
  job: (n: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      await job(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
