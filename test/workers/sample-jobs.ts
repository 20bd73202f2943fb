/** Provides jobs that behave well and badly, for the tests of the worker threads. */
import { threadId } from 'node:worker_threads';

export function double(value: number): number {
  return value * 2;
}

export function describeThread(): { thread: number; environment: string[]; stdin: number } {
  return { thread: threadId, environment: Object.keys(process.env), stdin: process.stdin.readableLength };
}

export function loopForEver(): never {
  for (;;);
}

/** Backtracks without end. */
export function matchForEver(): boolean {
  return /^(?:a+)+$/.test(`${'a'.repeat(60)}!`);
}

/** In small pieces: V8 ends the whole process if a single large allocation, as that of a growing array, exceeds the heap of a thread. */
export function useMemory(): number {
  let kept = {};
  for (let at = 0; ; at += 1) kept = { kept, at };
}

export function throwText(text: string): never {
  throw new Error(text);
}

export function busyFor(ms: number): number {
  const startedAt = performance.timeOrigin + performance.now();
  while (performance.timeOrigin + performance.now() < startedAt + ms);
  return startedAt;
}
