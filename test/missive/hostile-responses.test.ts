import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createMissiveApi } from '../../src/missive/api.ts';

/** What the API returns for a response body that is sent as it is. */
async function answerTo(body: string): Promise<unknown> {
  const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  try {
    const api = createMissiveApi({ url: `http://127.0.0.1:${port}`, token: 'any' }, { now: () => new Date() });
    return await api.request({ http: 'GET', path: '/messages' }).catch((error: unknown) => error);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe('a response of Missive is not parsed if it has', () => {
  test.each([
    ['millions of empty objects', `[${'{},'.repeat(3_000_000)}{}]`],
    ['a million numbers', `{"messages":[${'1,'.repeat(1_000_000)}1]}`],
    ['a million fields', `{${'"a":"",'.repeat(1_000_000)}"b":1}`],
    ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['more than 20 MB', `{"a":"${'x'.repeat(21 * 1024 * 1024)}"}`],
  ])('%s: the error says to ask for less', async (_what, body) => {
    expect(await answerTo(body)).toMatchObject({
      service: 'Missive',
      fault: 'refused',
      message: expect.stringContaining('ask for fewer'),
    });
  });

  test('a large text and many rows are returned', async () => {
    const rows = Array.from({ length: 200 }, (_, id) => ({ id, text: 'x'.repeat(50_000), tags: Array(50).fill('a') }));
    expect(await answerTo(JSON.stringify({ rows }))).toEqual({ rows });
  });
});
