/**
 * Keeps warm IMAP connections by account and limits how many there are. A slow or dead mail server delays its own accounts only.
 *
 * A call acquires a place of the semaphore and then uses an idle connection of its account, or opens one if there is none. Idle connections
 * hold no place: at the overall limit the one unused for longest is ended. So there are never more connections than places, neither of one
 * account nor in total.
 *
 * Invariant: two accounts never share a connection.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { createSemaphore, type Semaphore } from '../../state/semaphore.ts';
import {
  type ConnectOptions,
  connectImap,
  type ImapConnection,
  type OwnedImapConnection,
} from '../imap/imap-connection.ts';
import { createAccountKeys, type ImapAccount } from './account-keys.ts';
import { IdleList } from './idle-list.ts';
import { POOL_LIMITS, type PoolLimits } from './limits.ts';

interface ConnectionOptions {
  /**
   * Set if `use` has no effect except through its connection. If the server has dropped the idle connection, `use` then runs once more on a
   * fresh one, unless a command that changes something was sent.
   */
  retry?: true;
  /** A connection that has this mailbox open is preferred. In the server's spelling, with INBOX in capitals. */
  mailbox?: string | undefined;
  /** Ends the wait, and closes the connection unless a command that changes something was sent on it: that is completed. */
  signal?: AbortSignal | undefined;
  /** Called when the signal is aborted while `use` runs. */
  onAbort?(isChanging: boolean): void;
}

export interface ImapPool {
  /**
   * Runs `use` with a connection of the account, which no other call uses until the promise of `use` settles.
   *
   * @throws {UpstreamError} as connectImap and `use` do; `timeout` (code `POOL_BUSY`) if no connection became free in time
   */
  withConnection<T>(
    account: ImapAccount,
    use: (imap: ImapConnection) => Promise<T>,
    options?: ConnectionOptions,
  ): Promise<T>;
  /** Takes over a connection that was opened elsewhere, for example to verify a login. */
  adopt(account: ImapAccount, imap: OwnedImapConnection): void;
  /** Connections at this moment. */
  size(): { idle: number; inUse: number };
  /** Ends all connections and refuses further calls. Returns when all are closed, at the latest after `closeMs`. */
  close(): Promise<void>;
}

export interface PoolOptions extends ConnectOptions {
  pool?: Partial<PoolLimits>;
  log: Log;
}

export function createImapPool(options: PoolOptions): ImapPool {
  return new Pool(options);
}

interface Acquired {
  imap: OwnedImapConnection;
  /** True if the connection was open before, and may have been dropped since. */
  isWarm: boolean;
}

