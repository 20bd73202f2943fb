/** Plays the server of a sender that fails at a certain moment of a one-click request. */

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import type { PostOneClick } from '../../../src/web/one-click.ts';
import { createLoopbackOneClick, startDocumentServer } from '../../support/servers/document-server.ts';
import type { Outcome } from './outcomes.ts';

export interface OneClickStage extends AsyncDisposable {
  url: string;
  post: PostOneClick;
  /** Failures so far. */
  happened(): number;
  /** Requests that have arrived as a whole. */
  arrived(): number;
}

const TIMEOUT_MS = 1_500;

/** `connect` is the connection before TLS, `POST` the request within it. */
export async function startOneClickStage({ command, moment }: Outcome): Promise<OneClickStage> {
  let happened = 0;
  const fail = (socket: Socket) => {
    happened += 1;
    socket.on('error', () => undefined);
    if (moment.startsWith('cut')) socket.destroy();
    else if (moment === 'garbage') socket.end('this is no protocol\r\n\r\n');
    // Otherwise the end of the connection would not be seen.
    else socket.resume();
  };
  const post = createLoopbackOneClick({ timeoutMs: TIMEOUT_MS });
  if (command === 'connect') {
    const server = createServer(fail).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const close = async () => void server.close();
    return {
      ...{ post, url: `https://localhost:${port}/u`, happened: () => happened, arrived: () => 0 },
      [Symbol.asyncDispose]: close,
    };
  }
  const web = await startDocumentServer(moment.endsWith('before') ? { onSecureConnection: fail } : {});
  web.answer((request) => request.resume().once('end', () => fail(request.socket)));
  return {
    ...{ post, url: web.url('/u'), happened: () => happened, arrived: () => web.requests.length },
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}
