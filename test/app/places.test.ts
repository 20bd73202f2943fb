/** The places of an access token: 32 of its requests run at the same time, and no place is lost. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createMemoryState } from '../../src/state/memory.ts';
import { type McpApp, startMcpApp } from '../support/app/mcp-app.ts';
import { waitUntil } from '../support/app/wait-until.ts';

const LIST = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
const MAX_CONCURRENT = 32;

/** An app whose check of tokens waits until the test lets it end. */
async function startGatedApp() {
  const state = createMemoryState({ now: () => new Date() });
  let waiting = 0;
  const gate = Promise.withResolvers<void>();
  const app = await startMcpApp({
    state: {
      ...state,
      async readMarks(keys) {
        waiting += 1;
        await gate.promise;
        return state.readMarks(keys);
      },
    },
  });
  return { app, waiting: () => waiting, open: () => gate.resolve() };
}

/** Each begins a request in its own way; the test then breaks it off. */
const beginnings: [string, (app: McpApp, token: string) => { leave(): void }][] = [
  [
    'a whole request, whose client closes its connection',
    (app, token) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const sent = request(`${app.origin}/mcp`, { method: 'POST', headers, agent: false }).on('error', () => {});
      sent.end(LIST);
      return { leave: () => sent.destroy() };
    },
  ],
  [
    'a body that has not arrived, whose client resets its connection',
    (app, token) => {
      const socket = connect(app.port, '127.0.0.1').on('error', () => {});
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
      );
      return { leave: () => socket.resetAndDestroy() };
    },
  ],
  [
    'a GET, whose client closes its connection',
    (app, token) => {
      const headers = { authorization: `Bearer ${token}` };
      const sent = request(`${app.origin}/mcp`, { headers, agent: false }).on('error', () => {});
      sent.end();
      return { leave: () => sent.destroy() };
    },
  ],
];

describe('a client that has gone before its token was verified', () => {
  test.each(beginnings)('keeps no place: %s', async (_name, begin) => {
    const gated = await startGatedApp();
    await using app = gated.app;
    const token = await app.token();
    const begun = Array.from({ length: MAX_CONCURRENT }, () => begin(app, token));
    await waitUntil(10_000, async () => gated.waiting() === MAX_CONCURRENT);
    for (const one of begun) one.leave();
    await waitUntil(10_000, async () => app.logged().split('client_gone').length > MAX_CONCURRENT);
    gated.open();
    expect((await app.post(LIST, { token })).status).toBe(200);
  });
});
