/** `npm run demo [-- --serve] [--missive]`: runs mail-mcp with a service in memory and calls its tools with the official MCP client. Needs no account. */
import process from 'node:process';
import { CLIENT_FLAGS, connect } from './connection.ts';
import { type Flags, readFlags } from './flags.ts';
import { createMailScenario } from './mail-scenario.ts';
import { createMissiveScenario } from './missive-scenario.ts';
import type { Scenario } from './scenario.ts';
import { serve } from './serve.ts';
import { freePort, startDemoServer } from './server.ts';
import { createStage } from './stage.ts';
import { createTerminal, type Terminal, WIDTH, wantsColour, wrap } from './terminal.ts';

async function runDemo({ missive, serve: isServed, port }: Flags, terminal: Terminal): Promise<void> {
  const scenario = await (missive ? createMissiveScenario() : createMailScenario());
  try {
    await (isServed ? serve(scenario, terminal, port) : show(scenario, terminal, port));
  } finally {
    await scenario.close();
  }
}

/** Shows the tools and checks the claims. @throws if one of them does not hold */
async function show(scenario: Scenario, terminal: Terminal, port: number | undefined): Promise<void> {
  const { print, style } = terminal;
  const start = performance.now();
  print(`${style('bold', 'mail-mcp demo')}: ${scenario.title}`);
  const server = await startDemoServer(scenario.flags, port ?? (await freePort()));
  try {
    print('\nThe operator mints a client, and seals servers and limits into its id:');
    const command = ['mail-mcp generate', ...scenario.flags, ...CLIENT_FLAGS].join(' ');
    for (const line of wrap(command, WIDTH - 2)) print(`  ${style('dim', line)}`);
    const connection = await connect(server.url, await server.mint(CLIENT_FLAGS), scenario.login);
    const { tools } = await connection.client().listTools();
    print(`The account owner signs in at ${connection.signInUrl}, once.`);
    print(`The client has ${tools.length} tools, protocol ${connection.client().getNegotiatedProtocolVersion()}.`);
    const stage = createStage(terminal, connection.client);
    const restart = () => server.restart().then(connection.reconnect);
    await scenario.show({ stage, restart });
    await connection.client().close();
    const { calls, claims } = stage.totals;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    print(`\n${style('green', `Every claim holds: ${claims}, checked at the servers.`)} ${calls} calls, ${seconds} s.`);
    print(style('dim', `With a client of your own: npm run demo -- --serve${missiveFlag(scenario)}`));
  } finally {
    await server.stop();
  }
}

const missiveFlag = ({ flags }: Scenario): string => (flags.includes('--missive') ? ' --missive' : '');

const flags = readFlags(process.argv.slice(2), {
  writeOut: (text) => process.stdout.write(text),
  writeErr: (text) => process.stderr.write(text),
});
// A reader that has seen enough, such as `head`, is not a failure.
process.stdout.on('error', () => process.exit());
if (typeof flags === 'number') process.exitCode = flags;
else {
  const terminal = createTerminal((text) => process.stdout.write(text), wantsColour(process.env, process.stdout));
  await runDemo(flags, terminal).catch((error: unknown) => {
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
