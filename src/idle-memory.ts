import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives back what large transfers have left in memory. V8 clears up when more is asked for, so a process that has nothing to do keeps its
 * garbage for hours: the buffers of eight attachments at once are 60 MB.
 */

const EVERY_MS = 5_000;

/** More buffers than a quiet process holds. */
const WORTH_BYTES = 16 * 1024 * 1024;

/**
 * Looks at the buffers every few seconds. Those that were there the last time, and no others, are most likely nobody's: nothing has been
 * transferred in between. What a collection leaves over is in use, and no reason for another one.
 *
 * @returns a function that ends it
 */
export function giveBackIdleMemory(everyMs: number = EVERY_MS): () => void {
  const collect = collector();
  let before = 0;
  let inUse = 0;
  const look = () => {
    const { arrayBuffers } = process.memoryUsage();
    const isIdle = arrayBuffers === before;
    before = arrayBuffers;
    inUse = Math.min(inUse, arrayBuffers);
    if (!isIdle || arrayBuffers - inUse < WORTH_BYTES) return;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    inUse = process.memoryUsage().arrayBuffers;
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
