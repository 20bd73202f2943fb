/** Defines the command line: commands, their flags, and exit codes. */
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { Command, CommanderError } from 'commander';
import { createVerifyLogin } from './app/verify-login.ts';
import { allow, deny } from './commands/deny.ts';
import { doctor } from './commands/doctor.ts';
import { generate } from './commands/generate.ts';
import { inspect } from './commands/inspect.ts';
import { mintingKeys } from './commands/minting-key.ts';
import { startServer } from './commands/server.ts';
import { openTerminal, type Terminal } from './commands/terminal.ts';
import { createPersonalToken } from './commands/token.ts';
import { ConfigError } from './errors.ts';
import { FLAG_LIST, toFlagName } from './minting/flag-table.ts';
import { readServerConfig } from './settings/config.ts';
import { VERSION } from './settings/version.ts';

/** The two streams that a command prints to. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** True if people read `out`, which then has colours. */
  isTerminal?: boolean;
}

const processOutput: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
};

/**
 * @param terminal asks the questions; default: the terminal of the process
 * @returns the exit code: 0, or 1 after one sentence per fault on stderr
 */
export async function main(
  argv: string[],
  env: NodeJS.ProcessEnv,
  output: Output = processOutput,
  terminal?: Terminal,
): Promise<number> {
  try {
    await createProgram(env, output, terminal).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof ConfigError)) throw error;
    output.err(`${error.message}\n`);
    return 1;
  }
}

/** The commands and their flags; the table in docs/configuration.md is generated from them. */
export function createProgram(env: NodeJS.ProcessEnv, output: Output, terminal?: Terminal): Command {
  const root = new Command('mail-mcp')
    .description('Gives any MCP client a mailbox over IMAP and SMTP.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err });
  addGenerate(root).action(async (flags: unknown) => output.out(await generate(flags, env, new Date())));
  root
    .command('token')
    .description('Asks for credentials and prints a bearer token, for clients that do not support OAuth.')
    .option('--client-id <id>', 'client whose servers and limits apply to the token (required)')
    .option(
      '--scope <scopes>',
      'OAuth scopes of the token, e.g. "mail.read mail.write" (default: all that the client allows)',
    )
    .option('--expires-at <time>', 'when the token expires, e.g. 2027-01-31 (default: after 90 days; at most one year)')
    .option(
      '--time-zone <zone>',
      'time zone for dates, e.g. Europe/Berlin (default: that of the client, otherwise UTC)',
    )
    .option('--json', 'print one JSON object')
    .action(async (flags: unknown) => {
      const now = () => new Date();
      const services = { openTerminal: () => terminal ?? openTerminal(), verifyLogin: createVerifyLogin({ now }), now };
      output.out(await createPersonalToken(flags, env, services));
    });
  addDoctor(root, env, output, terminal);
  root
    .command('minting-key')
    .description('Prints a new pair of keys: generate signs with the private one, servers verify with the public one.')
    .action(() => output.out(mintingKeys()));
  root
    .command('inspect')
    .description('Prints the contents of a client id or token, without its secrets. Requires ENCRYPTION_KEY.')
    .argument('[sealed]', 'the client id or token (default: read from standard input)')
    .action(async (sealed: string | undefined) => {
      output.out(await inspect(sealed ?? (await text(process.stdin)), env, new Date()));
    });
  root
    .command('deny')
    .description('Denies a client, its tokens and its codes, on all replicas at once. Requires REDIS_URL.')
    .argument('<client>', 'its client id, or the jti that the log shows')
    // A jti may begin with a hyphen.
    .allowUnknownOption()
    .action(async (client: string) => output.out(await deny(client, env, new Date())));
  root
    .command('allow')
    .description('Allows a denied client again. Requires REDIS_URL.')
    .argument('<client>', 'its client id, or the jti that the log shows')
    .allowUnknownOption()
    .action(async (client: string) => output.out(await allow(client, env)));
  root
    .command('server')
    .description(
      'Starts the server. Settings are read from the environment and from the file .env in the current folder.',
    )
    .action(async () => {
      const server = await startServer(readServerConfig(env));
      await waitForStopSignal();
      await server.stop();
    });
  return root;
}

function addDoctor(root: Command, env: NodeJS.ProcessEnv, output: Output, terminal?: Terminal): void {
  root
    .command('doctor')
    .description(
      'Checks settings, key, mail servers, BASE_URL from outside, S3, Redis and the clock, and says what to do. Exit code 1 if something fails.',
    )
    .option('--client-id <id>', 'client whose mail servers are tried; - reads it from standard input')
    .option('--login', 'asks for credentials and tries them')
    .option('--json', 'print one JSON object')
    .action(async (flags: unknown) => {
      const now = () => new Date();
      const { text: report, isGood } = await doctor(flags, env, {
        ...{ now, verifyLogin: createVerifyLogin({ now }), readInput: () => text(process.stdin) },
        openTerminal: () => terminal ?? openTerminal(),
        isColoured: output.isTerminal === true && !env.NO_COLOR,
      });
      output.out(report);
      if (!isGood) throw new CommanderError(1, 'mail-mcp.doctor', '');
    });
}

function addGenerate(root: Command): Command {
  const command = root
    .command('generate')
    .description(
      'Mints a client: encrypts servers, redirect URIs and limits into a client id. Requires ENCRYPTION_KEY.',
    );
  for (const flag of FLAG_LIST) addFlag(command, flag);
  return command;
}

/** Collects the values of a repeatable flag; undefined without the flag. */
const collect = (value: string, earlier: string[] = []) => [...earlier, value];

function addFlag(command: Command, { name, kind, argument, description, negated }: (typeof FLAG_LIST)[number]): void {
  const flag = toFlagName(name);
  const flagOff = flag.replace('--', '--no-');
  if (kind === 'values' || kind === 'list') command.option(`${flag} <${argument}>`, description, collect);
  else if (kind === 'off') command.option(flagOff, description);
  else command.option(argument === undefined ? flag : `${flag} <${argument}>`, description);
  if (negated !== undefined) command.option(flagOff, negated);
}

/** Resolves when the process receives SIGTERM or SIGINT. */
function waitForStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
