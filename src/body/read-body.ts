/**
 * Reads the body of a request within limits of bytes, values, memory and time.
 *
 * Invariant: bytes are counted before they are kept, and a body over a limit is refused without reading it to its end.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { BodyError } from './body-error.ts';
import type { BodyShare, BodyShares } from './body-shares.ts';
import { JsonScanner, MAX_JSON_DEPTH, MAX_JSON_VALUES } from './json-limits.ts';
import { parseJson } from './parse-json.ts';
import { createReadTurns } from './read-turns.ts';

export { BodyError } from './body-error.ts';

interface BodyLimits {
  maxBytes: number;
  /** Longest time from the first byte to the last. */
  totalMs: number;
  /** Longest pause between two pieces. */
  pauseMs: number;
}

export const BODY_TIMES = { totalMs: 30_000, pauseMs: 10_000 } as const;

export interface ReadOptions extends BodyLimits {
  /** Checks each piece before it is kept. @throws {BodyError} */
  check?(piece: Buffer): void;
  /** Reserves memory for a body of more than `freeBytes`, whose length is known or may be `maxBytes`. @throws {BodyError} */
  reserve?(bytes: number): Promise<void>;
}

/** Shares of requests whose bodies are read by their endpoints. */
const SHARES = new WeakMap<IncomingMessage, BodyShare>();

/** Ends the reading of a body that was dropped. */
const DROPPED = new WeakMap<IncomingMessage, (error: BodyError) => void>();

/** Makes the body of the request count as one of this sender while it is read. @returns the function that frees its memory */
export function countBody(request: IncomingMessage, shares: BodyShares, key: string): () => void {
  const share = shares.open(key, (error) => DROPPED.get(request)?.(error));
  SHARES.set(request, share);
  return share.free;
}

/** Bodies up to this length need no reservation: the number of requests limits them. */
const FREE_BYTES = 64 * 1024;

/** What is read of a refused body, so that its client has sent everything when it reads the answer. */
const DRAIN = { maxBytes: 32 * 1024 * 1024, ms: 20_000 };

/** Requests whose bodies are discarded, in the order of their refusal. Each takes up to 128 KiB until its client has sent everything. */
const discarded = new Set<IncomingMessage>();
const MAX_DISCARDED = 64;

/**
 * Reads a whole body.
 *
 * @throws {BodyError} as soon as a limit is exceeded; the rest of the body is discarded
 */
export async function readBody(request: IncomingMessage, options: ReadOptions): Promise<Buffer> {
  try {
    const declared = declaredLength(request);
    if (declared !== undefined && declared > options.maxBytes) throw tooLong(options.maxBytes);
    return await new BodyReader(request, declared, options).read();
  } catch (error) {
    discardRest(request);
    throw error;
  }
}

/**
 * Reads a JSON body, within the limits of values and nesting.
 *
 * @returns the value, of any shape; an empty object for an empty body
 * @throws {BodyError} as readBody(); 400 if it is not JSON, 415 if it is not UTF-8
 */
export async function readJsonBody(request: IncomingMessage, options: ReadOptions): Promise<unknown> {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    discardRest(request);
    throw new BodyError(415, 'The body must be JSON in UTF-8.');
  }
  const scanner = new JsonScanner();
  const bytes = await readBody(request, {
    ...options,
    check(piece) {
      const fault = scanner.push(piece);
      if (fault === 'too deep') throw new BodyError(400, `The body is nested more than ${MAX_JSON_DEPTH} levels deep.`);
      if (fault !== undefined) {
        throw new BodyError(413, `The body has more than ${MAX_JSON_VALUES} JSON values; send fewer in one request.`);
      }
    },
  });
  try {
    return bytes.length === 0 ? {} : await parseJson(bytes, scanner.longStrings);
  } finally {
    release(bytes);
  }
}

