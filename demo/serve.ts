/** `npm run demo -- --serve`: leaves the server running, and prints how clients are connected. */
import process from 'node:process';
import type { Scenario } from './scenario.ts';
import { type DemoServer, startDemoServer } from './server.ts';
import type { Terminal } from './terminal.ts';

/** Resolves after Ctrl-C. */
export async function serve(scenario: Scenario, terminal: Terminal, port: number | undefined): Promise<void> {
  const interrupted = waitForInterrupt();
  const server = await startDemoServer(scenario.flags, port);
  try {
    const { client_id } = await server.mint(['--redirect-uri=http://localhost/callback', '--public']);
    const token = await server.createToken(client_id, scenario.answers);
    printLines(terminal, server, scenario, token);
    await interrupted;
    terminal.print('\nStopped.');
  } finally {
    await server.stop();
  }
}

function printLines({ print, style }: Terminal, { url }: DemoServer, scenario: Scenario, token: string): void {
  const mcp = `${url}/mcp`;
  const bearer = `"Authorization: Bearer ${token}"`;
  const { tool, args } = scenario.example;
  const toolArgs = Object.entries(args).map(([name, value]) => ` --tool-arg ${name}=${value}`);
  const heading = (title: string) => print(`\n${style('bold', title)}`);
  print(`${style('bold', 'mail-mcp demo')}: ${url} (${scenario.title})`);
  print('Run these lines in another terminal, in this folder. They work until Ctrl-C here.');

  heading('Claude Code, with a sign-in');
  print(`claude mcp add --transport http mail ${mcp}`);
  print('claude mcp login mail');
  print(style('dim', `Sign in as ${scenario.credentialsText}`));

  heading('Claude Code, with a token');
  print(`claude mcp add --transport http mail-token ${mcp} --header ${bearer}`);
  print('claude mcp list');

  heading('MCP Inspector, one call');
  const inspector = `npx @modelcontextprotocol/inspector --cli ${mcp} --header ${bearer}`;
  print(`${inspector} --method tools/call --tool-name ${tool}${toolArgs.join('')}`);

  heading('Codex');
  print(`export MAIL_TOKEN=${token} && codex mcp add mail --url ${mcp} --bearer-token-env-var MAIL_TOKEN`);

  heading('OpenCode');
  print(`opencode mcp add mail --url ${mcp} --header "Authorization=Bearer ${token}"`);

  print(`\nOther clients, step by step: ${url}`);
}

/** Resolves when the process receives SIGINT or SIGTERM. */
function waitForInterrupt(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
