/**
 * Refuses long pipelines (RFC 9112 §9.3.2). Node handles all requests that arrive in one packet in one turn of the event loop, so a few packets would
 * delay the requests of others by seconds. Known clients and proxies send no second request before the answer to the first.
 */
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection without an answer. */
const MAX_UNANSWERED = 8;

/** Disconnects a client that sends more requests before it has read the answers. */
export function limitPipelines(handle: RequestListener): RequestListener {
  const unanswered = new WeakMap<Socket, Set<ServerResponse>>();
  return (request, response) => {
    const { socket } = request;
    // Node goes on with what has arrived of a connection that was destroyed.
    if (socket.destroyed) return;
    const responses = unanswered.get(socket) ?? new Set();
    unanswered.set(socket, responses);
    responses.add(response);
    response.once('close', () => responses.delete(response));
    if (responses.size > MAX_UNANSWERED) return void socket.destroy();
    return handle(request, response);
  };
}
