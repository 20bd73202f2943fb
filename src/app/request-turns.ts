/**
 * Divides the work of requests into turns of the event loop, and lets networks take turns: the requests of one network, however many, delay those of
 * another one by little.
 */
import type { RequestHandler } from 'express';
import { addressBlock } from '../oauth/http/address-block.ts';

interface TurnLimits {
  /** Work in one turn of the event loop. The time of one request is not bounded here. */
  turnMs: number;
  maxWaitingPerNetwork: number;
}

const LIMITS: TurnLimits = { turnMs: 8, maxWaitingPerNetwork: 500 };

interface Turns {
  /** Runs it now or in a later turn. @returns false if too much of this network waits: then it is not run */
  run(network: string, work: () => void): boolean;
}

export function takeTurns(): RequestHandler {
  const turns = createTurns();
  return (request, response, next) => {
    const isAdmitted = turns.run(addressBlock(request.ip), () => {
      if (!response.destroyed) next();
    });
    if (isAdmitted) return;
    const error = 'Too many requests of this network arrive at the same time.';
    response.status(429).set({ Connection: 'close', 'Retry-After': '1' }).json({ error });
  };
}

export function createTurns(limits: Partial<TurnLimits> = {}): Turns {
  const { turnMs, maxWaitingPerNetwork } = { ...LIMITS, ...limits };
  /** The networks with requests that wait, in the order of their turns. */
  const waiting = new Map<string, (() => void)[]>();
  let spentMs = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      spentMs = 0;
      runWaiting();
      if (waiting.size > 0) schedule();
    });
  }

  function runWaiting(): void {
    while (spentMs < turnMs) {
      const [first] = waiting;
      if (first === undefined) return;
      const [network, works] = first;
      const work = works.shift();
      waiting.delete(network);
      if (works.length > 0) waiting.set(network, works);
      if (work !== undefined) run(work);
    }
  }

  function run(work: () => void): void {
    const startedAt = performance.now();
    work();
    spentMs += performance.now() - startedAt;
    schedule();
  }

  return {
    run(network, work) {
      if (waiting.size === 0 && spentMs < turnMs) {
        run(work);
        return true;
      }
      const ofNetwork = waiting.get(network) ?? [];
      if (ofNetwork.length >= maxWaitingPerNetwork) return false;
      ofNetwork.push(work);
      waiting.set(network, ofNetwork);
      schedule();
      return true;
    },
  };
}
