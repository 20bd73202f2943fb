/**
 * Limits the memory of bodies whose senders are not authenticated. Bytes count when they have arrived, and where there are too many, the body that has
 * been arriving for the longest time is dropped: a sender who is slow keeps no other one waiting.
 */
import { BodyError } from './body-error.ts';

export interface ShareLimits {
  /** Bytes of one sender. */
  perKey: number;
  /** Bytes of all senders. */
  overall: number;
  /** Bodies up to this length take no share: they are never refused or dropped. */
  freeBytes: number;
}

/** The share of one body. */
export interface BodyShare {
  /** Counts bytes that have arrived. @throws {BodyError} 429 if the sender, 503 if the process has no share left, also once the body was dropped */
  add(bytes: number): void;
  /** Nothing more arrives. A body that is complete is not dropped any more. */
  complete(): void;
  /** May be called again without effect. */
  free(): void;
}

export interface BodyShares {
  /** @param drop ends the reading of the body with this error */
  open(key: string, drop: (error: BodyError) => void): BodyShare;
  /** Bytes that count now. */
  readonly taken: number;
}

interface Held {
  key: string;
  size: number;
  isComplete: boolean;
  /** Why its share was taken away. */
  dropped?: BodyError;
  drop(error: BodyError): void;
}

/** The bodies of one sender that have a share, in the order of their arrival. */
interface Sender {
  taken: number;
  bodies: Set<Held>;
}

export function createBodyShares(limits: ShareLimits): BodyShares {
  const senders = new Map<string, Sender>();
  let taken = 0;

  function countUp(body: Held, bytes: number): void {
    const sender = senders.get(body.key) ?? { taken: 0, bodies: new Set() };
    senders.set(body.key, sender);
    sender.bodies.add(body);
    sender.taken += bytes;
    taken += bytes;
  }

  function remove(body: Held): void {
    const sender = senders.get(body.key);
    if (!sender?.bodies.delete(body)) return;
    sender.taken -= body.size;
    taken -= body.size;
    if (sender.bodies.size === 0) senders.delete(body.key);
  }

  /** @throws {BodyError} if the body itself has to give way */
  function makeRoom(own: Held): void {
    for (;;) {
      const sender = senders.get(own.key);
      if (sender === undefined) return;
      const isOfSender = sender.taken > limits.perKey;
      if (!isOfSender && taken <= limits.overall) return;
      const dropped = victim(isOfSender ? [sender] : senders.values(), own);
      const error = isOfSender ? tooManyOfSender() : tooManyOfAll();
      remove(dropped);
      dropped.dropped = error;
      if (dropped === own) throw error;
      dropped.drop(error);
    }
  }

  return {
    get taken() {
      return taken;
    },
    open(key, drop) {
      const body: Held = { key, size: 0, isComplete: false, drop };
      let isFree = false;
      return {
        add(bytes) {
          if (body.dropped !== undefined) throw body.dropped;
          if (isFree) return;
          const before = body.size > limits.freeBytes ? body.size : 0;
          body.size += bytes;
          if (body.size <= limits.freeBytes) return;
          countUp(body, body.size - before);
          makeRoom(body);
        },
        complete() {
          body.isComplete = true;
        },
        free() {
          isFree = true;
          remove(body);
        },
      };
    },
  };
}

/** @returns the body that gives way: `own` if no other one is left */
function victim(candidates: Iterable<Sender>, own: Held): Held {
  let most = 0;
  let found: Held | undefined;
  for (const sender of candidates) {
    if (sender.taken <= most) continue;
    const slowest = [...sender.bodies].find(({ isComplete }) => !isComplete);
    if (slowest === undefined || (slowest === own && found !== undefined)) continue;
    most = sender.taken;
    found = slowest;
  }
  return found ?? own;
}

function tooManyOfSender(): BodyError {
  return new BodyError(429, 'Too many long requests arrive from this network at the same time.', {
    retryAfterSeconds: 5,
  });
}

function tooManyOfAll(): BodyError {
  return new BodyError(503, 'Too many long requests arrive at the same time.', { retryAfterSeconds: 5 });
}
