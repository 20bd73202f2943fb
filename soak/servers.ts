/** An IMAP and an SMTP server of the soak's own, which it may restart, on the mail of the servers that others use too. */
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
  /** Take TLS. */
  ports: { imap: number; smtp: number };
  /** Ends the IMAP server within whatever it is doing, and starts it again. */
  restartImap(): Promise<void>;
  /** Grows when the IMAP server is told to end, and when it is there again: odd in between. */
  imapTurns(): number;
  /**
   * The same for the SMTP server, when all mail is delivered that it has: after the end of a delivery that it was not told of it would
   * deliver once more (RFC 5321 §4.5.4.1), and that would look as if we had sent twice.
   *
   * @param network between us and it
   */
  restartSmtp(network: CuttableProxy): Promise<void>;
}

const DELIVERED_LIMIT_MS = 10_000;

/** @param servers deliver the mail and check the logins */
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
  let imapTurns = 0;
  return {
    ports: { imap: ports.imap.tlsPort, smtp: ports.smtp.tlsPort },
    async restartImap() {
      imapTurns += 1;
      await dovecot.restart();
      imapTurns += 1;
    },
    imapTurns: () => imapTurns,
    async restartSmtp(network) {
      network.refuse();
      network.freeze();
      // What had come before the network was still may not be in the queue yet.
      await pause(200);
      await waitUntil(DELIVERED_LIMIT_MS, () => isQueueEmpty(scratch));
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
