/** `npm run demo [-- --missive] [--once]`: mail-mcp beside a service in memory, used by the official MCP client. Needs no account. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import process from 'node:process';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { main as mailMcp } from '../src/cli.ts';
import { startServer } from '../src/commands/server.ts';
import { createLog } from '../src/log.ts';
import { readConfig } from '../src/settings/config.ts';
import { signIn } from '../test/support/app/person.ts';
import { createMailScenario } from './mail-scenario.ts';
import { createMissiveScenario } from './missive-scenario.ts';
import { RegisteredClient } from './oauth-client.ts';
import type { Scenario } from './scenario.ts';

const REDIRECT_URI = 'http://localhost:6274/oauth/callback';
const Registration = z.object({ client_id: z.string(), client_secret: z.string() });
type Registration = z.output<typeof Registration>;

const print = (text: string) => void process.stdout.write(`${text}\n`);
const step = (title: string) => print(`\n\x1b[1m== ${title}\x1b[0m`);

async function demo(startAct: () => Promise<Scenario>, isOnce: boolean): Promise<void> {
  const act = await startAct();
  step(act.service.title);
  for (const line of act.service.lines) print(line);

  step('mail-mcp');
  const port = await freePort();
  const env = {
    BASE_URL: `http://localhost:${port}`,
    PORT: String(port),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    MAIL_MCP_LOG_LEVEL: 'WARN',
  };
  const config = readConfig(env);
  const server = await startServer(config, createLog(config.logLevel, process.stderr));
  try {
    print(`Serving ${config.issuer}/mcp`);
    const registration = await mint(env, act);
    const client = await connect(config.issuer, registration, act);
    step('A tour of the tools');
    await act.tour(client, (wish, answer) => print(`\n> ${wish}\n${answer.replace(/^/gm, '  ')}`));
    await client.close();
    step('Every step worked');
    if (isOnce) return;
    explain(config.issuer, registration, act);
    await interruption();
  } finally {
    await server.stop();
    await act.close();
  }
}

/** The operator's part: `mail-mcp generate`. */
async function mint(env: NodeJS.ProcessEnv, { flags }: Scenario): Promise<Registration> {
  step('The operator mints a client');
  const argv = [
    'generate',
    ...flags,
    '--preset=inspector',
    '--preset=claude',
    '--redirect-uri=http://localhost/callback',
    '--name=Demo',
    '--json',
  ];
  print(`mail-mcp ${argv.join(' ')}`);
  const printed: string[] = [];
  const exitCode = await mailMcp(argv, env, { out: (text) => printed.push(text), err: print });
  if (exitCode !== 0) throw new Error('generate failed');
  const registration = Registration.parse(JSON.parse(printed.join('')));
  print(`Client ID: ${registration.client_id.slice(0, 40)}… (${registration.client_id.length} characters)`);
  return registration;
}

/** The client's and the person's part: from the bare URL to a connection, through the OAuth flow. */
async function connect(issuer: string, registration: Registration, { login }: Scenario): Promise<Client> {
  step('The MCP client connects, and the person signs in');
  const provider = new RegisteredClient(registration, REDIRECT_URI);
  const client = new Client({ name: 'mail-mcp-demo', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  const transport = () => new StreamableHTTPClientTransport(new URL(`${issuer}/mcp`), { authProvider: provider });
  const first = transport();
  await client.connect(first).catch((error: unknown) => {
    if (!(error instanceof UnauthorizedError)) throw error;
  });
  if (provider.authorizationUrl === undefined) throw new Error('The server did not ask to sign in');
  print(`401, so the browser opens ${provider.authorizationUrl.origin}${provider.authorizationUrl.pathname}`);
  const callback = await signIn(provider.authorizationUrl, login);
  await first.finishAuth(callback);
  print('Signed in; the client has its tokens.');
  await client.connect(transport());
  const { tools } = await client.listTools();
  print(`${tools.length} tools, protocol ${client.getNegotiatedProtocolVersion()}`);
  return client;
}

function explain(issuer: string, { client_id, client_secret }: Registration, { loginWords }: Scenario): void {
  step('Try it yourself');
  print(`MCP server URL:  ${issuer}/mcp`);
  print(`Client ID:       ${client_id}`);
  print(`Client secret:   ${client_secret}`);
  print(`Login:           ${loginWords}`);
  print('\nMCP Inspector:   npx @modelcontextprotocol/inspector');
  print(`Claude Code:     claude mcp add --transport http --client-id <Client ID> --client-secret mail ${issuer}/mcp`);
  print('\nCtrl-C ends it.');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address === null || typeof address === 'string' ? reject(new Error('no free port')) : resolve(address.port),
      );
    });
  });
}

function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

const has = (flag: string) => process.argv.includes(flag);

await demo(has('--missive') ? createMissiveScenario : createMailScenario, has('--once')).catch((error: unknown) => {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
