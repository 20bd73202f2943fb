/** Missive's rate limit as clients receive it over HTTP, as headers and as a tool error that all clients can read. */
import { Client as SdkOneClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SdkOneTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Era, startApp, type TestApp } from '../../support/app/start-app.ts';
import { type MissiveStandIn, startMissive } from '../../support/missive/stand-in.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const accountAt = ({ url, token }: MissiveStandIn) => ({ url, token });
const TOOL = 'list_all_missive_contact_books';
const SENTENCE = 'Missive takes no more requests just now (429). Wait 12 seconds before the next call.';
const DETAILS = { status: 429, retry_after: 12, ratelimit_limit: 300, ratelimit_remaining: 0, ratelimit_reset: 12 };
const HEADERS = { 'ratelimit-limit': '300', 'ratelimit-remaining': '0', 'ratelimit-reset': '12', 'retry-after': '12' };

const refuseNext = (missive: MissiveStandIn) =>
  missive.misbehave({ kind: 'rate limited', retryAfter: 12, limit: 300, remaining: 0 });

const VERSION = '2026-07-28';
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Calls the tool, on the fast path or, with a reserved key in `_meta`, through the SDK. */
async function post(token: string, era: '2025' | '2026', isThroughSdk: boolean): Promise<Response> {
  const own = isThroughSdk ? { 'example.com/note': 1, ...(era === '2025' && { 'io.modelcontextprotocol/x': 1 }) } : {};
  const modern = era === '2026' ? { ...ENVELOPE, ...(isThroughSdk && { 'io.modelcontextprotocol/x': 1 }) } : {};
  const _meta = { ...own, ...modern };
  const headers =
    era === '2026' ? { 'mcp-protocol-version': VERSION, 'mcp-method': 'tools/call', 'mcp-name': TOOL } : {};
  return fetch(`${app.origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: TOOL, arguments: {}, _meta } }),
  });
}

const paths = (['2025', '2026'] as const).flatMap((era) =>
  [true, false].map((isThroughSdk) => ({ era, isThroughSdk })),
);

test.each(paths)(
  'a 429 is a tool error and headers ($era, through the SDK: $isThroughSdk)',
  async ({ era, isThroughSdk }) => {
    await using missive = await startMissive();
    const token = await app.accessToken(accountAt(missive));
    refuseNext(missive);
    const response = await post(token, era, isThroughSdk);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject(HEADERS);
    const { result } = JSON.parse(await response.text());
    expect(result.isError).toBe(true);
    expect(result.content).toEqual([
      { type: 'text', text: SENTENCE },
      { type: 'text', text: JSON.stringify(DETAILS) },
    ]);
    expect(result.structuredContent).toEqual(era === '2026' ? DETAILS : undefined);
    expect(missive.requests.filter(({ path }) => path === '/contact_books')).toHaveLength(1);
  },
);

test.each(['2025', '2026'] as const)('both paths send the same bytes (%s)', async (era) => {
  await using missive = await startMissive();
  const token = await app.accessToken(accountAt(missive));
  const texts: string[] = [];
  for (const isThroughSdk of [true, false]) {
    refuseNext(missive);
    texts.push(await (await post(token, era, isThroughSdk)).text());
  }
  expect(texts[0]).toBe(texts[1]);
});

test.each(paths)(
  'a success reports the remaining quota, if Missive reports it ($era, through the SDK: $isThroughSdk)',
  async ({ era, isThroughSdk }) => {
    await using missive = await startMissive();
    const token = await app.accessToken(accountAt(missive));
    expect([...(await post(token, era, isThroughSdk)).headers.keys()].filter((key) => /^ratelimit/.test(key))).toEqual(
      [],
    );
    missive.reportQuota();
    const { headers } = await post(token, era, isThroughSdk);
    expect(Number(headers.get('ratelimit-remaining'))).toBeLessThan(300);
    expect(headers.get('ratelimit-limit')).toBe('300');
    expect(Number(headers.get('ratelimit-reset'))).toBeLessThanOrEqual(60);
    expect(headers.get('retry-after')).toBeNull();
  },
);

test.each<Era>(['auto', 'legacy'])('a client that has listed the tools reads the sentence (%s)', async (era) => {
  await using missive = await startMissive();
  await using assistant = await app.assistant(accountAt(missive), { era });
  await assistant.client.listTools();
  refuseNext(missive);
  expect(await assistant.failure(TOOL)).toBe(SENTENCE);
});

test('version 1 of the official client reads it too, although it validates all structured content against the output schema', async () => {
  await using missive = await startMissive();
  const token = await app.accessToken(accountAt(missive));
  const client = new SdkOneClient({ name: 'test', version: '1.0.0' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new SdkOneTransport(new URL(`${app.origin}/mcp`), { requestInit }));
  await client.listTools();
  refuseNext(missive);
  expect(await client.callTool({ name: TOOL, arguments: {} })).toMatchObject({
    isError: true,
    content: [{ text: SENTENCE }, { text: JSON.stringify(DETAILS) }],
  });
  await client.close();
});

test('web pages may read the remaining quota', async () => {
  await using missive = await startMissive();
  const headers = { origin: app.origin, 'access-control-request-method': 'POST' };
  const token = await app.accessToken(accountAt(missive));
  const response = await fetch(`${app.origin}/mcp`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${token}` },
  });
  expect(response.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('ratelimit-remaining');
});

test('twelve concurrent calls are twelve requests to Missive: none is queued, and none is repeated after a refusal', async () => {
  await using missive = await startMissive();
  const token = await app.accessToken(accountAt(missive));
  const asked = missive.requests.length;
  missive.misbehave({ kind: 'rate limited', retryAfter: 12 }, { path: '/contact_books', times: 7 });
  const answers = await Promise.all(Array.from({ length: 12 }, async () => (await post(token, '2025', false)).text()));
  const refused = answers.filter((answer) => JSON.parse(answer).result.isError === true);
  expect(refused.length).toBeGreaterThanOrEqual(7);
  expect(missive.requests).toHaveLength(asked + 12);
});
