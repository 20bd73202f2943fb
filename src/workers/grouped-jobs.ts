/** Converts many inputs in jobs of bounded size: one that fails costs its job, and the jobs after it. */
import { JobError } from './workers.ts';

/** Bytes that are converted without a worker thread: at most about 20 ms. */
const MAX_INLINE_BYTES = 16 * 1024;
/** Bytes of one job, unless a single input has more. */
const MAX_JOB_BYTES = 256 * 1024;

interface GroupedOutput<Output> {
  /** As many as the input has; null for what could not be converted in time. */
  made: readonly (Output | null)[];
  /** Time that the conversion took. */
  ms: number;
}

export interface GroupedJobs<Input, Output> {
  bytesOf(input: Input): number;
  /** Converts in this thread. */
  convert(inputs: Input[], maxMs: number): GroupedOutput<Output>;
  /** Converts in a worker thread. Absent: everything is converted in this one. */
  runJob?: ((inputs: Input[], maxMs: number) => Promise<GroupedOutput<Output>>) | undefined;
  /** Time for all conversions together. */
  maxMs: number;
}

/** @returns in the order of `inputs`; null for what could not be converted in time */
export async function convertGrouped<Input, Output>(
  inputs: Input[],
  { bytesOf, convert, runJob, maxMs }: GroupedJobs<Input, Output>,
): Promise<(Output | null)[]> {
  const total = inputs.reduce((sum, input) => sum + bytesOf(input), 0);
  if (runJob === undefined || total <= MAX_INLINE_BYTES) return [...convert(inputs, maxMs).made];
  const made: (Output | null)[] = [];
  let leftMs = maxMs;
  for (const group of groupsOf(inputs, bytesOf)) {
    const output = leftMs <= 0 ? null : await runJob(group, leftMs).catch(nullIfJobError);
    made.push(...(output?.made ?? group.map(() => null)));
    // A job that exceeds its limits, or gets no thread, is the last one.
    leftMs = output === null ? 0 : leftMs - output.ms;
  }
  return made;
}

function nullIfJobError(error: unknown): null {
  if (!(error instanceof JobError)) throw error;
  return null;
}

/** What is converted in one job, in its order. */
function groupsOf<Input>(inputs: readonly Input[], bytesOf: (input: Input) => number): Input[][] {
  const groups: Input[][] = [];
  let left = 0;
  for (const input of inputs) {
    left -= bytesOf(input);
    const last = groups.at(-1);
    if (last !== undefined && left >= 0) last.push(input);
    else {
      groups.push([input]);
      left = MAX_JOB_BYTES - bytesOf(input);
    }
  }
  return groups;
}
