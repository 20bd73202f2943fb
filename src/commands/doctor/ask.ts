/** Sends the requests of the checks: bounded, and without following redirects. */

/** Of each request. */
const MAX_WAIT_MS = 5_000;
const MAX_ANSWER_CHARS = 200_000;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** The fetch of the runtime, or a stand-in. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

/** @throws {Error} which causeOf() describes */
export async function ask(url: string, init: RequestInit = {}, send: Send = fetch): Promise<Answer> {
  const signal = AbortSignal.timeout(MAX_WAIT_MS);
  const response = await send(url, { ...init, redirect: 'manual', signal });
  const { status, headers } = response;
  return { status, headers, text: (await response.text()).slice(0, MAX_ANSWER_CHARS) };
}

/** @returns `undefined` for what is no JSON */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The code of Node: ENOTFOUND, ECONNREFUSED, CERT_HAS_EXPIRED. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError') return `no answer within ${MAX_WAIT_MS / 1000} seconds`;
  const code: unknown = Reflect.get(error.cause instanceof Error ? error.cause : error, 'code');
  return typeof code === 'string' ? code : error.name;
}
