import { setTimeout as sleep } from 'node:timers/promises';
import { UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type ConnectOptions, connectImap, type Imap } from '../imap/connection.ts';
import { Shelf } from './account-connections.ts';
import { createAccountKeys, type ImapAccount } from './account-keys.ts';
import { POOL_LIMITS, type PoolLimits } from './limits.ts';

/** Warm IMAP connections, leased by account. No account ever waits for another one's mail server. */

export interface LeaseOptions {
  /**
   * `use` has no effect but through its connection. It is then run once more on a fresh connection when a warm one turns out to have
   * been dropped, as long as no command that changes something was sent.
   */
  retry?: true;
  /** A connection that has this mailbox open is preferred. In the server's spelling, with INBOX in capitals. */
  mailbox?: string | undefined;
}

export interface ImapPool {
  /**
   * Lends `use` a connection of the account until its promise settles. Nobody else uses it meanwhile.
   *
   * @throws {UpstreamError} as connectImap and `use` do; `timeout` (code `POOL_BUSY`) if no connection became free in time
   */
  withImap<T>(account: ImapAccount, use: (imap: Imap) => Promise<T>, options?: LeaseOptions): Promise<T>;
  /** Takes over a connection that somebody else opened, for example to check a login. */
  adopt(account: ImapAccount, imap: Imap): void;
  /** Connections at this moment. */
  size(): { idle: number; leased: number };
  /** Ends all connections and refuses new leases. Returns when all are closed, at the latest after `closeMs`. */
  close(): Promise<void>;
}

export interface PoolOptions extends ConnectOptions {
  pool?: Partial<PoolLimits>;
  log: Log;
}

export function createImapPool(options: PoolOptions): ImapPool {
  return new Pool(options);
}

