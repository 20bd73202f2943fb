/** Sends one-click unsubscribe requests (RFC 8058 §3.1), each once and without reading an answer. */
import { ToolError } from '../errors.ts';
import { createGuardedHttps, type GuardedOptions } from './guarded-https.ts';

/** Includes resolving, connecting, and the answer. */
const TIMEOUT_MS = 5_000;

/** RFC 8058 §3.1: the value of List-Unsubscribe-Post is the body. */
const BODY = 'List-Unsubscribe=One-Click';

/**
 * @param url https, from a message
 * @returns the status of the answer; null if the request left, and it is not known whether it has arrived
 * @throws {ToolError} if it has certainly not left
 */
export type PostOneClick = (url: string) => Promise<number | null>;

export interface OneClickOptions extends GuardedOptions {
  timeoutMs?: number;
}

export function createOneClick({ timeoutMs = TIMEOUT_MS, ...options }: OneClickOptions = {}): PostOneClick {
  const send = createGuardedHttps(options);
  return async (url) => {
    let hasLeft = false;
    const onConnected = () => {
      hasLeft = true;
    };
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': String(BODY.length),
      Accept: '*/*',
    };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await send(url, { method: 'POST', headers, body: BODY, signal, onConnected });
      response.destroy();
      return response.statusCode ?? null;
    } catch (cause) {
      // One sentence for a closed port, a private address and a bad certificate, so that it cannot be used to scan a network.
      if (!hasLeft) throw new ToolError(NOT_REACHED, { cause });
      return null;
    }
  };
}

const NOT_REACHED = 'Nothing was sent: the server of the sender could not be reached. Try again later.';
