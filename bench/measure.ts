/** Times of one thing done many times, in milliseconds. */
export interface Sample {
  p50: number;
  p95: number;
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
      const start = performance.now();
      await run();
      if (round >= rounds / 10) times[index]?.push(performance.now() - start);
    }
  }
  return [sampleOf(times[0]), sampleOf(times[1])];
}

function sampleOf(times: number[]): Sample {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
