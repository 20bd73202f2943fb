/** Sends one hostile request again as soon as it is answered or refused, in a thread of its own, until the thread is ended. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';

/** What the thread is started with. */
export const HostileWork = z.object({
  port: z.number(),
  tokens: z.array(z.string()),
  /** Requests of each token at the same time. */
  atOnce: z.number(),
  body: z.string(),
});
export type HostileWork = z.output<typeof HostileWork>;

async function post(port: number, agent: Agent, token: string, body: Buffer): Promise<number> {
  const sent = request({
    ...{ host: '127.0.0.1', port, agent, path: '/mcp', method: 'POST' },
    headers: {
      host: `localhost:${port}`,
      'content-type': 'application/json',
      'content-length': body.length,
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
    },
  });
  // A refusal may come, and the connection end, before all of the body was sent.
  sent.on('error', () => undefined);
  sent.end(body);
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

/** A process that has ended refuses thousands of connections a second. */
const RETRY_MS = 20;

async function sendForEver({ port, tokens, atOnce, body }: HostileWork): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const bytes = Buffer.from(body);
  await Promise.all(
    tokens
      .flatMap((token) => Array.from({ length: atOnce }, () => token))
      .map(async (token) => {
        for (;;) {
          const status = await post(port, agent, token, bytes).catch(() => 0);
          if (status === 0) await sleep(RETRY_MS);
          parentPort?.postMessage(status);
        }
      }),
  );
}

await sendForEver(HostileWork.parse(workerData));
