/**
 * Runs one extraction process for one file: passes the file on, watches time and memory, and takes the answer.
 *
 * Invariant: when the promise is settled, the process has been ended.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { maxAnswerBytes, splitAnswerBytes } from './answer-bytes.ts';
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

/**
 * Passes the bytes of a file on to a process.
 *
 * @param pass is fulfilled when the process has taken all of the file, or needs no more of it. It is called once, since a process cannot begin anew
 */
export type SendFile = (pass: (file: Readable) => Promise<void>) => Promise<void>;

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
  send: SendFile;
  signal?: AbortSignal | undefined;
}

/** Memory can be filled with 2 MB in each millisecond. */
const WATCH_MS = 5;

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** @throws {ChildError} in place of an answer; the error of `send` if the file cannot be read */
export async function runChild({ command, limits, request, send, signal }: ChildRun): Promise<FileAnswer> {
  if (signal?.aborted) throw new ChildError('cancelled');
  const child: Child = spawn(command.file, command.args, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'] });
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  const stopWatching = watch(child, limits, (fault) => end(new ChildError(fault)));
  const onAbort = () => end(new ChildError('cancelled'));
  signal?.addEventListener('abort', onAbort, { once: true });
  child.once('error', () => end(new ChildError('failed')));
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(request)}\n`);
  send(passTo(child.stdin)).then(() => child.stdin.end(), end);
  try {
    return await Promise.race([readAnswer(child, request), ended]);
  } finally {
    stopWatching();
    signal?.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
    child.stdout.destroy();
    child.stdin.destroy();
  }
}

function passTo(stdin: Writable): (file: Readable) => Promise<void> {
  let isUsed = false;
  return async (file) => {
    if (isUsed) throw new ChildError('failed');
    isUsed = true;
    let fault: Error | undefined;
    file.once('error', (error) => {
      fault = error;
    });
    // A process that needs no more of the file has closed its end.
    await pipeline(file, stdin, { end: false }).catch(() => undefined);
    if (fault !== undefined && !stdin.destroyed) throw fault;
  };
}

async function readAnswer(child: Child, { chars }: FileRequest): Promise<FileAnswer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of child.stdout) {
    if (!Buffer.isBuffer(piece)) continue;
    pieces.push(piece);
    length += piece.length;
    if (length > maxAnswerBytes(chars)) throw new ChildError('failed');
  }
  if (length === 0) throw new ChildError(await causeOfEnd(child));
  return parseAnswer(Buffer.concat(pieces), chars);
}

/** Signals with which V8 ends a process whose heap is full, and Linux one for which it has no memory. */
const MEMORY_SIGNALS: ReadonlySet<unknown> = new Set(['SIGABRT', 'SIGTRAP', 'SIGKILL']);

/** Why a process that has closed its output has ended. */
async function causeOfEnd(child: Child): Promise<ChildFault> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return MEMORY_SIGNALS.has(child.signalCode) ? 'memory' : 'failed';
}

/** @param chars requested; one more ends a surrogate pair */
function parseAnswer(bytes: Buffer, chars: number): FileAnswer {
  try {
    const { line, text } = splitAnswerBytes(bytes);
    const answer = FileAnswer.parse({ ...Line.parse(JSON.parse(line)), text });
    if (text.length <= chars + 1) return answer;
  } catch {
    // The answer is none.
  }
  throw new ChildError('failed');
}

const Line = z.looseObject({});

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
