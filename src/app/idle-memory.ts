/**
 * Collects the garbage of large transfers when the process is idle. V8 collects when more memory is requested, so an idle process would
 * keep its garbage for hours: the buffers of eight simultaneous attachments are 60 MB.
 */
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';

const INTERVAL_MS = 5_000;

/** Less garbage is not collected: small requests make the process grow and shrink by as much. */
const MIN_GARBAGE_BYTES = 16 * 1024 * 1024;

/** Two checks between which the buffers change by less count as idle. */
const MAX_IDLE_CHANGE_BYTES = 1024 * 1024;

/**
 * Checks the memory every few seconds. If the size of the buffers has not changed, nothing was transferred in between. Buffers in excess
 * of those in use after the last collection, and growth of the process since its minimum, are then most likely garbage. What a collection
 * leaves is in use, and causes no further collection.
 *
 * @returns a function that ends the checks
 */
export function collectGarbageWhenIdle(intervalMs: number = INTERVAL_MS): () => void {
  const collect = exposedCollector();
  let previous = 0;
  let inUse = 0;
  let smallest = Number.POSITIVE_INFINITY;
  const check = () => {
    const { arrayBuffers, rss } = process.memoryUsage();
    const isIdle = Math.abs(arrayBuffers - previous) < MAX_IDLE_CHANGE_BYTES;
    previous = arrayBuffers;
    inUse = Math.min(inUse, arrayBuffers);
    smallest = Math.min(smallest, rss);
    if (!isIdle || Math.max(arrayBuffers - inUse, rss - smallest) < MIN_GARBAGE_BYTES) return;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    ({ arrayBuffers: inUse, rss: smallest } = process.memoryUsage());
  };
  const timer = setInterval(check, intervalMs).unref();
  return () => clearInterval(timer);
}

/** @returns the garbage collector of V8, a global of contexts created while `--expose-gc` is set: here, of one context only */
function exposedCollector(): NodeJS.GCFunction {
  v8.setFlagsFromString('--expose-gc');
  const collect: NodeJS.GCFunction = runInNewContext('gc');
  v8.setFlagsFromString('--no-expose-gc');
  return collect;
}
