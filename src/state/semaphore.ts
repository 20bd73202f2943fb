/** Limits how many calls run at the same time, in all and for each key; further calls wait in the order of their arrival. */

export interface SemaphoreOptions {
  /** Places of all keys together. Absent: no limit. */
  places?: number;
  /** Places of each key. Absent: no limit. The limit of a key may fall at any time, and rise only while no call waits for the key. */
  placesPerKey?: number | ((key: string) => number);
  /** Calls of one key that may wait. Absent: no limit. */
  maxWaitingPerKey?: number;
  /** How long a call waits. Absent: no limit. */
  maxWaitMs?: number;
  /** Makes the error of a call that would exceed `maxWaitingPerKey`, or has waited for `maxWaitMs`. */
  createError?: () => Error;
}

export interface Semaphore {
  /** Places taken by all keys together. */
  readonly taken: number;
  /** Places taken by the key. */
  takenBy(key: string): number;
  /** True if the key has a place, or a call that waits. */
  isInUse(key: string): boolean;
  /** Takes a place if one is free, and never waits. It overtakes no call: calls wait only while there is no place that they may take. */
  tryAcquire(key: string): boolean;
  /** Takes a place as soon as one is free. @throws {Error} that `createError` makes, or that was passed to `rejectWaiting` */
  acquire(key: string): Promise<void>;
  /** Frees a place that was taken. It goes at once to the call that has waited longest among those whose key has a place left. */
  release(key: string): void;
  /** Runs `use` with a place. @throws as acquire() and `use`; after an error of acquire() nothing was run */
  run<T>(key: string, use: () => Promise<T>): Promise<T>;
  /** Rejects every call that waits now. */
  rejectWaiting(error: Error): void;
}

export function createSemaphore(options: SemaphoreOptions): Semaphore {
  return new QueuedSemaphore(options);
}

interface Waiter {
  /** Increases with each arrival. */
  readonly arrival: number;
  admit(): void;
  reject(error: Error): void;
}

interface KeyState {
  taken: number;
  /** In the order of arrival. */
  waiters: Set<Waiter>;
}

class QueuedSemaphore implements Semaphore {
  readonly #options: SemaphoreOptions;
  readonly #places: number;
  /** Keys with a taken place or a waiter, and no others. */
  readonly #keys = new Map<string, KeyState>();
  #taken = 0;
  #arrivals = 0;

  constructor(options: SemaphoreOptions) {
    this.#options = options;
    this.#places = options.places ?? Number.POSITIVE_INFINITY;
  }

  get taken(): number {
    return this.#taken;
  }

  takenBy(key: string): number {
    return this.#keys.get(key)?.taken ?? 0;
  }

  isInUse(key: string): boolean {
    return this.#keys.has(key);
  }

  tryAcquire(key: string): boolean {
    const state = this.#keys.get(key);
    if (this.#taken >= this.#places || !this.#hasPlaceLeft(key, state)) return false;
    this.#take(state ?? this.#addKey(key));
    return true;
  }

  async acquire(key: string): Promise<void> {
    if (this.tryAcquire(key)) return;
    const { maxWaitingPerKey = Number.POSITIVE_INFINITY } = this.#options;
    const state = this.#keys.get(key) ?? this.#addKey(key);
    if (state.waiters.size >= maxWaitingPerKey) {
      this.#forgetIfUnused(key, state);
      throw this.#createError();
    }
    await this.#wait(key, state);
  }

  release(key: string): void {
    const state = this.#keys.get(key);
    if (state === undefined || state.taken === 0) throw new Error('A place was released that was not taken');
    const wasFull = this.#taken >= this.#places;
    this.#taken -= 1;
    state.taken -= 1;
    // While places were left, the calls of the other keys waited for a place of their own key, and still do.
    if (wasFull) this.#admitFirst(this.#keys);
    else this.#admitFirst([[key, state]]);
    this.#forgetIfUnused(key, state);
  }

  async run<T>(key: string, use: () => Promise<T>): Promise<T> {
    if (!this.tryAcquire(key)) await this.acquire(key);
    try {
      return await use();
    } finally {
      this.release(key);
    }
  }

  rejectWaiting(error: Error): void {
    for (const { waiters } of [...this.#keys.values()]) for (const waiter of [...waiters]) waiter.reject(error);
  }

  #wait(key: string, state: KeyState): Promise<void> {
    const { maxWaitMs } = this.#options;
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        state.waiters.delete(waiter);
      };
      const waiter: Waiter = {
        arrival: this.#arrivals++,
        admit: () => {
          leave();
          this.#take(state);
          resolve();
        },
        reject: (error) => {
          leave();
          this.#forgetIfUnused(key, state);
          reject(error);
        },
      };
      const timer =
        maxWaitMs === undefined ? undefined : setTimeout(() => waiter.reject(this.#createError()), maxWaitMs);
      state.waiters.add(waiter);
    });
  }

  #admitFirst(candidates: Iterable<[string, KeyState]>): void {
    let first: Waiter | undefined;
    for (const [key, state] of candidates) {
      const [waiter] = state.waiters;
      const isEarlier = waiter !== undefined && (first === undefined || waiter.arrival < first.arrival);
      if (isEarlier && this.#hasPlaceLeft(key, state)) first = waiter;
    }
    first?.admit();
  }

  #take(state: KeyState): void {
    state.taken += 1;
    this.#taken += 1;
  }

  #hasPlaceLeft(key: string, state: KeyState | undefined): boolean {
    const { placesPerKey = Number.POSITIVE_INFINITY } = this.#options;
    const limit = typeof placesPerKey === 'number' ? placesPerKey : placesPerKey(key);
    return (state?.taken ?? 0) < limit;
  }

  #addKey(key: string): KeyState {
    const state: KeyState = { taken: 0, waiters: new Set() };
    this.#keys.set(key, state);
    return state;
  }

  #forgetIfUnused(key: string, { taken, waiters }: KeyState): void {
    if (taken === 0 && waiters.size === 0) this.#keys.delete(key);
  }

  #createError(): Error {
    return this.#options.createError?.() ?? new Error('no place became free in time');
  }
}