/** True if the request has a body, which may be empty (RFC 9112 §6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}

/** @returns the Content-Length; undefined if the length is unknown before the end */
function declaredLength({ headers }: IncomingMessage): number | undefined {
  const isPlain = (headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity';
  return isPlain && headers['content-length'] !== undefined ? Number(headers['content-length']) : undefined;
}

/** Collects one body. Its pieces arrive as events, so that a limit of time can end it while none arrives. */
class BodyReader {
  readonly #request: IncomingMessage;
  readonly #declared: number | undefined;
  readonly #options: ReadOptions;
  readonly #share: BodyShare | undefined;
  readonly #pieces: Buffer[] = [];
  /** The whole body, if its length is known: pieces that are kept until the end would take as much again. */
  #whole: Buffer | undefined;
  #size = 0;
  #isReserved = false;

  constructor(request: IncomingMessage, declared: number | undefined, options: ReadOptions) {
    this.#request = request;
    this.#declared = declared;
    this.#options = options;
    this.#share = SHARES.get(request);
  }

  async read(): Promise<Buffer> {
    const { totalMs, pauseMs } = this.#options;
    const source = decompressed(this.#request);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = () => reject(new BodyError(408, 'The body arrives too slowly.'));
    const gone = () => {
      // A compressed body ends later than the request.
      if (!this.#request.complete)
        reject(new BodyError(400, 'The client has disconnected before the end of the body.'));
    };
    const total = setTimeout(late, totalMs);
    let pause = setTimeout(late, pauseMs);
    const turns = createReadTurns(source);
    const onData = (piece: Buffer) => {
      // Waiting for a reservation is no pause of the client.
      clearTimeout(pause);
      source.pause();
      this.#accept(piece).then(() => {
        pause = setTimeout(late, pauseMs);
        turns.resume(piece.length);
      }, reject);
    };
    const broken = (cause: unknown) => reject(new BodyError(400, 'The body could not be read.', { cause }));
    source.on('data', onData).once('end', resolve).once('error', broken);
    this.#request.once('close', gone).once('error', broken);
    DROPPED.set(this.#request, reject);
    try {
      await promise;
      this.#share?.complete();
      return this.#whole?.subarray(0, this.#size) ?? Buffer.concat(this.#pieces, this.#size);
    } catch (error) {
      release(this.#whole);
      throw error;
    } finally {
      clearTimeout(total);
      clearTimeout(pause);
      DROPPED.delete(this.#request);
      source
        .off('data', onData)
        .off('end', resolve)
        .off('error', broken)
        .on('error', () => undefined);
      this.#request
        .off('close', gone)
        .off('error', broken)
        .on('error', () => undefined);
      if (source !== this.#request) this.#request.unpipe();
    }
  }

  async #accept(piece: Buffer): Promise<void> {
    const { maxBytes, check, reserve } = this.#options;
    const at = this.#size;
    this.#size += piece.length;
    if (this.#size > maxBytes) throw tooLong(maxBytes);
    this.#share?.add(piece.length);
    check?.(piece);
    if (!this.#isReserved && reserve !== undefined && Math.max(this.#size, this.#declared ?? 0) > FREE_BYTES) {
      this.#isReserved = true;
      await reserve(this.#declared ?? maxBytes);
    }
    // A declared length is a claim: memory for a small one is taken as the body arrives.
    if (this.#declared === undefined || this.#declared <= FREE_BYTES) return void this.#pieces.push(piece);
    this.#whole ??= Buffer.allocUnsafeSlow(this.#declared);
    piece.copy(this.#whole, at);
    // Later, because the parser of HTTP is still reading the piece.
    setImmediate(release, piece);
  }
}

/**
 * Frees the memory of a buffer at once. The garbage collector does not count it as its own, and would leave hundreds of megabytes of bodies
 * that were sent one after the other.
 *
 * @param bytes must not be used any more
 */
function release(bytes: Buffer | undefined): void {
  // Other buffers are parts of a larger one.
  if (bytes === undefined || bytes.length === 0 || bytes.length < bytes.buffer.byteLength) return;
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
}

/** @throws {BodyError} 415 for an unknown encoding */
function decompressed(request: IncomingMessage): Readable {
  switch ((request.headers['content-encoding'] ?? 'identity').toLowerCase()) {
    case 'identity':
      return request;
    case 'gzip':
      return request.pipe(createGunzip());
    case 'deflate':
      return request.pipe(createInflate());
    case 'br':
      return request.pipe(createBrotliDecompress());
    default:
      throw new BodyError(415, 'The body has an unknown Content-Encoding; send it without one.');
  }
}

function tooLong(maxBytes: number): BodyError {
  return new BodyError(413, `The body is longer than ${lengthInWords(maxBytes)}.`);
}

function lengthInWords(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}

/** Reads and forgets the rest, up to a limit. A client that goes on beyond it is disconnected, and so is the first one when there are too many. */
function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let bytes = 0;
  const timer = setTimeout(() => request.destroy(), DRAIN.ms).unref();
  const turns = createReadTurns(request);
  discarded.add(request);
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    setImmediate(release, piece);
    if (bytes > DRAIN.maxBytes) return void request.destroy();
    request.pause();
    turns.resume(piece.length);
  });
  const end = () => {
    clearTimeout(timer);
    discarded.delete(request);
  };
  request.once('end', end).once('close', end);
  request.resume();
  const [first] = discarded;
  if (discarded.size > MAX_DISCARDED) first?.destroy();
}
