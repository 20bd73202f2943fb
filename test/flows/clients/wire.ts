/** Sends HTTP requests with exactly the headers of a client; fetch would add others. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';

export interface Reply {
  status: number;
  headers: Record<string, string | undefined>;
  body: string;
}

export type Headers = Record<string, string>;

export type Send = (method: string, url: string, headers?: Headers, body?: string) => Promise<Reply>;

export const send: Send = async (method, url, headers = {}, body = '') => {
  const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { ...headers, ...length } });
    outgoing.once('error', reject);
    outgoing.once('response', async (response) => {
      const pairs = Object.entries(response.headers).map(([name, value]) => [name, value?.toString()]);
      resolve({
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(pairs),
        body: await text(response),
      });
    });
    outgoing.end(body);
  });
};

/** Headers that a page may send without a preflight (Fetch, "CORS-safelisted request-header"). */
const SAFELISTED = ['accept', 'accept-language', 'content-language'];

/** Sends as a page of another origin: with preflights, and with only the exposed response headers. */
export function sendFrom(origin: string): Send {
  return async (method, url, headers = {}, body) => {
    const asked = Object.keys(headers).filter((name) => !SAFELISTED.includes(name.toLowerCase()));
    const isForm = headers['content-type'] === 'application/x-www-form-urlencoded';
    const unsafe = isForm ? asked.filter((name) => name !== 'content-type') : asked;
    if (unsafe.length > 0) await preflight(origin, method, url, unsafe);
    const reply = await send(method, url, { ...headers, origin }, body);
    expect(reply.headers['access-control-allow-origin']).toBe('*');
    const visible = [
      'content-type',
      ...(reply.headers['access-control-expose-headers'] ?? '').toLowerCase().split(','),
    ];
    const seen = Object.entries(reply.headers).filter(([name]) => visible.includes(name));
    return { ...reply, headers: Object.fromEntries(seen) };
  };
}

async function preflight(origin: string, method: string, url: string, names: string[]): Promise<void> {
  const { status, headers } = await send('OPTIONS', url, {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': names.join(','),
  });
  expect(status).toBe(204);
  const allowed = headers['access-control-allow-headers']?.toLowerCase().split(',') ?? [];
  for (const name of names) expect(allowed).toContain(name.toLowerCase());
}
