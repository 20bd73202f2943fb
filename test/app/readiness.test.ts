/** Checks what /ready says of Redis, and what the log says of requests that were refused. */
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startApp } from '../support/app/start-app.ts';
import { unusedPort } from '../support/mail/faulty-servers.ts';

const post = (port: number, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers });
    sent.once('response', (response) => resolve(response.resume().statusCode)).once('error', reject);
    sent.end();
  });

describe('/ready', () => {
  test('is degraded and still 200 while Redis cannot be reached', async () => {
    const { port } = await unusedPort();
    await using app = await startApp({ REDIS_URL: `redis://localhost:${port}` });
    const response = await fetch(`${app.origin}/ready`);
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 200,
      body: { status: 'degraded' },
    });
    expect(await (await fetch(`${app.origin}/ready?verbose`)).json()).toEqual({
      ...{ status: 'degraded', redis: 'unreachable', forwarded: 'absent' },
    });
  });
});

describe('the log', () => {
  test('says why a request was refused', async () => {
    await using app = await startApp();
    const host = `localhost:${app.port}`;
    await post(app.port, { host: 'mail.internal:8080' });
    await post(app.port, { host, origin: 'https://evil.example' });
    await post(app.port, { host });
    await post(app.port, { host, authorization: 'Basic abc' });
    const reasons = app.requests().map(({ status, outcome, reason }) => [status, outcome, reason]);
    expect(reasons).toEqual([
      [421, 'wrong_host', `Host is mail.internal:8080, and BASE_URL has ${host}`],
      [403, 'foreign_origin', 'ALLOWED_ORIGINS does not have https://evil.example'],
      [401, 'invalid_token', 'no Authorization header'],
      [401, 'invalid_token', 'the Authorization header has no bearer token'],
    ]);
  });
});
