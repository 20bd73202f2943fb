/** Limits the bytes of request bodies in memory, for each sender and for the whole process. Bodies beyond it wait before they are read. */
import { BodyError } from './body-error.ts';

export interface BudgetLimits {
  /** Bytes of one sender. */
  perKey: number;
  /** Bytes of all senders. */
  overall: number;
  /** How long a body waits for its share. */
  maxWaitMs: number;
  /** Bodies of one sender that wait. */
  maxWaitingPerKey: number;
}

export interface BodyBudget {
  /**
   * Reserves bytes before they are read; bodies are admitted in the order of their arrival, as far as their senders have a share left.
   *
   * @returns a function that frees them; it may be called again without effect
   * @throws {BodyError} 429 if the sender, 503 if the process has no share left in time
   */
  reserve(key: string, bytes: number): Promise<() => void>;
  /** Bytes that are reserved. */
  readonly reserved: number;
}

interface Waiter {
  key: string;
  bytes: number;
  admit(): void;
}

export function createBodyBudget(limits: BudgetLimits): BodyBudget {
  const byKey = new Map<string, number>();
  const waiters = new Set<Waiter>();
  let overall = 0;

  const isKeyFull = (key: string, bytes: number) => (byKey.get(key) ?? 0) + bytes > limits.perKey;
  const isFull = (bytes: number) => overall + bytes > limits.overall;

  function take(key: string, bytes: number): () => void {
    overall += bytes;
    byKey.set(key, (byKey.get(key) ?? 0) + bytes);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      overall -= bytes;
      const left = (byKey.get(key) ?? 0) - bytes;
      if (left > 0) byKey.set(key, left);
      else byKey.delete(key);
      admitWaiting();
    };
  }

  function admitWaiting(): void {
    for (const waiter of [...waiters]) {
      // A body that waits for the process is not overtaken, or small ones would keep it waiting.
      if (isFull(waiter.bytes)) return;
      if (!isKeyFull(waiter.key, waiter.bytes)) waiter.admit();
    }
  }

  function wait(key: string, bytes: number): Promise<() => void> {
    const ofKey = [...waiters].filter((waiter) => waiter.key === key);
    if (ofKey.length >= limits.maxWaitingPerKey) throw tooManyOfSender();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        key,
        bytes,
        admit() {
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve(take(key, bytes));
        },
      };
      const timer = setTimeout(() => {
        waiters.delete(waiter);
        reject(isKeyFull(key, bytes) ? tooManyOfSender() : tooManyOfAll());
        admitWaiting();
      }, limits.maxWaitMs);
      waiters.add(waiter);
    });
  }

  return {
    get reserved() {
      return overall;
    },
    async reserve(key, bytes) {
      if (bytes > Math.min(limits.perKey, limits.overall)) throw new Error('A body is larger than its budget');
      // Those that wait for their own share delay no other sender.
      const isOthersTurn = [...waiters].some((waiter) => !isKeyFull(waiter.key, waiter.bytes));
      const isFree = !isFull(bytes) && !isKeyFull(key, bytes) && !isOthersTurn;
      return isFree ? take(key, bytes) : wait(key, bytes);
    },
  };
}

function tooManyOfSender(): BodyError {
  return new BodyError(429, 'Too many large requests are sent at the same time. Send them one after another.', {
    retryAfterSeconds: 5,
  });
}

function tooManyOfAll(): BodyError {
  return new BodyError(
    503,
    'The server handles as many large requests as it can at the moment. Try again in a few seconds.',
    {
      retryAfterSeconds: 5,
    },
  );
}
