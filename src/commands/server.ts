/**
 * Runs the commands of the command line, one file each. This one is `mail-mcp server`: it starts the server and stops it in order.
 *
 * Invariant: a command prints to the given output and receives the environment as an argument.
 */
import type { Server } from 'node:http';
import { assemble } from '../app/assemble.ts';
import { createHttpServer } from '../app/http-server.ts';
import { collectGarbageWhenIdle } from '../app/idle-memory.ts';
import { checkStore } from '../attachments/open-store.ts';
import { ConfigError } from '../errors.ts';
import { createLog, type Log } from '../log.ts';
import type { Config } from '../settings/config.ts';

/** Connections of requests that still run this long after the stop signal are closed. */
const MAX_STOP_MS = 8000;

export interface RunningServer {
  port: number;
  /** Refuses new requests, finishes running ones and closes all connections, within 10 s. */
  stop(): Promise<void>;
}

/** @throws {ConfigError} if it cannot listen at the configured address and port */
export async function startServer(
  config: Config,
  log: Log = createLog(config.logLevel),
  now: () => Date = () => new Date(),
): Promise<RunningServer> {
  const { app, services, extraction, missing, stopAccepting, settled, close } = await assemble(config, log, now);
  const server = createHttpServer(app);
  const { port, address } = await listen(server, config);
  const attachments = config.s3 === undefined ? 'links of this server' : 'S3';
  const { issuer, replicas } = config;
  const state = services.state.isShared ? 'Redis' : 'this process';
  const { processes, memoryMb } = extraction;
  log.info({ address, port, issuer, attachments, replicas, state, extraction: { processes, memoryMb } }, 'listening');
  if (missing.length > 0) log[replicas > 1 ? 'warn' : 'info']({ missing }, 'running without REDIS_URL');
  if (config.s3 !== undefined) void reportStore(config.s3, log);
  const stopCollecting = collectGarbageWhenIdle();
  return {
    port,
    async stop() {
      log.info({}, 'stopping');
      stopCollecting();
      stopAccepting();
      await Promise.all([closeServer(server), settled(MAX_STOP_MS)]);
      await close();
      log.info({}, 'stopped');
    },
  };
}

/** The server runs meanwhile: attachments have no links until the service works, and everything else does. */
async function reportStore(s3: NonNullable<Config['s3']>, log: Log): Promise<void> {
  const fault = await checkStore(s3);
  if (fault === undefined) log.info({}, 'S3 works');
  else log.error({ code: fault.code, reason: fault.sentence }, 'S3 does not work: attachments have no links');
}

/** @returns where it listens; `::` is every address, of IPv4 too */
function listen(server: Server, { port, host }: Config): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new ConfigError(`Cannot listen on ${host ?? 'any address'}, port ${port}: ${error.code ?? 'unknown error'}.`),
      );
    });
    server.listen(port, host, () => {
      const at = server.address();
      resolve(at === null || typeof at === 'string' ? { address: host ?? '*', port } : at);
    });
  });
}

/** Closes idle connections at once, busy ones after their request, and all of them at the limit. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), MAX_STOP_MS);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
    server.closeIdleConnections();
  });
}
