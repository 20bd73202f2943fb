/**
 * Lets the bodies of all requests take turns in the event loop. Node reads up to two megabytes of each connection in one turn, so that a few
 * dozen long bodies would delay all other requests by seconds.
 */
import type { Readable } from 'node:stream';

const SOURCES_A_TURN = 4;
/** What is handled of one body before others have their turn. */
const MAX_TURN = { bytes: 16 * 1024, pieces: 50 };

/** Paused bodies, in the order of their turns. */
const waiting: Readable[] = [];
let isScheduled = false;

function schedule(): void {
  if (isScheduled || waiting.length === 0) return;
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    for (const source of waiting.splice(0, SOURCES_A_TURN)) source.resume();
    schedule();
  });
}

/** Reads a body piece by piece; while it waits for its turn, its client waits too. */
export interface ReadTurns {
  /** Resumes the paused body, now or in a later turn. @param bytes length of the piece that was handled */
  resume(bytes: number): void;
}

export function createReadTurns(source: Readable): ReadTurns {
  const spent = { bytes: 0, pieces: 0 };
  return {
    resume(bytes) {
      spent.bytes += bytes;
      spent.pieces += 1;
      if (spent.bytes < MAX_TURN.bytes && spent.pieces < MAX_TURN.pieces) return void source.resume();
      spent.bytes = 0;
      spent.pieces = 0;
      waiting.push(source);
      schedule();
    },
  };
}
