/**
 * Runs one extraction process for one file: passes the file on, watches time and memory, and takes the answer.
 *
 * Invariant: when the promise is settled, the process has been ended.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ChildCommand } from './child-command.ts';
import { FileAnswer, type FileRequest } from './exchange.ts';
import { readUsage } from './process-usage.ts';

/**
 * - `time`: it took more CPU time, or more time in all, than a file may take
 * - `memory`: it needed more memory than a process has
 * - `failed`: it ended without an answer, or could not start
 * - `cancelled`: its signal was aborted
 */
export type ChildFault = 'time' | 'memory' | 'failed' | 'cancelled';

export class ChildError extends Error {
  readonly fault: ChildFault;

  constructor(fault: ChildFault) {
    super(`an extraction process ended: ${fault}`);
    this.name = 'ChildError';
    this.fault = fault;
  }
}

export interface ChildLimits {
  memoryBytes: number;
  cpuMs: number;
  /** From its start to its answer. */
  totalMs: number;
}

export interface ChildRun {
  command: ChildCommand;
  limits: ChildLimits;
  request: FileRequest;
  /** The bytes of the file. It is destroyed when the process needs no more of it. */
  file: Readable;
  signal?: AbortSignal | undefined;
}

const WATCH_MS = 20;
/** Two hundred thousand characters, each of them escaped. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** @throws {ChildError} in place of an answer; the error of `file` if it cannot be read */
export async function runChild({ command, limits, request, file, signal }: ChildRun): Promise<FileAnswer> {
  const child: Child = spawn(command.file, command.args, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'] });
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  const stopWatching = watch(child, limits, (fault) => end(new ChildError(fault)));
  const onAbort = () => end(new ChildError('cancelled'));
  signal?.addEventListener('abort', onAbort, { once: true });
  child.once('error', () => end(new ChildError('failed')));
  try {
    signal?.throwIfAborted();
    const fed = feed(child.stdin, request, file).catch((error: unknown) =>
      end(error instanceof Error ? error : new ChildError('failed')),
    );
    const answer = await Promise.race([readAnswer(child), ended]);
    file.destroy();
    void fed;
    return answer;
  } finally {
    stopWatching();
    signal?.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
    child.stdout.destroy();
    child.stdin.destroy();
    file.destroy();
  }
}

/** Passes on the request and the file. A process that needs no more of it closes its end. */
async function feed(stdin: Writable, request: FileRequest, file: Readable): Promise<void> {
  let fileError: unknown;
  file.once('error', (error) => {
    fileError = error;
  });
  stdin.on('error', () => undefined);
  stdin.write(`${JSON.stringify(request)}\n`);
  await pipeline(file, stdin).catch(() => undefined);
  if (fileError !== undefined) throw fileError;
}

async function readAnswer(child: Child): Promise<FileAnswer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of child.stdout) {
    if (!Buffer.isBuffer(piece)) continue;
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_ANSWER_BYTES) throw new ChildError('failed');
  }
  return parseAnswer(Buffer.concat(pieces).toString());
}

function parseAnswer(text: string): FileAnswer {
  try {
    return FileAnswer.parse(JSON.parse(text));
  } catch {
    throw new ChildError('failed');
  }
}

/** @returns a function that ends watching */
function watch(
  child: Child,
  { memoryBytes, cpuMs, totalMs }: ChildLimits,
  onFault: (fault: ChildFault) => void,
): () => void {
  const { pid } = child;
  const timeout = setTimeout(() => onFault('time'), totalMs);
  const interval = setInterval(() => {
    const usage = pid === undefined ? null : readUsage(pid);
    if (usage === null) return;
    if (usage.residentBytes > memoryBytes) onFault('memory');
    if (usage.cpuMs > cpuMs) onFault('time');
  }, WATCH_MS);
  return () => {
    clearTimeout(timeout);
    clearInterval(interval);
  };
}
