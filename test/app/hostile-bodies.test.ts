/** Request bodies that cost a server without limits much time or memory. */
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMcpApp } from '../support/app/mcp-app.ts';
import { type MeasuredApp, startMeasuredApp } from '../support/app/measured-app.ts';
import { type HostileRequest, longDrafts, longTexts, manyValues, tooLong } from '../support/hostile-requests.ts';

const LIST = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });

const rows = (requests: readonly HostileRequest[]) => requests.map((each) => [each.name, each] as const);

/** How long others wait for one turn of the event loop, with the work of the garbage collector; 100 ms at most on an idle machine. */
const MAX_TURN_MS = 200;

let measured: MeasuredApp;

beforeAll(async () => {
  measured = await startMeasuredApp({ maxMemoryMiB: 384 });
  for (let calls = 0; calls < 20; calls += 1) await measured.post(LIST);
}, 30_000);
afterAll(() => measured[Symbol.asyncDispose]());

describe('a body with more JSON values or levels than any call needs', () => {
  test.each(rows(manyValues))('HTTP-03 is refused before it is parsed: %s', async (_name, hostile) => {
    const body = hostile.body();
    await measured.measure();
    const response = await measured.post(body);
    expect([400, 413]).toContain(response.status);
    expect(await response.json()).toMatchObject({ id: null, error: { message: expect.stringMatching(/values|deep/) } });
    expect((await measured.measure()).longestTurnMs).toBeLessThan(MAX_TURN_MS);
  });

  test('HTTP-03 does not stop a process with little memory, 24 at once', { timeout: 60_000 }, async () => {
    const body = manyValues[0]?.body() ?? '';
    const before = await measured.measure();
    const answers = await Promise.allSettled(Array.from({ length: 24 }, () => measured.post(body)));
    const { maxRssBytes, longestTurnMs } = await measured.measure();
    expect(new Set(answers.map((each) => each.status === 'fulfilled' && each.value.status))).toEqual(new Set([413]));
    expect(maxRssBytes - before.maxRssBytes).toBeLessThan(150_000_000);
    expect(longestTurnMs).toBeLessThan(MAX_TURN_MS);
    expect(measured.isRunning()).toBe(true);
  });

  test('HTTP-03 is refused before its end has arrived', async () => {
    await using app = await startMcpApp();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${await app.token()}` };
    const sent = request(`${app.origin}/mcp`, { method: 'POST', headers }).on('error', () => {});
    const answered = new Promise<number | undefined>((resolve) =>
      sent.once('response', ({ statusCode }) => resolve(statusCode)),
    );
    sent.write(`{"a":[${'{},'.repeat(20_000)}`);
    expect(await answered).toBe(413);
    sent.destroy();
  });

  test('HTTP-03 is refused in compressed form too', async () => {
    await using app = await startMcpApp();
    const zipped = gzipSync(`{"a":[${'{},'.repeat(3_000_000)}1]}`);
    const response = await app.post(zipped, { headers: { 'content-encoding': 'gzip' } });
    expect(response.status).toBe(413);
  });

  test('HTTP-03 is not refused for what its texts contain', async () => {
    await using app = await startMcpApp();
    const text = '[{},{},'.repeat(100_000);
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: { text } } };
    expect((await app.post(JSON.stringify(message))).status).toBe(200);
  });
});

describe('a long body of few values', () => {
  test.each(rows([...longTexts, ...longDrafts]))(
    'HTTP-03 is answered, and delays no other call for long: %s',
    async (_name, hostile) => {
      const body = hostile.body();
      await measured.measure();
      const response = await measured.post(body);
      await response.text();
      expect(response.status).toBeLessThan(500);
      expect((await measured.post(LIST)).status).toBe(200);
      expect((await measured.measure()).longestTurnMs).toBeLessThan(MAX_TURN_MS);
    },
  );

  test('HTTP-03 does not stop a process with little memory, 24 at once', { timeout: 60_000 }, async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { a: 'x'.repeat(6_000_000) } });
    const before = await measured.measure();
    const answers = await Promise.allSettled(Array.from({ length: 24 }, () => measured.post(body)));
    const { maxRssBytes } = await measured.measure();
    for (const each of answers) expect([200, 429, 503]).toContain(each.status === 'fulfilled' && each.value.status);
    expect(answers.some((each) => each.status === 'fulfilled' && each.value.status === 200)).toBe(true);
    expect(maxRssBytes - before.maxRssBytes).toBeLessThan(150_000_000);
    expect(measured.isRunning()).toBe(true);
  });

  test.each(rows(tooLong))('HTTP-03 is refused beyond the limit: %s', async (_name, hostile) => {
    await using app = await startMcpApp();
    const response = await app.post(hostile.body());
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { message: 'The body is longer than 12 MiB.' } });
  });

  test('HTTP-03 waits while others of the same account are handled, and small ones do not', async () => {
    await using app = await startMcpApp();
    const token = await app.token();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    // It has announced more than it sends, and so keeps its share of the memory.
    const slow = request(`${app.origin}/mcp`, {
      method: 'POST',
      headers: { ...headers, 'content-length': 11_000_000 },
    }).on('error', () => {});
    slow.write(`{"a":"${'x'.repeat(100_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const waiting = app.post(JSON.stringify({ a: 'x'.repeat(11_000_000) }), { token });
    expect((await app.post(LIST, { token })).status).toBe(200);
    const ofOther = await app.post(JSON.stringify({ a: 'x'.repeat(11_000_000) }), { token: await app.token('bob') });
    expect(ofOther.status).toBe(400);
    const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))]);
    expect(first).toBe('waits');
    slow.destroy();
    expect((await waiting).status).toBe(400);
  });
});