class Pool implements ImapPool {
  readonly #limits: PoolLimits;
  readonly #options: PoolOptions;
  readonly #keyOf = createAccountKeys();
  readonly #shelves = new Map<string, Shelf>();
  /** Idle connections, the one unused for longest first. */
  readonly #idle = new Map<Imap, { shelf: Shelf; timer: NodeJS.Timeout }>();
  readonly #leased = new Set<Imap>();
  /** Accounts that wait because all accounts together are at the limit, in the order they came. */
  readonly #hungry = new Set<Shelf>();
  #total = 0;
  #isClosing = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#limits = { ...POOL_LIMITS, ...options.pool };
  }

  async withImap<T>(account: ImapAccount, use: (imap: Imap) => Promise<T>, options: LeaseOptions = {}): Promise<T> {
    const shelf = this.#shelfOf(account);
    const { imap, isWarm } = await this.#acquire(account, shelf, options.mailbox);
    if (isWarm) imap.lease();
    const changes = imap.changes;
    try {
      return await use(imap);
    } catch (error) {
      const mayRepeat = options.retry === true && isWarm && isDrop(error) && imap.changes === changes;
      if (!mayRepeat || this.#isClosing) throw error;
    } finally {
      this.#release(imap, shelf);
    }
    this.#options.log.debug({ component: 'imap-pool' }, 'a warm connection had been dropped; repeating on a fresh one');
    // What was opened at the same time has most likely gone the same way.
    for (const other of [...shelf.idle]) this.#discard(other, shelf);
    const again = this.#shelfOf(account);
    const fresh = await this.#acquire(account, again, undefined);
    try {
      return await use(fresh.imap);
    } finally {
      this.#release(fresh.imap, again);
    }
  }

  adopt(account: ImapAccount, imap: Imap): void {
    const shelf = this.#shelfOf(account);
    if (this.#isClosing || !this.#reserve(shelf)) {
      this.#forgetIfEmpty(shelf);
      imap.end();
      return;
    }
    this.#watch(imap, shelf);
    this.#release(imap, shelf);
  }

  size(): { idle: number; leased: number } {
    return { idle: this.#idle.size, leased: this.#leased.size };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const shelf of this.#shelves.values()) shelf.refuseAll(shuttingDown());
    for (const [imap, { shelf }] of [...this.#idle]) this.#discard(imap, shelf);
    if (this.#total === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#limits.closeMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    for (const imap of this.#leased) imap.close();
  }

  #shelfOf(account: ImapAccount): Shelf {
    const key = this.#keyOf(account);
    const shelf = this.#shelves.get(key) ?? new Shelf(key, this.#limits);
    this.#shelves.set(key, shelf);
    return shelf;
  }

  async #acquire(
    account: ImapAccount,
    shelf: Shelf,
    mailbox: string | undefined,
  ): Promise<{ imap: Imap; isWarm: boolean }> {
    if (this.#isClosing) throw shuttingDown();
    const warm = this.#takeIdle(shelf, mailbox);
    if (warm !== undefined) return { imap: warm, isWarm: true };
    if (this.#reserve(shelf)) return { imap: await this.#open(account, shelf), isWarm: false };
    const turn = await shelf.turn();
    if (turn !== 'open') return { imap: turn, isWarm: true };
    return { imap: await this.#open(account, shelf), isWarm: false };
  }

  #takeIdle(shelf: Shelf, mailbox: string | undefined): Imap | undefined {
    for (const imap of [...shelf.idle]) if (!imap.isUsable) this.#discard(imap, shelf);
    const imap = shelf.bestFor(mailbox);
    if (imap === undefined) return undefined;
    this.#removeIdle(imap, shelf);
    this.#leased.add(imap);
    return imap;
  }

  /** Counts one more connection of the account, if the limits allow it; at the overall limit the one unused for longest has to go. */
  #reserve(shelf: Shelf): boolean {
    if (shelf.count >= shelf.limit) return false;
    if (this.#total >= this.#limits.overall) {
      const [oldest] = this.#idle;
      if (oldest === undefined) {
        this.#hungry.add(shelf);
        return false;
      }
      // The freed place is taken below, in the same tick, so that no waiter can be given it.
      this.#removeIdle(oldest[0], oldest[1].shelf);
      oldest[0].end();
      oldest[1].shelf.count -= 1;
      this.#total -= 1;
      if (oldest[1].shelf !== shelf) this.#forgetIfEmpty(oldest[1].shelf);
    }
    shelf.count += 1;
    this.#total += 1;
    this.#shelves.set(shelf.key, shelf);
    return true;
  }

  /**
   * Opens the connection for which a place was reserved. If the server has too many, the caller shares those of the account; if there is
   * none to share, because other programs hold them all, the server is asked again a few times.
   */
  async #open(account: ImapAccount, shelf: Shelf, attempt = 1): Promise<Imap> {
    try {
      const imap = await connectImap(account.imap, this.#options);
      if (this.#isClosing) {
        imap.close();
        throw shuttingDown();
      }
      this.#watch(imap, shelf);
      this.#leased.add(imap);
      return imap;
    } catch (error) {
      const isServerFull = error instanceof UpstreamError && error.code === 'LIMIT' && !this.#isClosing;
      if (isServerFull && shelf.count === 1 && attempt < MOST_ATTEMPTS) {
        await sleep(this.#limits.fullMs * 2 ** (attempt - 1));
        return this.#open(account, shelf, attempt + 1);
      }
      const mayShare = isServerFull && shelf.count > 1;
      if (mayShare) shelf.limit = shelf.count - 1;
      this.#free(shelf);
      if (!mayShare) throw error;
      const turn = await shelf.turn();
      return turn === 'open' ? this.#open(account, shelf) : turn;
    }
  }

  /** Ends a lease: the connection goes to whoever waits for it, to the idle ones, or away. */
  #release(imap: Imap, shelf: Shelf): void {
    this.#leased.delete(imap);
    if (!imap.isUsable || imap.isBusy) {
      imap.close();
      this.#free(shelf);
      return;
    }
    const [waiter] = shelf.waiters;
    if (waiter !== undefined && !this.#isClosing) {
      this.#leased.add(imap);
      waiter.take(imap);
      return;
    }
    const timer = setTimeout(() => this.#discard(imap, shelf), this.#limits.idleMs).unref();
    shelf.idle.push(imap);
    this.#idle.set(imap, { shelf, timer });
    const isWanted = [...this.#hungry].some(({ waiters }) => waiters.length > 0);
    if (this.#isClosing || isWanted) this.#discard(imap, shelf);
  }

  /** Notices when an idle connection ends; a leased one is looked at when it comes back. */
  #watch(imap: Imap, shelf: Shelf): void {
    imap.onClose(() => {
      if (this.#idle.has(imap)) this.#discard(imap, shelf);
    });
  }

  #removeIdle(imap: Imap, shelf: Shelf): void {
    clearTimeout(this.#idle.get(imap)?.timer);
    this.#idle.delete(imap);
    shelf.idle = shelf.idle.filter((other) => other !== imap);
  }

  /** Ends an idle connection; nobody waits for its LOGOUT. */
  #discard(imap: Imap, shelf: Shelf): void {
    this.#removeIdle(imap, shelf);
    imap.end();
    this.#free(shelf);
  }

  /** Gives the place of a connection that is gone to the next in line: first the same account, then those kept waiting by all. */
  #free(shelf: Shelf): void {
    shelf.count -= 1;
    this.#total -= 1;
    for (const next of [shelf, ...this.#hungry]) {
      const [waiter] = next.waiters;
      if (waiter === undefined) {
        this.#hungry.delete(next);
      } else if (this.#reserve(next)) {
        waiter.take('open');
        break;
      }
    }
    this.#forgetIfEmpty(shelf);
    if (this.#total === 0) this.#onEmpty?.();
  }

  #forgetIfEmpty(shelf: Shelf): void {
    if (shelf.count === 0 && shelf.waiters.length === 0) this.#shelves.delete(shelf.key);
  }
}

/** Attempts at a connection to a server that has too many. */
const MOST_ATTEMPTS = 4;

function isDrop(error: unknown): boolean {
  return (
    error instanceof UpstreamError &&
    error.service === 'IMAP' &&
    error.code === 'CONNECTION_LOST' &&
    error.fault === 'unreachable'
  );
}

function shuttingDown(): UpstreamError {
  return new UpstreamError('IMAP', 'unreachable', 'The server is shutting down. Try again in a minute.', {
    code: 'SHUTDOWN',
  });
}
