import { createServer, type Server } from 'node:http';
import { createApp } from '../app/app.ts';
import { assemble } from '../app/assemble.ts';
import { giveBackIdleMemory } from '../app/idle-memory.ts';
import { notOffered } from '../app/open-state.ts';
import { ConfigError } from '../errors.ts';
import { createLog, type Log } from '../log.ts';
import type { Config } from '../settings/config.ts';

/** How long requests that run may take to end after the server was told to stop. */
const STOP_MS = 8000;

export interface RunningServer {
  port: number;
  /** Refuses new requests, finishes those that run, closes all connections; within 10 s. */
  stop(): Promise<void>;
}

/** @throws {ConfigError} if it cannot listen where the settings say */
export async function startServer(config: Config, log: Log = createLog(config.logLevel)): Promise<RunningServer> {
  const { services, stopAccepting, close } = await assemble(config, log);
  // A token, a client id and a state of 2 KiB are headers and query of one request.
  const server = createServer(
    // Node looks at the clock every 30 s by itself, so that a header could take 40.
    { maxHeaderSize: 32 * 1024, headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 2000 },
    createApp(services),
  );
  const port = await listen(server, config);
  const attachments = config.s3 === undefined ? 'sealed links' : 'S3';
  const { issuer, replicas } = config;
  const state = services.state.isShared ? 'Redis' : 'this process';
  log.info({ port, issuer, attachments, replicas, state }, 'listening');
  const missing = notOffered(config);
  if (missing.length > 0) log[replicas > 1 ? 'warn' : 'info']({ missing }, 'running without REDIS_URL');
  const keepMemory = giveBackIdleMemory();
  return {
    port,
    async stop() {
      log.info({}, 'stopping');
      keepMemory();
      stopAccepting();
      await closeServer(server);
      await close();
      log.info({}, 'stopped');
    },
  };
}

function listen(server: Server, { port, host }: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new ConfigError(`Cannot listen on ${host ?? 'any address'}, port ${port}: ${error.code ?? 'unknown error'}.`),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(address === null || typeof address === 'string' ? port : address.port);
    });
  });
}

/** Idle connections are closed at once, busy ones when their request has ended, and all of them at the limit. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), STOP_MS);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });
}