describe('a body that is not what it claims to be', () => {
  test.each([
    ['not JSON', '{"jsonrpc":', {}, 400],
    ['a text', '"x"', {}, 400],
    ['not gzip', '{}', { 'content-encoding': 'gzip' }, 400],
    ['of an unknown encoding', '{}', { 'content-encoding': 'zip' }, 415],
    ['in UTF-16', '{}', { 'content-type': 'application/json; charset=utf-16' }, 415],
  ])('HTTP-03 %s is refused', async (_name, body, headers: Record<string, string>, status) => {
    await using app = await startMcpApp();
    const response = await app.post(body, { headers });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { message: expect.any(String) } });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    ['UTF-8 by name', { 'content-type': 'application/json; charset="UTF-8"' }, LIST],
    ['with a byte order mark', {}, `\uFEFF${LIST}`],
    ['in gzip', { 'content-encoding': 'gzip' }, gzipSync(LIST)],
  ])('HTTP-03 %s is read', async (_name, headers: Record<string, string>, body) => {
    await using app = await startMcpApp();
    expect((await app.post(body, { headers })).status).toBe(200);
  });
});

interface SlowBodies {
  count: number;
  path: string;
  /** As announced; absent: unknown. */
  length?: string;
  sentBytes: number;
}

describe('many slow bodies of strangers', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  test.each([
    ['that only announce their length', { count: 700, path: '/oauth/token', length: '32768', sentBytes: 1 }],
    ['of unknown length', { count: 300, path: '/oauth/token', sentBytes: 1 }],
    ['that lack their last byte', { count: 700, path: '/oauth/token', length: '32768', sentBytes: 32_767 }],
    ['that are sign-ins', { count: 300, path: '/account', sentBytes: 1 }],
  ])(
    'HTTP-03 keep no one from the token endpoint: %s',
    { timeout: 30_000 },
    async (_what, { count, path, length, sentBytes }: SlowBodies) => {
      await using app = await startMcpApp({ trustProxy: 1 });
      const slow = Array.from({ length: count }, (_, index) => {
        const network = { 'x-forwarded-for': `2001:db8:${(index % 200).toString(16)}::1` };
        const headers = { ...form, ...network, ...(length && { 'content-length': length }) };
        const sent = request(app.origin + path, { method: 'POST', headers, agent: false }).on('error', () => {});
        sent.write('x'.repeat(sentBytes));
        return sent;
      });
      await new Promise((resolve) => setTimeout(resolve, 700));
      const startedAt = performance.now();
      const headers = { ...form, 'x-forwarded-for': '192.0.2.1' };
      const body = `grant_type=authorization_code&code=${'x'.repeat(3_000)}`;
      const answer = await app.fetch('/oauth/token', { method: 'POST', headers, body });
      expect(await answer.json()).toMatchObject({ error: expect.stringMatching(/^invalid_/) });
      expect(performance.now() - startedAt).toBeLessThan(1_500);
      for (const each of slow) each.destroy();
    },
  );
});

describe('a body that arrives slowly', () => {
  /** Starts a request that sends `head` and then nothing. */
  function begin(origin: string, path: string, headers: Record<string, string>) {
    const sent = request(origin + path, { method: 'POST', headers }).on('error', () => {});
    sent.write('{');
    return new Promise<{ status: number | undefined; ms: number }>((resolve) => {
      const startedAt = performance.now();
      sent.once('response', ({ statusCode: status }) => {
        resolve({ status, ms: performance.now() - startedAt });
        sent.destroy();
      });
    });
  }

  test('HTTP-03 is refused after a pause, at every endpoint', { timeout: 20_000 }, async () => {
    await using app = await startMcpApp({ adminToken: 'a'.repeat(32) });
    const json = { 'content-type': 'application/json' };
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answers = await Promise.all([
      begin(app.origin, '/mcp', { ...json, authorization: `Bearer ${await app.token()}` }),
      begin(app.origin, '/admin/clients', { ...json, authorization: `Bearer ${'a'.repeat(32)}` }),
      begin(app.origin, '/oauth/token', form),
      begin(app.origin, '/oauth/token', { ...form, 'content-length': '1000' }),
    ]);
    for (const { status, ms } of answers) {
      expect(status).toBe(408);
      expect(ms).toBeLessThan(15_000);
    }
  });
});
