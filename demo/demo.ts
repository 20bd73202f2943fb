/** `npm run demo [-- --missive] [--once]`: runs mail-mcp with a service in memory and calls its tools with the official MCP client. Needs no account. */
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
const printHeading = (title: string) => print(`\n\x1b[1m== ${title}\x1b[0m`);

async function runDemo(createScenario: () => Promise<Scenario>, isOnce: boolean): Promise<void> {
  const scenario = await createScenario();
  printHeading(scenario.service.title);
  for (const line of scenario.service.lines) print(line);

  printHeading('mail-mcp');
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
    const registration = await mint(env, scenario);
    const client = await connect(config.issuer, registration, scenario);
    printHeading('The tools');
    await scenario.showTools(client, (request, result) => print(`\n> ${request}\n${result.replace(/^/gm, '  ')}`));
    await client.close();
    printHeading('Every step worked');
    if (isOnce) return;
    printInstructions(config.issuer, registration, scenario);
    await waitForInterrupt();
  } finally {
    await server.stop();
    await scenario.close();
  }
}

/** Mints a client as the operator does: `mail-mcp generate`. */
async function mint(env: NodeJS.ProcessEnv, { flags }: Scenario): Promise<Registration> {
  printHeading('The operator mints a client');
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

/** Connects the client with only the URL: discovery, sign-in of the account owner, tokens. */
async function connect(issuer: string, registration: Registration, { login }: Scenario): Promise<Client> {
  printHeading('The MCP client connects, and the account owner signs in');
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

function printInstructions(
  issuer: string,
  { client_id, client_secret }: Registration,
  { credentialsText }: Scenario,
): void {
  printHeading('Try it yourself');
  print(`MCP server URL:  ${issuer}/mcp`);
  print(`Client ID:       ${client_id}`);
  print(`Client secret:   ${client_secret}`);
  print(`Login:           ${credentialsText}`);
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

function waitForInterrupt(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

const has = (flag: string) => process.argv.includes(flag);

await runDemo(has('--missive') ? createMissiveScenario : createMailScenario, has('--once')).catch((error: unknown) => {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
