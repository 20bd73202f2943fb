/** Starts the whole server on a free port, as `mail-mcp server` does, and connects the official client to it. */

import { randomBytes } from 'node:crypto';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { RegisteredClient } from '../../../demo/oauth-client.ts';
import { generate } from '../../../src/commands/generate.ts';
import { startServer } from '../../../src/commands/server.ts';
import { createLog } from '../../../src/log.ts';
import type { MailAccount } from '../../../src/mail/account.ts';
import type { MissiveAccount } from '../../../src/missive/account.ts';
import { readConfig } from '../../../src/settings/config.ts';
import { passwordOf } from '../mail/accounts.ts';
import { freePort } from '../servers/ports.ts';
import { type FormFields, signIn } from './person.ts';

export const REDIRECT_URI = 'http://localhost/callback';

const Minted = z.object({ client_id: z.string(), client_secret: z.string().optional() });
export type Registration = z.output<typeof Minted>;

export type Era = 'auto' | 'legacy';

/** Servers and credentials of an account owner. */
export type TestAccount = MailAccount | MissiveAccount;

/** What the account owner does on the sign-in page. @returns the parameters of the redirect to the client */
export type OnSignInPage = (authorizationUrl: URL) => Promise<URLSearchParams>;

/** The official MCP client, signed in to an account. */
export interface Assistant extends AsyncDisposable {
  client: Client;
  provider: RegisteredClient;
  /** Calls a tool. @returns its structured content; throws what the model would read if it reports an error */
  call(tool: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** The error text of a call that must fail. */
  failure(tool: string, args?: Record<string, unknown>): Promise<string>;
}

export interface TestApp extends AsyncDisposable {
  origin: string;
  port: number;
  /** `ENCRYPTION_KEY` */
  key: string;
  /** Everything that was logged, as text. */
  logged(): string;
  /** The log lines of finished requests. */
  requests(): Record<string, unknown>[];
  mint(account: TestAccount, flags?: Record<string, unknown>): Promise<Registration>;
  /** Mints a client for the servers of the account, signs in on the sign-in page, and connects. */
  assistant(
    account: TestAccount,
    options?: {
      era?: Era;
      flags?: Record<string, unknown>;
      onSignInPage?: OnSignInPage;
      /** Where the client reaches the server, if a proxy is before it. */
      at?: string;
    },
  ): Promise<Assistant>;
  /** An access token for raw requests. */
  accessToken(account: TestAccount, options?: { scope?: string }): Promise<string>;
  /** A second instance of the server: same URL, same key and same settings, except those in `environment`. */
  replica(environment?: NodeJS.ProcessEnv): Promise<TestApp>;
  stop(): Promise<void>;
}

/** @param environment added to BASE_URL, PORT and ENCRYPTION_KEY; replaces them if it contains them */
export async function startApp(
  environment: NodeJS.ProcessEnv = {},
  now: () => Date = () => new Date(),
): Promise<TestApp> {
  const port = Number(environment.PORT ?? (await freePort()));
  const env = {
    BASE_URL: `http://localhost:${port}`,
    PORT: String(port),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    MAIL_MCP_LOG_LEVEL: 'DEBUG',
    ...environment,
  };
  const lines: string[] = [];
  const config = readConfig(env);
  const log = createLog(config.logLevel, { write: (line) => void lines.push(line) });
  const server = await startServer(config, log, now);
  const origin = `http://localhost:${port}`;
  let stopped: Promise<void> | undefined;

  async function mint(account: TestAccount, flags: Record<string, unknown> = {}): Promise<Registration> {
    const printed = await generate(
      { ...serverFlags(account), redirectUri: [REDIRECT_URI], json: true, probe: false, ...flags },
      env,
      now(),
    );
    const { client_id, client_secret } = Minted.extend({ client_secret: z.string().nullable() }).parse(
      JSON.parse(printed),
    );
    return client_secret === null ? { client_id } : { client_id, client_secret };
  }

  const app: TestApp = {
    origin,
    port,
    key: env.ENCRYPTION_KEY,
    logged: () => lines.join(''),
    requests: () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request'),
    mint,
    async assistant(account, { era = 'auto', flags = {}, onSignInPage, at = origin } = {}) {
      const provider = new RegisteredClient(await mint(account, flags), REDIRECT_URI);
      const client = await connect(at, provider, account, { era, onSignInPage });
      return toAssistant(client, provider);
    },
    async accessToken(account, { scope } = {}) {
      const provider = new RegisteredClient(await mint(account), REDIRECT_URI);
      const client = await connect(origin, provider, account, { era: 'auto', scope });
      await client.close();
      return provider.tokens()?.access_token ?? '';
    },
    async replica(environment = {}) {
      return startApp({ ...env, PORT: String(await freePort()), ...environment }, now);
    },
    stop: () => (stopped ??= server.stop()),
    [Symbol.asyncDispose]: () => app.stop(),
  };
  return app;
}

/** From the URL alone: 401, discovery, sign-in page, code, tokens. */
async function connect(
  origin: string,
  provider: RegisteredClient,
  account: TestAccount,
  { era, scope, onSignInPage }: { era: Era; scope?: string | undefined; onSignInPage?: OnSignInPage | undefined },
): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: era } });
  const transport = () => new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), { authProvider: provider });
  const first = transport();
  await client.connect(first).catch((error: unknown) => {
    if (!(error instanceof UnauthorizedError)) throw error;
  });
  if (provider.authorizationUrl === undefined) throw new Error('The server did not ask to sign in');
  if (scope !== undefined) provider.authorizationUrl.searchParams.set('scope', scope);
  const callback = await (onSignInPage ?? ((url: URL) => signIn(url, signInFields(account))))(
    provider.authorizationUrl,
  );
  await first.finishAuth(callback);
  await client.connect(transport());
  return client;
}

/** The values of the sign-in page for the account. */
export function signInFields(account: TestAccount): FormFields {
  if ('token' in account) return { api_token: account.token };
  const { fullName, email, imap, smtp } = account;
  return {
    full_name: fullName,
    email,
    imap_username: imap.login.username,
    imap_password: passwordOf(imap.login),
    smtp_username: smtp.login.username,
    smtp_password: passwordOf(smtp.login),
  };
}

/** The flags of `generate` that name the servers of the account. */
export function serverFlags(account: TestAccount): Record<string, unknown> {
  if ('token' in account) return { missive: true, missiveUrl: account.url };
  const { imap, smtp } = account;
  const isCleartext = [imap, smtp].some(({ server }) => server.security === 'cleartext');
  return {
    imapHost: imap.server.host,
    imapPort: String(imap.server.port),
    imapSsl: imap.server.security === 'tls',
    smtpHost: smtp.server.host,
    smtpPort: String(smtp.server.port),
    smtpSsl: smtp.server.security === 'tls',
    allowCleartext: isCleartext,
  };
}

function toAssistant(client: Client, provider: RegisteredClient): Assistant {
  async function callTool(tool: string, args: Record<string, unknown> = {}) {
    const { isError, content, structuredContent } = await client.callTool({ name: tool, arguments: args });
    const [first] = content;
    return { isError, text: first?.type === 'text' ? first.text : '', structuredContent };
  }
  return {
    client,
    provider,
    async call(tool, args) {
      const { isError, text, structuredContent } = await callTool(tool, args);
      if (isError || structuredContent === undefined) throw new Error(text);
      return z.record(z.string(), z.unknown()).parse(structuredContent);
    },
    async failure(tool, args) {
      const { isError, text } = await callTool(tool, args);
      if (!isError) throw new Error(`${tool} was expected to fail and did not`);
      return text;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
