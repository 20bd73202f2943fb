/** Starts an SMTP server that accepts mail to everyone: the people of a sample mailbox are no users of the servers. */
import { rm } from 'node:fs/promises';
import { freePortsFor } from '../../test/support/servers/ports.ts';
import { startPostfix } from '../../test/support/servers/postfix.ts';
import { cleanUpOnExit } from '../../test/support/servers/server-process.ts';
import type { TestServers } from '../../test/support/servers/servers.ts';
import { makeScratch } from '../../test/support/servers/start-servers.ts';

export interface AcceptingSmtp extends AsyncDisposable {
  /** The given servers with this one in the place of theirs. */
  servers: TestServers;
}

/** @param servers verify the credentials */
export async function startAcceptingSmtp(servers: TestServers): Promise<AcceptingSmtp> {
  const scratch = await makeScratch();
  cleanUpOnExit(scratch);
  const ports = await freePortsFor('tlsPort', 'starttlsPort', 'cleartextPort');
  const { certificates, dovecot } = servers;
  const postfix = await startPostfix(scratch, {
    ...ports,
    certificate: certificates.server,
    dovecot,
    acceptsAll: true,
  });
  return {
    servers: { ...servers, smtp: { host: servers.smtp.host, ...ports } },
    async [Symbol.asyncDispose]() {
      await postfix.stop();
      await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
