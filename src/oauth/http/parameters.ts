/**
 * Parses parameters of a query or form by the rules of OAuth: an empty one is absent, a repeated one is an error (RFC 6749 §3.1, §3.2).
 *
 * Invariant: a parameter that was sent twice has no value.
 */
import type { Request } from 'express';
import { BodyError, readBody, readJsonBody } from '../../body/read-body.ts';
import { OAuthError } from '../../errors.ts';

export interface Parameters {
  /** `undefined` if it was not sent, or sent empty, or sent more than once. */
  get(name: string): string | undefined;
  /** The values that were sent, without empty ones. Only for parameters that may be repeated (RFC 8707 §2). */
  all(name: string): readonly string[];
  /** Names that were sent more than once, with any values. */
  repeated: ReadonlySet<string>;
  /** All that was sent but the named ones, form-encoded. */
  without(...names: readonly string[]): string;
}

export function parseParameters(text: string): Parameters {
  const parameters = new URLSearchParams(text);
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of parameters) {
    if (values.has(name)) repeated.add(name);
    values.set(name, value);
  }
  return {
    get: (name) => (repeated.has(name) ? undefined : values.get(name) || undefined),
    all: (name) => parameters.getAll(name).filter(Boolean),
    repeated,
    without: (...names) => new URLSearchParams([...parameters].filter(([name]) => !names.includes(name))).toString(),
  };
}

/** The raw query of a request, without the question mark; empty if there is none. */
export function queryOf(request: Request): string {
  const start = request.originalUrl.indexOf('?');
  return start < 0 ? '' : request.originalUrl.slice(start + 1);
}

/**
 * Reads a form body (`application/x-www-form-urlencoded`, not compressed).
 *
 * @throws {OAuthError} `invalid_request` if it has another type or is longer than `maxBytes`; with status 408 if it is too slow
 */
export async function readForm(request: Request, maxBytes: number): Promise<Parameters> {
  requireType(request, 'application/x-www-form-urlencoded');
  const bytes = await readBody(request, { ...FORM_TIMES, maxBytes }).catch(refuse);
  return parseParameters(bytes.toString('utf8'));
}

/**
 * Reads a JSON body (`application/json`, not compressed).
 *
 * @returns the parsed value, of any shape; `undefined` if it is not JSON
 * @throws {OAuthError} as readForm(), also if it has too many values
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  requireType(request, 'application/json');
  return readJsonBody(request, { ...FORM_TIMES, maxBytes }).catch((error: unknown) => {
    if (error instanceof BodyError && error.status === 400) return undefined;
    return refuse(error);
  });
}

/** A form is a few kilobytes. */
const FORM_TIMES = { totalMs: 10_000, pauseMs: 5_000 };

function requireType(request: Request, expected: string): void {
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== expected) throw new OAuthError('invalid_request', `The body must be ${expected}.`);
  if (request.headers['content-encoding']) throw new OAuthError('invalid_request', 'The body must not be compressed.');
}

function refuse(error: unknown): never {
  if (!(error instanceof BodyError)) throw error;
  if (error.status === 429 || error.status === 503) {
    const wait = { status: error.status, seconds: error.retryAfterSeconds ?? 1 };
    throw new OAuthError('temporarily_unavailable', error.message, { cause: error, wait });
  }
  // RFC 6749 §5.2 has 400 for every fault of a request, except where another status makes the client repeat it.
  const status = error.status === 408 ? { status: 408 } : {};
  throw new OAuthError('invalid_request', error.message, { cause: error, ...status });
}
