import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createMissiveApi, createResponseShares, type ResponseMemory } from '../../src/missive/api.ts';

/** What the API returns for a response body that is sent as it is, for each of the accounts. */
async function answersTo(body: string, memories: readonly (ResponseMemory | undefined)[]): Promise<unknown[]> {
  const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  try {
    const requests = memories.map((memory) => {
      const options = { now: () => new Date(), ...(memory !== undefined && { memory }) };
      const api = createMissiveApi({ url: `http://127.0.0.1:${port}`, token: 'any' }, options);
      return api.request({ http: 'GET', path: '/messages' }).catch((error: unknown) => error);
    });
    return await Promise.all(requests);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function answerTo(body: string): Promise<unknown> {
  const [answer] = await answersTo(body, [undefined]);
  return answer;
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

describe('responses at the same time share a limited memory', () => {
  const TEN_MB = JSON.stringify({ a: 'x'.repeat(10 * 1024 * 1024) });
  const isAnswer = (answer: unknown) => !(answer instanceof Error);

  test.each([
    ['ten of one account', TEN_MB, Array.from({ length: 10 }, () => 'ada')],
    ['ten of ten accounts', TEN_MB, Array.from({ length: 10 }, (_, n) => `account ${n}`)],
    ['five of one account beside one of another', TEN_MB, ['ada', 'ada', 'ada', 'ada', 'ada', 'bob']],
  ])('%s: some are returned, and the others say to try again', async (_, body, accounts) => {
    const shares = createResponseShares();
    const answers = await answersTo(
      body,
      accounts.map((account) => ({ shares, account })),
    );
    const refused = answers.filter((answer) => !isAnswer(answer));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(answers.length);
    for (const error of refused)
      expect(error).toMatchObject({ fault: 'refused', message: expect.stringContaining('Try again') });
    if (accounts.includes('bob')) expect(isAnswer(answers.at(-1))).toBe(true);
    expect(shares.taken).toBe(0);
  });

  test('short responses are always returned', async () => {
    const shares = createResponseShares();
    const memories = Array.from({ length: 200 }, () => ({ shares, account: 'ada' }));
    const answers = await answersTo(JSON.stringify({ a: 'x'.repeat(200_000) }), memories);
    expect(answers.every(isAnswer)).toBe(true);
  });
});
