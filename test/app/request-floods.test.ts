/** Many requests at once: how long the requests of others wait. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTurns } from '../../src/app/request-turns.ts';
import { startMcpApp } from '../support/app/mcp-app.ts';
import { type MeasuredApp, startMeasuredApp } from '../support/app/measured-app.ts';

/** CPU time of one turn, on a machine with other work. */
const MAX_TURN_MS = 200;

let measured: MeasuredApp;
beforeAll(async () => {
  measured = await startMeasuredApp();
  for (let calls = 0; calls < 20; calls += 1) {
    await Promise.all(['/account', '/health', '/x'].map((path) => fetch(measured.origin + path).then((r) => r.text())));
  }
}, 30_000);
afterAll(() => measured[Symbol.asyncDispose]());

/** Sends the text over one connection. @returns what is answered until the connection is closed, or a while has passed */
async function send(origin: string, text: string): Promise<{ answers: number; isClosed: boolean }> {
  const { port, hostname } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let answers = 0;
  socket
    .on('error', () => {})
    .on('data', (data) => {
      answers += data.toString('latin1').split('HTTP/1.1 ').length - 1;
    });
  socket.write(text);
  await Promise.race([new Promise((resolve) => socket.once('close', resolve)), sleep(1_500)]);
  const isClosed = socket.destroyed;
  socket.destroy();
  return { answers, isClosed };
}

const form = 'Content-Type: application/x-www-form-urlencoded\r\n';

/** Times depend on what else the machine does: a test fails if three attempts are too slow. */
const TIMED = { retry: 2 };

describe('requests that are sent before the answers to earlier ones were read', TIMED, () => {
  test.each([
    ['health checks', 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['pages', 'GET /account HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['forms', `POST /oauth/token HTTP/1.1\r\nHost: a\r\n${form}Content-Length: 3\r\n\r\na=b`],
    ['unknown paths', 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('HTTP-03 end the connection and delay no one, beyond a few: %s', async (_what, request) => {
    await measured.measure();
    const { isClosed } = await send(measured.origin, request.repeat(20_000));
    expect(isClosed).toBe(true);
    expect((await measured.measure()).longestTurnMs).toBeLessThan(MAX_TURN_MS);
    expect((await fetch(`${measured.origin}/health`)).status).toBe(200);
  });

  test('HTTP-03 are answered if they are few', async () => {
    await using app = await startMcpApp();
    const { answers } = await send(app.origin, 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5));
    expect(answers).toBe(5);
  });
});

describe('a body in very many pieces', TIMED, () => {
  test.each([
    ['one byte each', '1\r\nx\r\n'],
    ['two bytes each', '2\r\nxx\r\n'],
    ['one byte each, with an extension', '1;a\r\nx\r\n'],
  ])('HTTP-03 delays no one: %s', async (_what, chunk) => {
    const head = `POST /oauth/token HTTP/1.1\r\nHost: a\r\n${form}Transfer-Encoding: chunked\r\n\r\n`;
    await measured.measure();
    await send(measured.origin, head + chunk.repeat(15_000));
    expect((await measured.measure()).longestTurnMs).toBeLessThan(MAX_TURN_MS);
  });
});

describe('many requests of one network at the same time', () => {
  const WORK_MS = 4;

  /** @param arrivals networks of requests, those of each list at the same time. @returns the networks, as their requests are done */
  async function serve(arrivals: readonly string[][]): Promise<string[]> {
    const turns = createTurns({ turnMs: 8 });
    const done: string[] = [];
    const total = arrivals.flat().length;
    for (const networks of arrivals) {
      for (const network of networks) {
        turns.run(network, () => {
          for (const end = performance.now() + WORK_MS; performance.now() < end; );
          done.push(network);
        });
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (done.length < total) await sleep(1);
    return done;
  }

  const flood = (network: string) => Array.from({ length: 100 }, () => network);

  test.each([
    ['one network', [flood('192.0.2.1'), ['192.0.2.2']], 10],
    ['three networks', [[...flood('192.0.2.1'), ...flood('192.0.2.3'), ...flood('192.0.2.4')], ['192.0.2.2']], 15],
    ['a flood that goes on', [flood('192.0.2.1'), flood('192.0.2.1'), ['192.0.2.2']], 15],
  ])('HTTP-03 keep one of another network waiting for a few of them only: %s', async (_what, arrivals, most) => {
    expect((await serve(arrivals)).indexOf('192.0.2.2')).toBeLessThan(most);
  });

  test('HTTP-03 are refused beyond a number that waits', () => {
    const turns = createTurns({ turnMs: 0, maxWaitingPerNetwork: 2 });
    const answers = [1, 2, 3].map(() => turns.run('192.0.2.1', () => {}));
    expect([...answers, turns.run('192.0.2.2', () => {})]).toEqual([true, true, false, true]);
  });
});
