/**
 * Sends requests to the Missive API and reads the responses: one HTTP request for each call, without retry, delay or queue.
 *
 * Invariant: a request is never repeated.
 */
import { type BodyShare, type BodyShares, createBodyShares } from '../body/body-shares.ts';
import { JsonScanner } from '../body/json-limits.ts';
import { BodyError } from '../body/read-body.ts';
import { ToolError, UpstreamError } from '../errors.ts';
import { nextTurn } from '../workers/event-loop.ts';
import type { MissiveAccount } from './account.ts';
import { type Quota, rateLimitError, readQuota } from './rate-limit.ts';
import { refusalSentence } from './refusals.ts';

export interface MissiveRequest {
  http: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the base URL, encoded: `/conversations/ID/comments`. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
}

export interface MissiveApi {
  /**
   * @returns the parsed body; null if it was empty
   * @throws {ToolError} if Missive refused the request; on 429 with the quota in its details
   * @throws {UpstreamError} of the service `Missive` for all other failures; `unknown_outcome` if a write may have taken effect
   */
  request(request: MissiveRequest): Promise<unknown>;
}

const TIMEOUT_MS = 25_000;

/** Larger than any page of a list, and than any message with its body. */
const MAX_RESPONSE_BYTES = 20 * 1024 * 1024;
/** A page of 200 conversations has 20,000 values. Parsing a hundred thousand takes some 20 ms. */
const MAX_RESPONSE_JSON = { values: 100_000, depth: 100 };
/** Responses in memory at the same time, of one account and in all. Short ones do not count. */
const SHARES = { perKey: 24 * 1024 * 1024, overall: 64 * 1024 * 1024, freeBytes: 256 * 1024 };
/** Longer responses leave a turn of the event loop to others after each piece. */
const SLICE_BYTES = 256 * 1024;

/** The memory for responses that all accounts of a process share. */
export interface ResponseMemory {
  shares: BodyShares;
  /** Whose share is used. */
  account: string;
}

export function createResponseShares(): BodyShares {
  return createBodyShares(SHARES);
}

/**
 * @param options.memory absent: the memory of a response is limited by its size alone
 * @param options.onQuota is called with the rate limit that a response reports
 * @param options.totalMs limit for one request, its response body included
 * @param options.cancelled ends requests that read, with its reason
 */
export function createMissiveApi(
  { url, token }: MissiveAccount,
  options: {
    now: () => Date;
    memory?: ResponseMemory;
    onQuota?: (quota: Quota) => void;
    totalMs?: number;
    cancelled?: AbortSignal;
  },
): MissiveApi {
  const { now, memory, onQuota, totalMs = TIMEOUT_MS, cancelled } = options;

  async function send(
    { http, path, query = {}, body }: MissiveRequest,
    share: BodyShare | undefined,
  ): Promise<{ response: Response; text: string }> {
    const search = new URLSearchParams(query).toString();
    const response = await fetch(`${url}${path}${search && `?${search}`}`, {
      method: http,
      redirect: 'error',
      // A write goes on: an aborted one may have taken effect or not.
      signal: AbortSignal.any([AbortSignal.timeout(totalMs), ...(cancelled && http === 'GET' ? [cancelled] : [])]),
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { response, text: await readText(response, share) };
  }

  async function exchange(request: MissiveRequest, share: BodyShare | undefined): Promise<unknown> {
    const { response, text } = await send(request, share).catch((error: unknown) => {
      if (cancelled?.aborted && request.http === 'GET') throw cancelled.reason;
      throw toConnectionError(error, request);
    });
    const quota = readQuota(response.headers, now());
    if (quota !== undefined) onQuota?.(quota);
    const content = parseJson(text);
    if (response.ok && content !== undefined) return content;
    throw response.ok ? unreadable(request) : toStatusError(response.status, content ?? text, request, quota);
  }

  return {
    async request(request) {
      // The next piece of a response that has to give way finds its share gone.
      const share = memory?.shares.open(memory.account, () => undefined);
      try {
        return await exchange(request, share);
      } finally {
        share?.free();
      }
    },
  };
}

/**
 * @throws {RangeError} if the body exceeds MAX_RESPONSE_BYTES or MAX_RESPONSE_JSON
 * @throws {BodyError} if it has no share of the memory left
 */
async function readText(response: Response, share: BodyShare | undefined): Promise<string> {
  const pieces: Uint8Array[] = [];
  const scanner = new JsonScanner(MAX_RESPONSE_JSON);
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_RESPONSE_BYTES || scanner.push(piece) !== undefined) throw new RangeError('The answer is too long');
    share?.add(piece.length);
    pieces.push(piece);
    if (bytes > SLICE_BYTES) await nextTurn();
  }
  share?.complete();
  return Buffer.concat(pieces).toString('utf8');
}

/** @returns null for an empty text, undefined if it is not JSON */
function parseJson(text: string): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The error for a response whose status is not 2xx. */
function toStatusError(status: number, content: unknown, request: MissiveRequest, quota: Quota | undefined): Error {
  if (status === 401) return new UpstreamError('Missive', 'credentials', 'Missive does not accept the API token.');
  if (status === 429) return rateLimitError(quota);
  if (status < 500) return new ToolError(refusalSentence(status, content), { details: { status } });
  if (request.http !== 'GET') return unknownOutcome(String(status));
  return new UpstreamError('Missive', 'refused', 'Missive has a fault of its own just now. Try again in a minute.', {
    code: String(status),
  });
}

/** Error codes of connections that were never established: no part of the request was sent. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** The error for a request that has no complete response. */
function toConnectionError(error: unknown, { http }: MissiveRequest): UpstreamError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  if (http !== 'GET' && !NEVER_SENT.has(code ?? '')) return unknownOutcome(code, error);
  if (error instanceof RangeError) {
    const sentence = 'What Missive answered is too long to be read: ask for fewer rows, or for one thing by its id.';
    return new UpstreamError('Missive', 'refused', sentence, { cause: error });
  }
  if (error instanceof BodyError) {
    const sentence =
      'Too much is read from Missive at the same time. Try again in a few seconds, or ask for fewer rows.';
    return new UpstreamError('Missive', 'refused', sentence, { cause: error });
  }
  const isTimeout = error instanceof Error && error.name === 'TimeoutError';
  return isTimeout
    ? new UpstreamError('Missive', 'timeout', 'Missive did not answer in time. Try again in a minute.', {
        cause: error,
      })
    : new UpstreamError('Missive', 'unreachable', 'Missive could not be reached. Try again in a minute.', {
        cause: error,
        code,
      });
}

function unknownOutcome(code: string | undefined, cause?: unknown): UpstreamError {
  const sentence =
    'Missive did not say whether it did this: it may have happened or not. Look (list or get what was to change) before trying again.';
  return new UpstreamError('Missive', 'unknown_outcome', sentence, { cause, code });
}

function unreadable({ http }: MissiveRequest): UpstreamError {
  if (http !== 'GET') return unknownOutcome(undefined, 'not JSON');
  return new UpstreamError('Missive', 'refused', 'What Missive answered could not be read.', { cause: 'not JSON' });
}
