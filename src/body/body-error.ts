/** Declares the error of a request body that is refused: its HTTP status, a sentence for the client, and when to try again. */
export class BodyError extends Error {
  override name = 'BodyError';
  /** 400: not what it claims to be. 408: too slow. 413: over a limit. 415: of another type. 429, 503: too much at once. */
  readonly status: 400 | 408 | 413 | 415 | 429 | 503;
  /** Seconds until a retry; only with 429 and 503. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: BodyError['status'],
    sentence: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(sentence, { cause: options.cause });
    this.status = status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
