/**
 * Defines the few facts on which several requests must agree: what was used, revoked or counted.
 *
 * Invariant: everything in it may be lost without harm to mail.
 */

/** How often something happened in a window of time, and when that window ends. */
export interface Count {
  count: number;
  endsAt: Date;
}

/**
 * Stores claims, marks, counts and notes. This server chooses their keys and texts, which contain no secret and no address. A key is that of a claim,
 * a count or a list of notes, never of two of them: in Redis they are values of different types.
 *
 * @throws {UpstreamError} of the service `Redis`, from every method, when the store cannot be reached
 */
export interface State {
  /** True if all replicas see the same. */
  readonly isShared: boolean;
  /** False while the store cannot be reached. Asks nothing. */
  isReachable(): boolean;
  /** Claims the key until `until`. Atomic. @returns null for the first call; for all others, when the key was claimed */
  claim(key: string, until: Date): Promise<Date | null>;
  /** Claims the key even if it was claimed before: the time of the claim becomes the present. */
  mark(key: string, until: Date): Promise<void>;
  /** @returns when each key was claimed or marked, in the order of the keys; null without a claim or mark, or if it has expired. One round trip. */
  readMarks(keys: readonly string[]): Promise<(Date | null)[]>;
  /** Removes a claim or mark. */
  release(key: string): Promise<void>;
  /**
   * Adds to the count of the current window. The first call opens the window.
   *
   * @param points how much to add; a negative number withdraws what was counted
   */
  count(key: string, windowSeconds: number, points?: number): Promise<Count>;
  /** Reads the count and adds nothing. Null if no window is open. */
  readCount(key: string, windowSeconds: number): Promise<Count | null>;
  /** Ends the window: the next count starts at one. */
  resetCount(key: string, windowSeconds: number): Promise<void>;
  /** Adds a note to a list; it replaces a note with the same id. */
  note(list: string, id: string, text: string, until: Date): Promise<void>;
  /** Replaces a note that is there. @returns false if it has expired or was removed; then nothing is written */
  replaceNote(list: string, id: string, text: string, until: Date): Promise<boolean>;
  /** Removes a list with all its notes. */
  removeNotes(list: string): Promise<void>;
  /** The notes of a list that have not expired, by id, in no order. */
  notesById(list: string): Promise<ReadonlyMap<string, string>>;
  /** Their texts alone. */
  notes(list: string): Promise<string[]>;
  /** Ends connections and timers. */
  close(): Promise<void>;
}
