/** The few facts that several requests must agree on: what was used, revoked or counted. */

/** How often something happened in a window of time, and when that window is over. */
export interface Count {
  count: number;
  endsAt: Date;
}

/**
 * All of it may be lost without harm to anyone's mail. Keys and notes are ours; they hold no secret and no address.
 *
 * @throws {UpstreamError} of the service `Redis`, from every method, when the store cannot be asked
 */
export interface State {
  /** True where all replicas see the same. */
  readonly isShared: boolean;
  /** Null for the first caller that claims the key; for all others until `until`, when that was. Atomic. */
  claim(key: string, until: Date): Promise<Date | null>;
  /** Claims the key whether or not it was claimed before: the time becomes that of now. */
  mark(key: string, until: Date): Promise<void>;
  /** When each of the keys was claimed or marked; null if it was not, or not any more. One round trip. */
  claimed(keys: readonly string[]): Promise<(Date | null)[]>;
  /** Takes a claim or mark back. */
  release(key: string): Promise<void>;
  /**
   * Counts one more in the window that the first of them opened.
   *
   * @param points how much it counts for; a negative number takes back what was counted
   */
  count(key: string, windowSeconds: number, points?: number): Promise<Count>;
  /** The count without one more; null when no window is open. */
  counted(key: string, windowSeconds: number): Promise<Count | null>;
  /** Ends the window: the next one counts from one again. */
  resetCount(key: string, windowSeconds: number): Promise<void>;
  /** Puts a note into a list, or another one in its place. */
  note(list: string, id: string, text: string, until: Date): Promise<void>;
  /** The notes of a list that have not expired, in no order. */
  notes(list: string): Promise<string[]>;
  /** Ends connections and timers. */
  close(): Promise<void>;
}