class Pool implements ImapPool {
  readonly #limits: PoolLimits;
  readonly #options: PoolOptions;
  readonly #keyOf = createAccountKeys();
  readonly #accounts = new Map<string, IdleList>();
  /** One place for each connection that is in use or being opened. */
  readonly #places: Semaphore;
  /** Idle connections, the one unused for longest first. */
  readonly #idle = new Map<OwnedImapConnection, { connections: IdleList; timer: NodeJS.Timeout }>();
  readonly #inUse = new Set<OwnedImapConnection>();
  #isClosing = false;
  #onLastRelease: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#limits = { ...POOL_LIMITS, ...options.pool };
    const { overall, perAccount, maxWaiting, maxWaitMs } = this.#limits;
    this.#places = createSemaphore({
      places: overall,
      placesPerKey: (key) => this.#accounts.get(key)?.limit ?? perAccount,
      maxWaitingPerKey: maxWaiting,
      maxWaitMs,
      createError: busy,
    });
  }

  async withConnection<T>(
    account: ImapAccount,
    use: (imap: ImapConnection) => Promise<T>,
    options: ConnectionOptions = {},
  ): Promise<T> {
    const connections = this.#connectionsOf(account);
    options.signal?.throwIfAborted();
    const { imap, isWarm } = await this.#acquire(account, connections, options.mailbox);
    if (isWarm) imap.markUnproven();
    const changesBefore = imap.changeCount;
    try {
      return await abortable(imap, use, options);
    } catch (error) {
      const mayRepeat = options.retry === true && isWarm && isDrop(error) && imap.changeCount === changesBefore;
      if (!mayRepeat || this.#isClosing) throw error;
    } finally {
      this.#release(imap, connections);
    }
    this.#options.log.debug(
      { component: 'imap-pool' },
      'an idle connection had been dropped: repeating on a fresh one',
    );
    return this.#repeat(account, connections, (imap) => abortable(imap, use, options));
  }

  adopt(account: ImapAccount, imap: OwnedImapConnection): void {
    const connections = this.#connectionsOf(account);
    const count = this.#places.takenBy(connections.key) + connections.idle.length;
    if (this.#isClosing || count >= connections.limit || !this.#makeRoom(0)) {
      this.#forgetIfEmpty(connections);
      imap.end();
      return;
    }
    // #makeRoom() may have ended the last connection of this account and so removed its entry.
    this.#accounts.set(connections.key, connections);
    this.#endIdleWhenLost(imap, connections);
    this.#keep(imap, connections);
  }

  size(): { idle: number; inUse: number } {
    return { idle: this.#idle.size, inUse: this.#inUse.size };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#places.rejectWaiting(shuttingDown());
    for (const [imap, { connections }] of [...this.#idle]) this.#endIdle(imap, connections);
    if (this.#places.taken === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#limits.closeMs);
      this.#onLastRelease = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    for (const imap of this.#inUse) imap.close();
  }

  #connectionsOf(account: ImapAccount): IdleList {
    const key = this.#keyOf(account);
    const connections = this.#accounts.get(key) ?? new IdleList(key, this.#limits.perAccount);
    this.#accounts.set(key, connections);
    return connections;
  }

  async #repeat<T>(
    account: ImapAccount,
    dropped: IdleList,
    use: (imap: OwnedImapConnection) => Promise<T>,
  ): Promise<T> {
    // Connections that were open at the same time have most likely been dropped too.
    for (const imap of [...dropped.idle]) this.#endIdle(imap, dropped);
    const connections = this.#connectionsOf(account);
    const { imap } = await this.#acquire(account, connections, undefined);
    try {
      return await use(imap);
    } finally {
      this.#release(imap, connections);
    }
  }

  /** Acquires a place, and then an idle connection of the account or a new one. */
  async #acquire(account: ImapAccount, connections: IdleList, mailbox: string | undefined): Promise<Acquired> {
    if (this.#isClosing) throw shuttingDown();
    if (!this.#places.tryAcquire(connections.key)) await this.#places.acquire(connections.key);
    const warm = this.#takeIdle(connections, mailbox);
    if (warm !== undefined) return { imap: warm, isWarm: true };
    const opened = await this.#open(account, connections);
    return opened === 'server is full' ? this.#acquire(account, connections, mailbox) : { imap: opened, isWarm: false };
  }

  #takeIdle(connections: IdleList, mailbox: string | undefined): OwnedImapConnection | undefined {
    for (const imap of [...connections.idle]) if (!imap.isUsable || hasRetired(imap)) this.#endIdle(imap, connections);
    const imap = connections.bestFor(mailbox);
    if (imap === undefined) return undefined;
    this.#removeIdle(imap, connections);
    this.#inUse.add(imap);
    return imap;
  }

  /**
   * Opens a connection for a place that is already acquired. Frees the place if that fails.
   *
   * @returns `server is full` if the server reports too many connections and the account has others: the call then waits for one of them.
   *   If it has none, because other programs use them all, the server is tried again up to MAX_ATTEMPTS times.
   */
  async #open(account: ImapAccount, connections: IdleList): Promise<OwnedImapConnection | 'server is full'> {
    this.#makeRoom(1);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#connect(account, connections);
      } catch (error) {
        const isServerFull = error instanceof UpstreamError && error.code === 'LIMIT' && !this.#isClosing;
        const others = this.#places.takenBy(connections.key) - 1 + connections.idle.length;
        if (!isServerFull || (others === 0 && attempt === MAX_ATTEMPTS)) {
          this.#freePlace(connections);
          throw error;
        }
        if (others > 0) {
          connections.limit = others;
          this.#freePlace(connections);
          return 'server is full';
        }
        await sleep(this.#limits.fullRetryMs * 2 ** (attempt - 1));
      }
    }
  }

  async #connect(account: ImapAccount, connections: IdleList): Promise<OwnedImapConnection> {
    const imap = await connectImap(account.imap, this.#options);
    if (this.#isClosing) {
      imap.close();
      throw shuttingDown();
    }
    this.#endIdleWhenLost(imap, connections);
    this.#inUse.add(imap);
    return imap;
  }

  /** Keeps the connection if it can be used again, and frees its place. */
  #release(imap: OwnedImapConnection, connections: IdleList): void {
    this.#inUse.delete(imap);
    if (!imap.isUsable || imap.isBusy) imap.close();
    else if (this.#isClosing || hasRetired(imap)) imap.end();
    else this.#keep(imap, connections);
    this.#freePlace(connections);
  }

  #keep(imap: OwnedImapConnection, connections: IdleList): void {
    const leftMs = Math.min(this.#limits.idleMs, imap.retiresAtMs - performance.now());
    const timer = setTimeout(() => this.#endIdle(imap, connections), leftMs).unref();
    connections.idle.push(imap);
    this.#idle.set(imap, { connections, timer });
  }

  /** Ends the connection when it is lost while idle. A connection in use is checked by #release(). */
  #endIdleWhenLost(imap: OwnedImapConnection, connections: IdleList): void {
    imap.onClose(() => {
      if (this.#idle.has(imap)) this.#endIdle(imap, connections);
    });
  }

  /**
   * Makes room for one more connection below the overall limit. If necessary, ends the connection unused for longest.
   *
   * @param held places that the new connection holds already
   * @returns false if there is no room and no idle connection
   */
  #makeRoom(held: 0 | 1): boolean {
    if (this.#places.taken - held + this.#idle.size < this.#limits.overall) return true;
    const [oldest] = this.#idle;
    if (oldest === undefined) return false;
    this.#endIdle(oldest[0], oldest[1].connections);
    return true;
  }

  #removeIdle(imap: OwnedImapConnection, connections: IdleList): void {
    clearTimeout(this.#idle.get(imap)?.timer);
    this.#idle.delete(imap);
    connections.remove(imap);
  }

  /** Ends an idle connection, without waiting for the response to LOGOUT. */
  #endIdle(imap: OwnedImapConnection, connections: IdleList): void {
    this.#removeIdle(imap, connections);
    imap.end();
    this.#forgetIfEmpty(connections);
  }

  #freePlace(connections: IdleList): void {
    this.#places.release(connections.key);
    this.#forgetIfEmpty(connections);
    if (this.#places.taken === 0) this.#onLastRelease?.();
  }

  #forgetIfEmpty({ key, idle }: IdleList): void {
    if (idle.length === 0 && !this.#places.isInUse(key)) this.#accounts.delete(key);
  }
}

