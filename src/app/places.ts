/** Holds the place of each running request of an access token until its response has closed and its work has ended. */
import type { Response } from 'express';
import { createSemaphore } from '../state/semaphore.ts';

/** The place of one request. */
export interface Place {
  /** Keeps the place until the work has ended too, successfully or not, even if the client has its answer or has gone. */
  keepUntil(work: Promise<unknown>): void;
  /** Calls `free` when the place is freed: for what the request holds as long as it runs. */
  onFree(free: () => void): void;
}

export interface Places {
  /** Takes a place. @returns `full` if all of them are taken, `gone` if the client has disconnected: then no place is taken */
  take(key: string, response: Response): Place | 'full' | 'gone';
}

export function createPlaces({ placesPerKey }: { placesPerKey: number }): Places {
  const running = createSemaphore({ placesPerKey });
  return {
    take(key, response) {
      // A closed response emits no further `close`, which would have to free the place.
      if (response.closed || response.destroyed) return 'gone';
      if (!running.tryAcquire(key)) return 'full';
      let holders = 1;
      const held = [() => running.release(key)];
      const leave = () => {
        holders -= 1;
        if (holders === 0) for (const free of held) free();
      };
      response.once('close', leave);
      return {
        keepUntil(work) {
          if (holders === 0) return;
          holders += 1;
          work.then(leave, leave);
        },
        onFree(free) {
          if (holders === 0) free();
          else held.push(free);
        },
      };
    },
  };
}
