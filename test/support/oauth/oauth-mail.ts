/** Starts mail servers that accept the access tokens of an OpenID provider: Dovecot, which introspects them or validates their signature, and Postfix, which asks Dovecot. */
import { rm } from 'node:fs/promises';
import type { MailServer } from '../../../src/mail/account.ts';
import { dovecotSockets, makeMailStore, startDovecot } from '../servers/dovecot.ts';
import { freePortsFor } from '../servers/ports.ts';
import { startPostfix } from '../servers/postfix.ts';
import { cleanUpOnExit } from '../servers/server-process.ts';
import { type TestServers, testServers } from '../servers/servers.ts';
import { makeScratch } from '../servers/start-servers.ts';

export interface OAuthMail extends AsyncDisposable {
  imap: MailServer;
  smtp: MailServer;
  store: TestServers['store'];
}

export async function startOAuthMail({
  introspectionUrl,
  tokenKey,
}: {
  introspectionUrl: string;
  tokenKey: string;
}): Promise<OAuthMail> {
  const scratch = await makeScratch();
  cleanUpOnExit(scratch);
  const { server: certificate } = testServers().certificates;
  const imap = await freePortsFor('tlsPort', 'starttlsPort');
  const smtp = await freePortsFor('tlsPort', 'starttlsPort', 'cleartextPort');
  const store = makeMailStore(scratch);
  const started = await Promise.all([
    startDovecot(scratch, { kind: 'full', ...imap, certificate, store, introspectionUrl, tokenKey }),
    startPostfix(scratch, { ...smtp, certificate, dovecot: dovecotSockets(scratch) }),
  ]);
  return {
    imap: { host: 'localhost', port: imap.tlsPort, security: 'tls' },
    smtp: { host: 'localhost', port: smtp.tlsPort, security: 'tls' },
    store,
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map(({ stop }) => stop()));
      await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
