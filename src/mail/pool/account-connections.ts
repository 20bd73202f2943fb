/** The connections of one account, with those who wait for one. */
import { UpstreamError } from '../../errors.ts';
import type { Imap } from '../imap/connection.ts';
import type { PoolLimits } from './limits.ts';

/** Gets a connection handed over, or the right to open one. */
interface Waiter {
  take(turn: Imap | 'open'): void;
  refuse(error: Error): void;
}

export class Shelf {
  readonly key: string;
  idle: Imap[] = [];
  /** Of all connections, with those that are being opened. */
  count = 0;
  /** Falls below `perAccount` when the server itself says that there are too many. */
  limit: number;
  /** In the order they came. */
  waiters: Waiter[] = [];
  readonly #limits: PoolLimits;

  constructor(key: string, limits: PoolLimits) {
    this.key = key;
    this.limit = limits.perAccount;
    this.#limits = limits;
  }

  /** The idle connection that has the mailbox open, else the one used last. */
  bestFor(mailbox: string | undefined): Imap | undefined {
    return this.idle.findLast(({ selected }) => selected !== null && selected.path === mailbox) ?? this.idle.at(-1);
  }

  /** @throws {UpstreamError} `timeout` (code `POOL_BUSY`) if it takes too long, or too many wait already */
  turn(): Promise<Imap | 'open'> {
    if (this.waiters.length >= this.#limits.waiting) throw busy();
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        this.waiters = this.waiters.filter((other) => other !== waiter);
      };
      const waiter: Waiter = {
        take: (turn) => {
          leave();
          resolve(turn);
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.refuse(busy()), this.#limits.waitMs);
      this.waiters.push(waiter);
    });
  }

  refuseAll(error: Error): void {
    for (const waiter of this.waiters.splice(0)) waiter.refuse(error);
  }
}

function busy(): UpstreamError {
  const sentence = 'Too many calls use this mailbox at the same time. Try again in a minute, with fewer at once.';
  return new UpstreamError('IMAP', 'timeout', sentence, { code: 'POOL_BUSY' });
}
