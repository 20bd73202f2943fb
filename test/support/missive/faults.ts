/** What the stand-in for Missive can be told to do wrong. */
import type { ServerResponse } from 'node:http';
import type { Reply } from './call.ts';

export type Fault =
  /** Answers with this instead of doing anything. */
  | { kind: 'answer'; status: number; json?: unknown; text?: string; headers?: Record<string, string> }
  /** Over the limit: Retry-After and the limits of a minute, whatever was used of it. */
  | { kind: 'rate limited'; retryAfter?: number; limit?: number; remaining?: number; reset?: number }
  /** Never answers; does what was asked for only with `done`. */
  | { kind: 'silent'; done?: boolean }
  /** Drops the connection instead of an answer; does what was asked for only with `done`. */
  | { kind: 'cut'; done?: boolean }
  /** Does it, and sends half of the answer before it drops the connection. */
  | { kind: 'half an answer' }
  /** Does it, and answers with this status and no body. */
  | { kind: 'empty'; status?: number }
  /** Does it, and answers with something that is not JSON. */
  | { kind: 'garbage' };

/** Which requests a fault is for; all of them by default. */
export interface Aim {
  method?: string;
  /** Beginning of the path below the base URL. */
  path?: string;
  /** How many requests; one by default. */
  times?: number;
}

/** Nothing of it is done when this is the answer. */
export function answerInstead(
  fault: Fault | undefined,
): (Reply & { text?: string; headers?: Record<string, string> }) | undefined {
  if (fault?.kind === 'answer') return fault;
  if (fault?.kind !== 'rate limited') return undefined;
  const { retryAfter, limit, remaining, reset } = fault;
  const given = {
    'Retry-After': retryAfter,
    'X-RateLimit-Limit': limit,
    'X-RateLimit-Remaining': remaining,
    'X-RateLimit-Reset': reset,
  };
  const headers = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  return { status: 429, text: 'Too Many Requests', headers };
}

/** True if the fault leaves the request without its effect. */
export const isUndone = (fault: Fault | undefined): boolean =>
  (fault?.kind === 'silent' || fault?.kind === 'cut') && fault.done !== true;

/** @returns true if the fault has taken the place of the answer */
export function misanswer(response: ServerResponse, fault: Fault | undefined, text: string): boolean {
  switch (fault?.kind) {
    case 'silent':
      return true;
    case 'cut':
      response.destroy();
      return true;
    case 'half an answer':
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': String(text.length + 10) });
      response.write(text.slice(0, Math.ceil(text.length / 2)), () => response.destroy());
      return true;
    case 'empty':
      response.writeHead(fault.status ?? 201).end();
      return true;
    case 'garbage':
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html><body>All is well</body></html>');
      return true;
    default:
      return false;
  }
}
