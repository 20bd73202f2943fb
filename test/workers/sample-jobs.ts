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

export function useMemory(): number {
  const kept: object[] = [];
  for (;;) kept.push({ kept, at: kept.length });
}

export function throwText(text: string): never {
  throw new Error(text);
}

export function busyFor(ms: number): number {
  const startedAt = performance.timeOrigin + performance.now();
  while (performance.timeOrigin + performance.now() < startedAt + ms);
  return startedAt;
}
