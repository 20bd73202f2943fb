/** Starts an IMAP and an SMTP server that the soak may restart, on the same mail as the shared servers. */
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '../test/support/app/wait-until.ts';
import { startDovecot } from '../test/support/servers/dovecot.ts';
import { freePortsFor } from '../test/support/servers/ports.ts';
import { isQueueEmpty, startPostfix } from '../test/support/servers/postfix.ts';
import type { CuttableProxy } from '../test/support/servers/proxies.ts';
import { cleanUpOnExit } from '../test/support/servers/server-process.ts';
import type { TestServers } from '../test/support/servers/servers.ts';
import { makeScratch } from '../test/support/servers/start-servers.ts';

export interface SoakServers extends AsyncDisposable {
  /** Ports with implicit TLS. */
  ports: { imap: number; smtp: number };
  /** Restarts the IMAP server, also during commands. */
  restartImap(): Promise<void>;
  /** Grows by one when a restart of the IMAP server begins and when it ends: odd during a restart. */
  imapRestartSteps(): number;
  /**
   * Restarts the SMTP server when its queue is empty: a delivery whose confirmation was lost would be repeated (RFC 5321 §4.5.4.1), and
   * would look as if mail-mcp had sent twice.
   *
   * @param network the proxy in front of it
   */
  restartSmtp(network: CuttableProxy): Promise<void>;
}

const MAX_DELIVERY_MS = 10_000;

/** @param servers deliver the mail and verify the credentials */
export async function startSoakServers(servers: TestServers): Promise<SoakServers> {
  const scratch = await makeScratch();
  cleanUpOnExit(scratch);
  const certificate = servers.certificates.server;
  const ports = {
    imap: await freePortsFor('tlsPort', 'starttlsPort'),
    smtp: await freePortsFor('tlsPort', 'starttlsPort', 'cleartextPort'),
  };
  const [dovecot, postfix] = await Promise.all([
    startDovecot(scratch, { kind: 'imap-only', ...ports.imap, certificate, store: servers.store }),
    startPostfix(scratch, { ...ports.smtp, certificate, dovecot: servers.dovecot }),
  ]);
  let imapRestartSteps = 0;
  return {
    ports: { imap: ports.imap.tlsPort, smtp: ports.smtp.tlsPort },
    async restartImap() {
      imapRestartSteps += 1;
      await dovecot.restart();
      imapRestartSteps += 1;
    },
    imapRestartSteps: () => imapRestartSteps,
    async restartSmtp(network) {
      network.refuse();
      network.freeze();
      // Mail that was submitted before the freeze may not be in the queue yet.
      await pause(200);
      await waitUntil(MAX_DELIVERY_MS, () => isQueueEmpty(scratch));
      await postfix.restart();
      network.cut();
      network.thaw();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([dovecot.stop(), postfix.stop()]);
      await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
