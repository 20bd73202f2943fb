import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives back what large transfers have left in memory. V8 clears up when more is asked for, so a process that has nothing to do keeps its
 * garbage for hours: the buffers of eight attachments at once are 60 MB.
 */

const EVERY_MS = 5_000;

/** More than a process grows and shrinks by in small work. */
const WORTH_BYTES = 16 * 1024 * 1024;

/** Buffers that come and go while nothing is transferred. */
const STILL_BYTES = 1024 * 1024;

/**
 * Looks at the memory every few seconds. Where the buffers are those of the last time, nothing has been transferred in between, and buffers that
 * were not in use after the last collection, or what the process has grown by since it was smallest, are most likely nobody's. What a
 * collection leaves over is in use, and no reason for another one.
 *
 * @returns a function that ends it
 */
export function giveBackIdleMemory(everyMs: number = EVERY_MS): () => void {
  const collect = collector();
  let before = 0;
  let inUse = 0;
  let smallest = Number.POSITIVE_INFINITY;
  const look = () => {
    const { arrayBuffers, rss } = process.memoryUsage();
    const isIdle = Math.abs(arrayBuffers - before) < STILL_BYTES;
    before = arrayBuffers;
    inUse = Math.min(inUse, arrayBuffers);
    smallest = Math.min(smallest, rss);
    if (!isIdle || Math.max(arrayBuffers - inUse, rss - smallest) < WORTH_BYTES) return;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    ({ arrayBuffers: inUse, rss: smallest } = process.memoryUsage());
  };
  const timer = setInterval(look, everyMs).unref();
  return () => clearInterval(timer);
}

/** V8's own collector, which a flag makes a global of new contexts; nobody else gets to see it. */
function collector(): NodeJS.GCFunction {
  v8.setFlagsFromString('--expose-gc');
  const collect: NodeJS.GCFunction = runInNewContext('gc');
  v8.setFlagsFromString('--no-expose-gc');
  return collect;
}
