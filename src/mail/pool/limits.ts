/** How many connections the pool keeps, for how long, for whom. */
export interface PoolLimits {
  /** Most connections of one account; mail servers often allow no more than ten (Gmail: fifteen). */
  perAccount: number;
  /** Most connections of all accounts together. */
  overall: number;
  /** Most calls of one account that wait for a connection. */
  waiting: number;
  /** How long such a call waits. */
  waitMs: number;
  /** How long to wait before a server that has too many connections is asked again; twice as long each further time. */
  fullMs: number;
  /** How long a connection stays open unused. */
  idleMs: number;
  /** How long close() waits for leased connections before it cuts them. */
  closeMs: number;
}

export const POOL_LIMITS: PoolLimits = {
  perAccount: 4,
  overall: 500,
  waiting: 50,
  waitMs: 20_000,
  fullMs: 500,
  idleMs: 60_000,
  closeMs: 5_000,
};
