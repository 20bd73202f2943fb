/** Starts and stops all servers of a test run. */
import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import { dovecotSockets, makeMailStore, startDovecot } from './dovecot.ts';
import { freePortsFor } from './ports.ts';
import { startPostfix } from './postfix.ts';
import { cleanUpOnExit, killRemaining } from './server-process.ts';
import type { TestServers } from './servers.ts';
import { s3Coordinates, startSwift } from './swift.ts';

export interface RunningServers {
  servers: TestServers;
  stop(): Promise<void>;
}

/** Creates an empty temporary folder that the servers, which run as other users, may enter. */
export async function makeScratch(): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'mail-mcp-test-'));
  await chmod(scratch, 0o755);
  return scratch;
}

/**
 * Starts both Dovecot servers, Postfix and Swift on free loopback ports. Requires root, because they change their users.
 *
 * @param scratch from makeScratch; removed, with all servers, when this process ends
 * @throws {Error} if one of them does not answer within a minute; the others are stopped first
 */
export async function startServers(scratch: string): Promise<RunningServers> {
  cleanUpOnExit(scratch);
  const folder = join(scratch, 'certificates');
  await mkdir(folder);
  const certificates = await makeCertificates(folder);
  const store = makeMailStore(scratch);
  const host = 'localhost';
  const swiftPorts = await freePortsFor('account', 'container', 'object', 'proxy', 'memcached');
  const servers: TestServers = {
    imap: { host, ...(await freePortsFor('tlsPort', 'starttlsPort')) },
    basicImap: { host, ...(await freePortsFor('tlsPort', 'starttlsPort')) },
    smtp: { host, ...(await freePortsFor('tlsPort', 'starttlsPort', 'cleartextPort')) },
    s3: s3Coordinates(swiftPorts.proxy),
    ca: certificates.ca,
    certificates,
    store,
    dovecot: dovecotSockets(scratch),
  };
  const certificate = certificates.server;
  const started = await Promise.allSettled([
    startDovecot(scratch, { kind: 'full', ...servers.imap, certificate, store }),
    startDovecot(scratch, { kind: 'basic', ...servers.basicImap, certificate, store }),
    startPostfix(scratch, { ...servers.smtp, certificate, dovecot: servers.dovecot }),
    startSwift(scratch, swiftPorts),
  ]);
  const faults = started.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (faults.length > 0) {
    killRemaining(scratch);
    throw new AggregateError(faults, faults.join('\n'));
  }
  const stops = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value.stop] : []));
  return { servers, stop: async () => void (await Promise.all(stops.map((stop) => stop()))) };
}
