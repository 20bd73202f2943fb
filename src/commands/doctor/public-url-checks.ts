/** Checks BASE_URL as clients reach it: what a reverse proxy passes on, and what it changes. */
import { z } from 'zod';
import { type Answer, ask as askUrl, causeOf, parsed } from './ask.ts';
import type { Check } from './check.ts';

/** More than the largest access token and the largest cookie together. */
const LARGE_HEADER_CHARS = 16 * 1024;
/** Reserved for documentation (RFC 5737), so that no client has it. */
const FOREIGN_ADDRESS = '192.0.2.1';
const MAX_SKEW_MS = 60_000;

const PASS_ALL = 'Let the reverse proxy pass the whole host: docs/install.md.';

/** Sends a request to a path of the server. */
type Ask = (path: string, init?: RequestInit) => Promise<Answer>;

/** @param trustsProxy whether TRUST_PROXY is set */
export async function checkPublicUrl(issuer: string, trustsProxy: boolean, now: () => Date): Promise<Check[]> {
  const name = `BASE_URL ${issuer}`;
  // Redirects are not followed: clients do not follow them either.
  const ask: Ask = (path, init) => askUrl(`${issuer}${path}`, init);
  const first = await ask('/health').catch((error: unknown) => causeOf(error));
  const answeredAt = now();
  if (typeof first === 'string') {
    const remedy = 'Start the server; check DNS, TLS and reverse proxy. This machine has to reach its own public URL.';
    return [{ name, status: 'failed', says: `does not answer (${first}).`, remedy }];
  }
  const checks = await Promise.all(
    [
      checkDocument(ask, '/.well-known/oauth-authorization-server', 'issuer', issuer),
      checkDocument(ask, '/.well-known/oauth-protected-resource/mcp', 'resource', `${issuer}/mcp`),
      checkHost(ask),
      checkAuthorization(ask),
      checkLargeHeader(ask),
      checkForwarded(ask, trustsProxy),
    ].map((check) =>
      check.catch((error: unknown): Check => ({ name, status: 'failed', says: `no answer (${causeOf(error)}).` })),
    ),
  );
  return [...checks, checkClock(first.headers, answeredAt)];
}

async function checkDocument(ask: Ask, path: string, field: 'issuer' | 'resource', expected: string): Promise<Check> {
  const { status, text } = await ask(path);
  const name = path;
  if (status !== 200) return { name, status: 'failed', says: `the answer is ${status}, not 200.`, remedy: PASS_ALL };
  const found = z.object({ [field]: z.string() }).safeParse(parsed(text)).data?.[field];
  if (found === expected) return { name, status: 'ok', says: `${field} is ${expected}.` };
  const remedy = `BASE_URL must be the same here, on the server and in clients. ${PASS_ALL}`;
  return { name, status: 'failed', says: `${field} is not ${expected}.`, remedy };
}

async function checkHost(ask: Ask): Promise<Check> {
  const { status } = await ask('/mcp', { method: 'POST' });
  const name = 'Host header';
  if (status === 401) return { name, status: 'ok', says: 'arrives unchanged.' };
  if (status === 421) {
    const remedy = 'Let the proxy pass the Host header on (nginx: proxy_set_header Host $host).';
    return { name, status: 'failed', says: 'the reverse proxy replaces it.', remedy };
  }
  return { name, status: 'failed', says: `/mcp answers ${status}, not 401.`, remedy: PASS_ALL };
}

/** The challenge names an error only if a token has arrived (RFC 6750 §3.1). */
async function checkAuthorization(ask: Ask): Promise<Check> {
  const { headers } = await ask('/mcp', { method: 'POST', headers: { Authorization: 'Bearer mail-mcp-doctor' } });
  const name = 'Authorization header';
  if (/error="invalid_token"/.test(headers.get('www-authenticate') ?? ''))
    return { name, status: 'ok', says: 'arrives.' };
  const remedy = 'Let the proxy pass it on, and switch off any authentication of its own for this host.';
  return { name, status: 'failed', says: 'does not arrive: the reverse proxy removes it.', remedy };
}

async function checkLargeHeader(ask: Ask): Promise<Check> {
  const name = 'header of 16 KiB';
  const headers = { 'X-Mail-Mcp-Doctor': 'x'.repeat(LARGE_HEADER_CHARS) };
  const status = await ask('/health', { headers }).then((answer) => answer.status, causeOf);
  if (status === 200) return { name, status: 'ok', says: 'arrives.' };
  const remedy = 'Raise the limit of the proxy to 32 KiB (nginx: large_client_header_buffers 4 32k).';
  return { name, status: 'failed', says: `is refused (${status}): tokens are several KiB long.`, remedy };
}

async function checkForwarded(ask: Ask, trustsProxy: boolean): Promise<Check> {
  const name = 'X-Forwarded-For';
  const [plain, foreign] = await Promise.all([seenOf(ask, {}), seenOf(ask, { 'X-Forwarded-For': FOREIGN_ADDRESS })]);
  if (plain === undefined || foreign === undefined) {
    return { name, status: 'skipped', says: '/ready?verbose does not say: another release runs there.' };
  }
  if (foreign === FOREIGN_ADDRESS) {
    const remedy = 'Set TRUST_PROXY to the number of proxies, and let the outermost one replace or extend the header.';
    return { name, status: 'failed', says: 'clients can choose the address that they are limited by.', remedy };
  }
  if (plain === 'ignored') {
    const remedy = 'Set TRUST_PROXY to the number of proxies.';
    return { name, status: 'failed', says: 'is ignored: all clients count as one address.', remedy };
  }
  if (plain === 'absent' && trustsProxy) {
    const remedy = 'Let the proxy add it, or remove TRUST_PROXY.';
    return { name, status: 'failed', says: 'does not arrive, although TRUST_PROXY is set.', remedy };
  }
  const says =
    plain === 'absent' ? 'no proxy adds it, and none is trusted.' : 'the address of the client is taken from it.';
  return { name, status: 'ok', says };
}

async function seenOf(ask: Ask, headers: Record<string, string>): Promise<string | undefined> {
  const { text } = await ask('/ready?verbose', { headers });
  return z.object({ forwarded: z.string().max(60) }).safeParse(parsed(text)).data?.forwarded;
}

function checkClock(headers: Headers, now: Date): Check {
  const name = 'clock';
  const date = new Date(headers.get('date') ?? '');
  if (Number.isNaN(date.getTime())) return { name, status: 'skipped', says: 'the server sends no Date.' };
  const skewMs = now.getTime() - date.getTime();
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return { name, status: 'ok', says: 'is that of the server.' };
  const says = `this machine is ${seconds} seconds ${skewMs > 0 ? 'ahead of' : 'behind'} the server at BASE_URL.`;
  return { name, status: 'failed', says, remedy: 'Synchronize both clocks (NTP).' };
}
