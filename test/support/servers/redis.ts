/** Starts a Redis server for one test file, which can be stopped, restarted and frozen. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair } from './certificates.ts';
import { freePort } from './ports.ts';
import { cleanUpOnExit, greets, type ServerProcess, startServer } from './server-process.ts';
import { makeScratch } from './start-servers.ts';

export interface TestRedis extends AsyncDisposable {
  url: string;
  /** Stops it; its data is lost. */
  stop(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
  /** Suspends the process: it answers nothing and keeps connections open. */
  freeze(): Promise<void>;
}

/**
 * Starts it on a free loopback port, without files.
 *
 * @param certificate for Redis over TLS at `localhost`
 */
export async function startRedis(certificate?: KeyPair): Promise<TestRedis> {
  const scratch = await makeScratch();
  cleanUpOnExit(scratch);
  const port = await freePort();
  const tlsPort = await freePort();
  const plain = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', scratch, '--save', '', '--appendonly', 'no'];
  const encrypted = certificate && [
    ...['--tls-port', `${tlsPort}`, '--tls-auth-clients', 'no', '--tls-ca-cert-file', certificate.cert],
    ...['--tls-cert-file', certificate.cert, '--tls-key-file', certificate.key],
  ];
  let running: ServerProcess | undefined;

  async function start(): Promise<void> {
    running = await startServer(scratch, {
      name: 'redis',
      command: 'redis-server',
      args: [...plain, ...(encrypted ?? [])],
      isReady: () => greets(port, '+PONG', 'PING\r\n'),
    });
  }
  async function stop(): Promise<void> {
    await running?.stop();
    running = undefined;
  }

  await start();
  return {
    url: encrypted === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${tlsPort}`,
    start,
    stop,
    async freeze() {
      process.kill(Number(await readFile(join(scratch, 'pids', 'redis'), 'utf8')), 'SIGSTOP');
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
