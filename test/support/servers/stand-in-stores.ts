/** Starts stand-ins for S3 and Redis that answer as a test says, for faults that real ones do not show on demand. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';

interface StandIn extends AsyncDisposable {
  port: number;
}

/** @param code of the error that it answers every request with */
export async function startRefusingS3(code: string): Promise<StandIn> {
  const server = createHttpServer((request, response) => {
    request.resume();
    request.once('end', () => {
      response.writeHead(code === 'PermanentRedirect' ? 301 : 403, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** @param answer the reply (RESP) to a command; others are answered `+OK` */
export async function startStandInRedis(answer: (command: string) => string | undefined): Promise<StandIn> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      // Commands arrive whole, as arrays of bulk strings.
      for (const command of chunk.toString('latin1').split(/(?=\*\d+\r\n\$)/)) {
        const words = command.split('\r\n').filter((_word, index) => index > 0 && index % 2 === 0);
        if (words.length > 0) socket.write(answer(words.join(' ').toUpperCase().trim()) ?? '+OK\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
