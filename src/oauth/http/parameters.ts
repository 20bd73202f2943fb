/**
 * Parses parameters of a query or form by the rules of OAuth: an empty one is absent, a repeated one is an error (RFC 6749 §3.1, §3.2).
 *
 * Invariant: a parameter that was sent twice has no value.
 */
import type { Request } from 'express';
import { OAuthError } from '../../errors.ts';

export interface Parameters {
  /** `undefined` if it was not sent, or sent empty, or sent more than once. */
  get(name: string): string | undefined;
  /** Names that were sent more than once, with any values. */
  repeated: ReadonlySet<string>;
}

export function parseParameters(text: string): Parameters {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (values.has(name)) repeated.add(name);
    values.set(name, value);
  }
  return { get: (name) => (repeated.has(name) ? undefined : values.get(name) || undefined), repeated };
}

/** The raw query of a request, without the question mark; empty if there is none. */
export function queryOf(request: Request): string {
  const start = request.originalUrl.indexOf('?');
  return start < 0 ? '' : request.originalUrl.slice(start + 1);
}

/**
 * Reads a form body (`application/x-www-form-urlencoded`, not compressed).
 *
 * @throws {OAuthError} `invalid_request` if it has another type or is longer than `maxBytes`
 */
export async function readForm(request: Request, maxBytes: number): Promise<Parameters> {
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/x-www-form-urlencoded') {
    throw new OAuthError('invalid_request', 'The body must be application/x-www-form-urlencoded.');
  }
  if (request.headers['content-encoding']) throw new OAuthError('invalid_request', 'The body must not be compressed.');
  return parseParameters(await readText(request, maxBytes));
}

/**
 * Reads a JSON body (`application/json`, not compressed).
 *
 * @returns the parsed value, of any shape; `undefined` if it is not JSON
 * @throws {OAuthError} `invalid_request` if it has another type or is longer than `maxBytes`
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') throw new OAuthError('invalid_request', 'The body must be application/json.');
  if (request.headers['content-encoding']) throw new OAuthError('invalid_request', 'The body must not be compressed.');
  const text = await readText(request, maxBytes);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = () => new OAuthError('invalid_request', `The body is longer than ${maxBytes / 1024} KiB.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // The request must not be destroyed, or the error response could not be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
