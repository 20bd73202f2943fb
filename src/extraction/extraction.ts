/**
 * Extracts the text of files in processes that have nothing but the file.
 *
 * They have no environment, no network and no other files, and little time and memory.
 *
 * Invariant: a process reads one file of one account, and ends.
 */
import { totalmem } from 'node:os';
import { createSemaphore } from '../state/semaphore.ts';
import { canIsolate, childCommand } from './child-command.ts';
import { ChildError, type ChildFault, runChild, type SendFile } from './child-process.ts';
import type { FileAnswer, FileRequest } from './exchange.ts';

/** `busy`: no process became free in time; `off`: the operator has turned extraction off, or Node is too old. */
export type ExtractionFault = ChildFault | 'busy' | 'off';

export class ExtractionError extends Error {
  readonly fault: ExtractionFault;

  constructor(fault: ExtractionFault) {
    super(`a file was not read: ${fault}`);
    this.name = 'ExtractionError';
    this.fault = fault;
  }
}

export interface ExtractionSettings {
  /** Files that are read at the same time; 0 turns extraction off. Absent: by the memory of the control group. */
  processes?: number | undefined;
  /** Resident memory of a process. */
  memoryMb?: number | undefined;
  /** How long a file waits for a process. */
  maxWaitMs?: number;
  /** How long a process may take for a file, with the transfer. */
  totalMs?: number;
}

interface ReadOptions {
  /** Of the account: one of its files is read at a time. */
  key: string;
  /** Is called when a process waits for the file. */
  send: SendFile;
  signal?: AbortSignal | undefined;
}

/** Reads a file for one account. @throws as Extraction.readFile */
export type ReadFile = (request: FileRequest, send: SendFile) => Promise<FileAnswer>;

export interface Extraction {
  readonly processes: number;
  readonly memoryMb: number;
  /**
   * Reads a file, as soon as a process may start for it.
   *
   * @throws {ExtractionError} in place of an answer; the error of `send`
   */
  readFile(request: FileRequest, options: ReadOptions): Promise<FileAnswer>;
  /** Rejects files that wait. */
  close(): void;
}

const MB = 1024 * 1024;
const SMALL_MEMORY_BYTES = 768 * MB;
const MAX_CPU_MS = 5_000;
const MAX_TOTAL_MS = 10_000;
const MAX_WAIT_MS = 15_000;
/** Files of one account that may wait. */
const MAX_WAITING = 8;
/** Of the memory of a process, what is not heap: the program itself, and the file. */
const NOT_HEAP_MB = 64;

/** One process of 128 MB, or two of 256 MB, by the memory of the whole server. */
export function extractionFor(memoryBytes: number): { processes: number; memoryMb: number } {
  return memoryBytes < SMALL_MEMORY_BYTES ? { processes: 1, memoryMb: 128 } : { processes: 2, memoryMb: 256 };
}

export function createExtraction(settings: ExtractionSettings = {}, command = childCommand): Extraction {
  const standard = extractionFor(memoryLimitBytes());
  const processes = canIsolate() ? (settings.processes ?? standard.processes) : 0;
  const { memoryMb = standard.memoryMb, maxWaitMs = MAX_WAIT_MS, totalMs = MAX_TOTAL_MS } = settings;
  const createError = () => new ExtractionError('busy');
  const accounts = createSemaphore({
    placesPerKey: 1,
    maxWaitingPerKey: MAX_WAITING,
    maxWaitMs,
    createError,
  });
  const places = createSemaphore({ places: processes, maxWaitMs, createError });
  const limits = { memoryBytes: memoryMb * MB, cpuMs: MAX_CPU_MS, totalMs };

  async function start(request: FileRequest, { send, signal }: ReadOptions): Promise<FileAnswer> {
    try {
      return await runChild({ command: command(memoryMb - NOT_HEAP_MB), limits, request, send, signal });
    } catch (error) {
      throw error instanceof ChildError ? new ExtractionError(error.fault) : error;
    }
  }

  return {
    processes,
    memoryMb,
    async readFile(request, options) {
      if (processes === 0) throw new ExtractionError('off');
      return accounts.run(options.key, () => places.run('', () => start(request, options)));
    },
    close() {
      accounts.rejectWaiting(new ExtractionError('cancelled'));
      places.rejectWaiting(new ExtractionError('cancelled'));
    },
  };
}

/** The memory that the server may use: the limit of its control group, or that of the machine. */
function memoryLimitBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
