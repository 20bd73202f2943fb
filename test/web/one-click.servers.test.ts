import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { ToolError } from '../../src/errors.ts';
import { createOneClick, type PostOneClick } from '../../src/web/one-click.ts';
import { isPublic } from '../../src/web/public-address.ts';
import { createLoopbackOneClick, startDocumentServer } from '../support/servers/document-server.ts';
import { freePort } from '../support/servers/ports.ts';
import { testServers } from '../support/servers/servers.ts';

const NOT_SENT = 'Nothing was sent: the server of the sender could not be reached. Try again later.';

/** The status, `unknown`, or the sentence of the refusal. */
const outcomeOf = (post: PostOneClick, url: string) =>
  post(url).then(
    (status) => status ?? 'unknown',
    (error: unknown) => (error instanceof ToolError ? error.message : error),
  );

const at =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('a one-click request (RFC 8058 §3.1)', () => {
  test('UNSUB-02 is a POST of a fixed form, with no cookie, no credentials and no Referer', async () => {
    await using server = await startDocumentServer();
    const bodies: string[] = [];
    server.answer(async (request, response) => {
      bodies.push(await text(request));
      response.writeHead(202, { 'Set-Cookie': 'a=b' }).end();
    });
    const post = createLoopbackOneClick();
    expect([await post(`${server.url('/u')}?t=1`), await post(server.url('/u'))]).toEqual([202, 202]);
    const [request] = server.requests;
    expect(bodies).toEqual(['List-Unsubscribe=One-Click', 'List-Unsubscribe=One-Click']);
    expect([request?.method, request?.url]).toEqual(['POST', '/u?t=1']);
    expect(server.requests[1]?.headers).toEqual({
      host: server.host,
      accept: '*/*',
      'accept-encoding': 'identity',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '26',
      'user-agent': 'mail-mcp',
      connection: 'close',
    });
  });

  test.each([200, 204, 301, 302, 307, 308, 404, 500])(
    'UNSUB-02 the status %i is reported, and no redirect is followed',
    async (status) => {
      await using server = await startDocumentServer();
      server.answer((_, response) => void response.writeHead(status, { Location: '/other' }).end());
      expect(await createLoopbackOneClick()(server.url('/u'))).toBe(status);
      expect(server.requests).toHaveLength(1);
    },
  );

  test('UNSUB-02 an answer without an end is not read', async () => {
    await using server = await startDocumentServer();
    let isClosed: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => {
      isClosed = resolve;
    });
    server.answer((_, response) => {
      response.on('close', () => isClosed?.());
      response.writeHead(200);
      const write = () =>
        void (response.write('x'.repeat(1_000_000)) ? setImmediate(write) : response.once('drain', write));
      write();
    });
    expect(await createLoopbackOneClick()(server.url('/u'))).toBe(200);
    await closed;
  });

  test.each<[string, RequestListener]>([
    ['says nothing', () => {}],
    ['closes the connection', (request: IncomingMessage) => void request.socket.destroy()],
    ['does not speak HTTP', (request: IncomingMessage) => void request.socket.end('what?\r\n\r\n')],
    [
      'sends a header without an end',
      (request: IncomingMessage) => void request.socket.write('HTTP/1.1 200 OK\r\nA: b\r\n'),
    ],
    [
      'sends a header of 10 kB',
      (request: IncomingMessage) => void request.socket.write(`HTTP/1.1 200 OK\r\nA: ${'b'.repeat(10_000)}\r\n\r\n`),
    ],
  ])('UNSUB-03 a server that %s leaves the outcome unknown, and is not asked again', async (_, listener) => {
    await using server = await startDocumentServer();
    server.answer(listener);
    expect(await outcomeOf(createLoopbackOneClick({ timeoutMs: 400 }), server.url('/u'))).toBe('unknown');
    expect(server.requests).toHaveLength(1);
  });
});

describe('a one-click request is not sent', () => {
  test('UNSUB-02 to a private address, or a name that has one among others', async () => {
    await using server = await startDocumentServer();
    const url = server.url('/u');
    expect(await outcomeOf(createLoopbackOneClick({ isAllowed: isPublic }), url)).toBe(NOT_SENT);
    for (const addresses of [['127.0.0.1', '10.0.0.1'], ['169.254.169.254', '127.0.0.1'], ['127.0.0.1', '::1'], []]) {
      expect(await outcomeOf(createLoopbackOneClick({ resolve: at(...addresses) }), url)).toBe(NOT_SENT);
    }
    expect(await outcomeOf(createOneClick(), url)).toBe(NOT_SENT);
    expect(server.connections()).toBe(0);
  });

  test('UNSUB-02 to an address in the URL, or without TLS', async () => {
    await using server = await startDocumentServer();
    const post = createLoopbackOneClick({ isAllowed: () => true });
    for (const host of ['https://127.0.0.1', 'https://[::1]', 'https://2130706433', 'http://localhost']) {
      expect(await outcomeOf(post, `${host}:${server.port}/u`)).toBe(NOT_SENT);
    }
    expect(server.connections()).toBe(0);
  });

  test('UNSUB-02 to an address that a name has after the check', async () => {
    await using checked = await startDocumentServer();
    await using inner = await startDocumentServer({ address: '127.0.0.2', port: checked.port });
    const answers = [at('127.0.0.1'), at('127.0.0.2')];
    const post = createLoopbackOneClick({ resolve: () => (answers.shift() ?? at('127.0.0.2'))() });
    await post(checked.url('/u'));
    expect([checked.connections(), inner.connections()]).toEqual([1, 0]);
  });

  test('UNSUB-03 if there is no connection, or no trusted certificate', async () => {
    const { wrongHost, selfSigned } = testServers().certificates;
    for (const pair of [wrongHost, selfSigned]) {
      await using server = await startDocumentServer({ pair });
      expect(await outcomeOf(createLoopbackOneClick(), server.url('/u'))).toBe(NOT_SENT);
      expect(server.requests).toHaveLength(0);
    }
    expect(await outcomeOf(createLoopbackOneClick(), `https://localhost:${await freePort()}/u`)).toBe(NOT_SENT);
    const neverResolved = createLoopbackOneClick({ resolve: () => new Promise(() => {}), timeoutMs: 300 });
    expect(await outcomeOf(neverResolved, 'https://news.example/u')).toBe(NOT_SENT);
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    expect(await outcomeOf(createLoopbackOneClick({ timeoutMs: 300 }), `https://localhost:${port}/u`)).toBe(NOT_SENT);
    silent.close();
  });
});
