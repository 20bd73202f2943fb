/** States how many connections the pool keeps, and how long calls and connections wait. pool.ts enforces this and refuses further calls. */
export interface PoolLimits {
  /** Connections of one account. Mail servers often allow no more than ten (Gmail: fifteen). */
  perAccount: number;
  /** Connections of all accounts together. */
  overall: number;
  /** Calls of one account that wait for a connection. */
  maxWaiting: number;
  /** How long such a call waits. */
  maxWaitMs: number;
  /** The pause before the next attempt at a server that reports too many connections; it doubles with each attempt. */
  fullRetryMs: number;
  /** How long an unused connection stays open. */
  idleMs: number;
  /** How long close() waits for connections in use before it closes them. */
  closeMs: number;
}

export const POOL_LIMITS: PoolLimits = {
  perAccount: 4,
  overall: 500,
  maxWaiting: 50,
  maxWaitMs: 20_000,
  fullRetryMs: 500,
  idleMs: 60_000,
  closeMs: 5_000,
};