/** Runs `use` until it ends, or until the signal is aborted while nothing was changed. */
async function abortable<T>(
  imap: OwnedImapConnection,
  use: (imap: ImapConnection) => Promise<T>,
  { signal, onAbort }: ConnectionOptions,
): Promise<T> {
  if (signal === undefined) return use(imap);
  signal.throwIfAborted();
  const changesBefore = imap.changeCount;
  const isChanging = () => imap.changeCount !== changesBefore;
  const end = () => {
    onAbort?.(isChanging());
    if (!isChanging()) imap.close();
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    return await use(imap);
  } catch (error) {
    throw signal.aborted && !isChanging() ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

const hasRetired = ({ retiresAtMs }: OwnedImapConnection): boolean => retiresAtMs <= performance.now();

/** Attempts at a server that reports too many connections. */
const MAX_ATTEMPTS = 4;

function isDrop(error: unknown): boolean {
  return (
    error instanceof UpstreamError &&
    error.service === 'IMAP' &&
    error.code === 'CONNECTION_LOST' &&
    error.fault === 'unreachable'
  );
}

function busy(): UpstreamError {
  const sentence = 'Too many calls use this mailbox at the same time. Try again in a minute, with fewer at once.';
  return new UpstreamError('IMAP', 'timeout', sentence, { code: 'POOL_BUSY' });
}

function shuttingDown(): UpstreamError {
  return new UpstreamError('IMAP', 'unreachable', 'The server is shutting down. Try again in a minute.', {
    code: 'SHUTDOWN',
  });
}
