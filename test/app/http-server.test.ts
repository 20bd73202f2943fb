/** Sends requests that end before the app sees them: too large, malformed, or beside an answer that is under way. */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpServer } from '../../src/app/http-server.ts';

const server = createHttpServer((request, response) => {
  if (request.url === '/slow') response.write('part');
  else response.end(`cookie of ${request.headers.cookie?.length ?? 0}`);
});

beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** @returns everything that the server sends until it closes the connection */
async function answerTo(...parts: string[]): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  const answer = text(socket).catch(() => 'reset');
  for (const part of parts) socket.write(part);
  return answer;
}

const get = (path: string, cookieChars: number) =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: ${'c'.repeat(cookieChars)}\r\n\r\n`;

describe('headers', () => {
  test('HTTP-03 have room for the cookies of a sign-in at a provider beside a URL with a connection', async () => {
    expect(await answerTo(get(`/${'u'.repeat(14_000)}`, 27_000))).toContain('cookie of 27000');
  });

  test('HTTP-03 beyond their limit are answered with a sentence in every language, and the connection ends', async () => {
    const answer = await answerTo(get('/', 50_000));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('delete the cookies of this site');
    expect(answer).toContain('löschen Sie die Cookies');
  });

  test('that cannot be read are answered with 400, without a text', async () => {
    expect(await answerTo('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*Content-Length: 0\r\n\r\n$/);
  });

  test('beyond their limit do not become part of an answer that is under way', async () => {
    const answer = await answerTo('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n', get('/', 50_000));
    expect(answer).not.toContain('431');
  });
});
