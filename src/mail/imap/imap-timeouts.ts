/** States the limits of an IMAP connection: timeouts, and the size of responses. */
export interface ImapLimits {
  /** For DNS, TCP, TLS, greeting and login together. */
  connectMs: number;
  /** Longest silence of the server while a command runs. */
  silenceMs: number;
  /** Longest time for one command, even if the server keeps sending. */
  commandMs: number;
  /** A connection on which the server has not answered for this long may be dead although no error was reported. */
  staleAfterMs: number;
  /** Such a connection counts as lost if the server does not answer the next command within this time. */
  staleAnswerMs: number;
  /** Longest string or literal that the server may send. */
  maxLiteralBytes: number;
}

export const IMAP_LIMITS: Readonly<ImapLimits> = {
  connectMs: 10_000,
  silenceMs: 30_000,
  commandMs: 120_000,
  maxLiteralBytes: 40 * 1024 * 1024,
  staleAfterMs: 10_000,
  staleAnswerMs: 5_000,
};

/** A response line without its literals: long enough for a SEARCH response with a million UIDs. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** How long LOGOUT may take before the connection is closed without its answer. */
export const LOGOUT_MS = 2_000;
