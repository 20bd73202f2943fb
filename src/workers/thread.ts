/** Runs the jobs of workers.ts, in a thread of its own. */
import { setPriority } from 'node:os';
import process from 'node:process';

export interface JobRequest {
  module: string;
  name: string;
  input: unknown;
}

export type JobAnswer<Output> = { isDone: true; output: Output } | { isDone: false };

/** Nice value of the threads. Where a nice value belongs to a thread, as in Linux, the event loop takes precedence. */
const NICENESS = 5;

if (process.platform === 'linux') lowerPriority();

/** @returns no error: its text may quote the input */
export default async function runJob({ module, name, input }: JobRequest): Promise<JobAnswer<unknown>> {
  try {
    const exported: Record<string, unknown> = await import(module);
    const job = exported[name];
    return typeof job === 'function' ? { isDone: true, output: await job(input) } : { isDone: false };
  } catch {
    return { isDone: false };
  }
}

function lowerPriority(): void {
  try {
    setPriority(NICENESS);
  } catch {
    // A sandbox may forbid it.
  }
}
