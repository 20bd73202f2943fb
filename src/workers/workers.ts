/**
 * Runs jobs in a few worker threads, so that no message and no request keeps the event loop from others.
 *
 * Invariant: a job that exceeds its time or memory ends, and only its caller learns of it.
 */
import { totalmem } from 'node:os';
import { Piscina } from 'piscina';
import { createSemaphore } from '../state/semaphore.ts';
import type { JobAnswer, JobRequest } from './thread.ts';

/** A function that a module exports. Argument and result are copied between threads (structured clone). */
export interface Job<Input, Output> {
  readonly module: string;
  readonly name: string;
  /** Never set: it connects the types of a job with its name. */
  readonly types?: (input: Input) => Output;
}

/**
 * - `time`: the job ran longer than its budget
 * - `memory`: it needed more memory than a thread has
 * - `busy`: no thread became free in time, or too many jobs wait
 * - `cancelled`: its signal was aborted
 * - `failed`: it threw, or its thread could not start
 */
export type JobFault = 'time' | 'memory' | 'busy' | 'cancelled' | 'failed';

/** Has no text of the job: its errors may quote what it works on. */
export class JobError extends Error {
  readonly fault: JobFault;

  constructor(fault: JobFault) {
    super(`a job in a worker thread ended: ${fault}`);
    this.name = 'JobError';
    this.fault = fault;
  }
}

export interface JobNeeds {
  /** Time that the job may run, without the time it waits for a thread. */
  budgetMs: number;
  /** True if the input is large: the job needs the memory of the large thread. */
  isLarge: boolean;
}

interface JobOptions extends JobNeeds {
  /** The account or the like: one job of a key runs at a time, and keys take turns. */
  key: string;
  signal?: AbortSignal | undefined;
}

/** Runs a job for one key. @throws {JobError} in place of the result */
export type RunJob = <Input, Output>(job: Job<Input, Output>, input: Input, needs: JobNeeds) => Promise<Output>;

export interface Workers {
  /** @throws {JobError} in place of the result */
  run<Input, Output>(job: Job<Input, Output>, input: Input, options: JobOptions): Promise<Output>;
  /** Ends all threads. Running jobs are rejected as `cancelled`. */
  close(): Promise<void>;
}

export interface WorkersOptions {
  /** One thread for all jobs, or one for large jobs and one for all others. Absent: as many as the memory of the process allows. */
  threads?: 1 | 2;
  /** An idle thread ends after this time. */
  idleMs?: number;
  /** How long a job waits for a thread. */
  maxWaitMs?: number;
  /** Jobs of one key that may wait. */
  maxWaitingPerKey?: number;
}

/** Old generation of the heap of a thread. Input is bounded so that a job needs less. */
const LARGE_HEAP_MB = 48;
const SMALL_HEAP_MB = 32;
const MAX_YOUNG_MB = 4;
/** The time that a thread needs to start on a busy machine; added to the budget of a job. */
const START_MS = 1_000;
const MB = 1024 * 1024;
const SMALL_MEMORY_BYTES = 768 * MB;

/**
 * Declares a job.
 *
 * @param from `import.meta.url` of the declaring file
 * @param path of the module, relative to that file and without extension
 * @param name of the exported function
 */
export function defineJob<Input, Output>(from: string, path: string, name: string): Job<Input, Output> {
  return { module: siblingUrl(from, path).href, name };
}

/** Threads start with the first job and end when they are idle. */
export function createWorkers(options: WorkersOptions = {}): Workers {
  const { threads = threadsFor(memoryLimitBytes()), idleMs = 10_000 } = options;
  const { maxWaitMs = 15_000, maxWaitingPerKey = 8 } = options;
  const createError = () => new JobError('busy');
  // A key enters the queues for threads with one job at a time, so that keys take turns there.
  const turns = createSemaphore({ placesPerKey: 1, maxWaitingPerKey, maxWaitMs, createError });
  const large = createThread(LARGE_HEAP_MB, { idleMs, maxWaitMs });
  const small = threads === 1 ? large : createThread(SMALL_HEAP_MB, { idleMs, maxWaitMs });
  const all = new Set([large, small]);

  return {
    run: (job, input, jobOptions) =>
      turns.run(jobOptions.key, () => (jobOptions.isLarge ? large : small).run(job, input, jobOptions)),
    async close() {
      turns.rejectWaiting(new JobError('cancelled'));
      await Promise.all([...all].map((thread) => thread.close()));
    },
  };
}

/** A thread with the queue of its jobs. */
type Thread = Workers;

function createThread(heapMb: number, { idleMs, maxWaitMs }: { idleMs: number; maxWaitMs: number }): Thread {
  const place = createSemaphore({ places: 1, maxWaitMs, createError: () => new JobError('busy') });
  const pool = new Piscina({
    filename: siblingUrl(import.meta.url, './thread').href,
    ...{ minThreads: 0, maxThreads: 1, idleTimeout: idleMs, atomics: 'disabled' as const },
    ...{ env: {}, argv: [], execArgv: [], trackUnmanagedFds: true },
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: MAX_YOUNG_MB },
  });
  // A thread that fails without a job has no caller. Without a listener the error would end the process.
  pool.on('error', () => undefined);

  async function runNow<Input, Output>(
    { module, name }: Job<Input, Output>,
    input: Input,
    { budgetMs, signal }: JobOptions,
  ): Promise<Output> {
    if (signal?.aborted) throw new JobError('cancelled');
    const ended = AbortSignal.timeout(Math.ceil(budgetMs) + (pool.threads.length === 0 ? START_MS : 0));
    const request: JobRequest = { module, name, input };
    const either = signal === undefined ? ended : AbortSignal.any([ended, signal]);
    const answer: JobAnswer<Output> = await pool.run(request, { signal: either }).catch((error: unknown) => {
      throw new JobError(ended.aborted ? 'time' : signal?.aborted ? 'cancelled' : faultOf(error));
    });
    if (!answer.isDone) throw new JobError('failed');
    return answer.output;
  }

  return {
    run: (job, input, jobOptions) => place.run('', () => runNow(job, input, jobOptions)),
    async close() {
      place.rejectWaiting(new JobError('cancelled'));
      await pool.destroy();
    },
  };
}

/** Two threads leave a process of 384 MB too little. */
export function threadsFor(memoryBytes: number): number {
  return memoryBytes < SMALL_MEMORY_BYTES ? 1 : 2;
}

/** The memory that the process may use: the limit of its control group, or that of the machine. */
function memoryLimitBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function faultOf(error: unknown): JobFault {
  if (!(error instanceof Error)) return 'failed';
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') return 'memory';
  return error.name === 'AbortError' || /being terminated|destroyed|Terminating/i.test(error.message)
    ? 'cancelled'
    : 'failed';
}

/** The URL of a module beside another one: `.ts` in the source tree, `.js` in the build. */
function siblingUrl(from: string, path: string): URL {
  return new URL(`${path}${from.endsWith('.ts') ? '.ts' : '.js'}`, from);
}
