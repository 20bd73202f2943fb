/** Starts the whole server as in production, except that it fetches client metadata documents with a function of the test. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createApp } from '../../../src/app/app.ts';
import { assemble } from '../../../src/app/assemble.ts';
import { generate } from '../../../src/commands/generate.ts';
import { createLog } from '../../../src/log.ts';
import type { MailAccount } from '../../../src/mail/account.ts';
import { createClients } from '../../../src/oauth/client/clients.ts';
import type { FetchDocument } from '../../../src/oauth/client/fetch-document.ts';
import { readConfig } from '../../../src/settings/config.ts';
import { freePort } from '../servers/ports.ts';

export interface DocumentApp extends AsyncDisposable {
  origin: string;
  /** URL of /mcp. */
  url: URL;
}

/**
 * @param account whose servers are the default connection
 * @param environment added to BASE_URL, ENCRYPTION_KEY and DEFAULT_CONNECTION
 */
export async function startDocumentApp(
  { imap, smtp }: MailAccount,
  environment: NodeJS.ProcessEnv,
  fetchDocument: FetchDocument,
): Promise<DocumentApp> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const env = { BASE_URL: origin, ENCRYPTION_KEY: randomBytes(32).toString('base64'), ...environment };
  const flags = {
    connection: true,
    json: true,
    probe: false,
    imapHost: imap.server.host,
    imapPort: String(imap.server.port),
    imapSsl: imap.server.security === 'tls',
    smtpHost: smtp.server.host,
    smtpPort: String(smtp.server.port),
    smtpSsl: smtp.server.security === 'tls',
  };
  const connection = JSON.parse(await generate(flags, env, new Date()));
  const config = readConfig({ ...env, DEFAULT_CONNECTION: connection.default_connection });
  const { services, close } = await assemble(config, createLog(config.logLevel, { write: () => {} }));
  const { dynamicClients } = services.clients;
  const clients = createClients({ ...services, deniedClients: new Set(), dynamicClients, fetchDocument });
  const server = createServer({ maxHeaderSize: 32 * 1024 }, createApp({ ...services, clients }));
  server.listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    origin,
    url: new URL(`${origin}/mcp`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await close();
    },
  };
}
