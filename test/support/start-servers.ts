/** All servers of a test run, started together and stopped together. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import { dovecotSockets, makeMailStore, startDovecot } from './dovecot.ts';
import { freePorts } from './ports.ts';
import { startPostfix } from './postfix.ts';
import { endLeftovers } from './server-process.ts';
import type { TestServers } from './servers.ts';

export interface RunningServers {
  servers: TestServers;
  stop(): Promise<void>;
}

/**
 * Starts Dovecot, its poorer twin and Postfix on free loopback ports. Needs root, for they change their users.
 *
 * @param scratch an empty folder that every user of the machine may enter; the caller removes it
 * @throws {Error} if one of them does not answer within a minute; the others are stopped first
 */
export async function startServers(scratch: string): Promise<RunningServers> {
  const folder = join(scratch, 'certificates');
  await mkdir(folder);
  const certificates = await makeCertificates(folder);
  const store = makeMailStore(scratch);
  const [imapTls, imapStarttls, poorTls, poorStarttls, smtpTls, smtpStarttls, smtpCleartext] = await nPorts();
  const host = 'localhost';
  const servers: TestServers = {
    imap: { host, tlsPort: imapTls, starttlsPort: imapStarttls },
    poorImap: { host, tlsPort: poorTls, starttlsPort: poorStarttls },
    smtp: { host, tlsPort: smtpTls, starttlsPort: smtpStarttls, cleartextPort: smtpCleartext },
    ca: certificates.ca,
    certificates,
    store,
  };
  const shared = { certificate: certificates.server, store };
  const started = await Promise.allSettled([
    startDovecot(scratch, { kind: 'rich', ...servers.imap, ...shared }),
    startDovecot(scratch, { kind: 'poor', ...servers.poorImap, ...shared }),
    startPostfix(scratch, { ...servers.smtp, certificate: certificates.server, dovecot: dovecotSockets(scratch) }),
  ]);
  const faults = started.filter((result) => result.status === 'rejected').map((result) => result.reason);
  if (faults.length > 0) {
    endLeftovers(scratch);
    throw faults.length === 1 ? faults[0] : new AggregateError(faults, faults.join('\n'));
  }
  const stops = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value.stop] : []));
  return { servers, stop: async () => void (await Promise.all(stops.map((stop) => stop()))) };
}

async function nPorts(): Promise<[number, number, number, number, number, number, number]> {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = await freePorts(7);
  return [a, b, c, d, e, f, g];
}
