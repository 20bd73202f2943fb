/** Faults that a test can inject into the stand-in for Missive. */
import type { ServerResponse } from 'node:http';
import type { Reply } from './call.ts';

export type Fault =
  /** Sends this response, without handling the request. */
  | { kind: 'answer'; status: number; json?: unknown; text?: string; headers?: Record<string, string> }
  /** Sends 429 with these headers, without handling the request. */
  | { kind: 'rate limited'; retryAfter?: number; limit?: number; remaining?: number; reset?: number }
  /** Sends no response; handles the request only with `done`. */
  | { kind: 'silent'; done?: boolean }
  /** Closes the connection without a response; handles the request only with `done`. */
  | { kind: 'cut'; done?: boolean }
  /** Handles the request, and closes the connection after half of the response. */
  | { kind: 'half an answer' }
  /** Handles the request, and sends this status and an empty body. */
  | { kind: 'empty'; status?: number }
  /** Handles the request, and sends HTML instead of JSON. */
  | { kind: 'garbage' };

/** The requests that a fault applies to; all of them by default. */
export interface Aim {
  method?: string;
  /** Beginning of the path below the base URL. */
  path?: string;
  /** How many requests; one by default. */
  times?: number;
}

/** The faults that are still to be applied. */
export interface PendingFaults {
  add(fault: Fault, aim: Aim): void;
  /** Removes one use of the first fault that applies to the request, and returns it. */
  claim(request: { method: string; path: string }): Fault | undefined;
}

export function createPendingFaults(): PendingFaults {
  const pending: { fault: Fault; aim: Aim; left: number }[] = [];
  return {
    add: (fault, aim) => void pending.push({ fault, aim, left: aim.times ?? 1 }),
    claim({ method, path }) {
      const found = pending.find(
        ({ aim, left }) => left > 0 && (aim.method ?? method) === method && path.startsWith(aim.path ?? ''),
      );
      if (found !== undefined) found.left -= 1;
      return found?.fault;
    },
  };
}

/** The response of a fault that leaves the request unhandled. */
export function responseInstead(
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

/** True if the fault, without a response, leaves the request unhandled. */
export const isUnhandled = (fault: Fault | undefined): boolean =>
  (fault?.kind === 'silent' || fault?.kind === 'cut') && fault.done !== true;

/** @returns true if the fault has replaced the response */
export function replaceResponse(response: ServerResponse, fault: Fault | undefined, text: string): boolean {
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
