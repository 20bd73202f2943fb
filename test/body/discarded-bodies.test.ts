import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BODY_TIMES, BodyError, readBody } from '../../src/body/read-body.ts';
import { waitUntil } from '../support/app/wait-until.ts';

/** Refuses bodies of more than a thousand bytes. */
const server = createServer((request, response) => {
  readBody(request, { ...BODY_TIMES, maxBytes: 1000 }).catch((error: unknown) => {
    response.writeHead(error instanceof BodyError ? error.status : 500).end();
  });
});
beforeAll(async () => void (await once(server.listen(0, '127.0.0.1'), 'listening')));
afterAll(() => void server.close());

/** Sends the header and the start of a body, and stays connected. */
function sendStart(headers: string): Socket {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n`);
  return socket;
}

const isOpen = ({ destroyed, readableEnded }: Socket) => !destroyed && !readableEnded;

test.each([
  ['too long by its length', 'Content-Length: 3000000', 'x'.repeat(100_000)],
  ['too long by its bytes', 'Transfer-Encoding: chunked', `10000\r\n${'x'.repeat(65_536)}\r\n`],
  ['too long when decompressed', 'Content-Encoding: zip\r\nContent-Length: 3000000', 'x'.repeat(100_000)],
])(
  'of many refused bodies that are not sent to their end, the first are disconnected: %s',
  async (_why, headers, start) => {
    const sockets: Socket[] = [];
    for (let n = 0; n < 100; n += 1) {
      const socket = sendStart(headers);
      socket.write(start);
      sockets.push(socket);
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await waitUntil(5000, async () => sockets.filter(isOpen).length <= 64);
    expect(sockets.filter(isOpen).length).toBeGreaterThan(50);
    for (const socket of sockets) socket.destroy();
  },
);

test('a client that sends everything before it reads gets its answer', async () => {
  const socket = sendStart('Content-Length: 5000000');
  const answer = once(socket, 'data');
  const body = Buffer.alloc(5_000_000, 'x');
  await new Promise((resolve) => socket.write(body, resolve));
  expect(String((await answer)[0])).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});
