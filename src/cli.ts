/** Defines the command line: commands, their flags, and exit codes. */
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { Argument, Command, CommanderError } from 'commander';
import { createVerifyLogin } from './app/verify-login.ts';
import { type CommandWords, completion, SHELLS, type Shell } from './commands/completion.ts';
import { allow, deny } from './commands/deny.ts';
import { doctor } from './commands/doctor.ts';
import { examplesOf } from './commands/examples.ts';
import { generate } from './commands/generate.ts';
import { inspect } from './commands/inspect.ts';
import { mintingKeys } from './commands/minting-key.ts';
import { startServer } from './commands/server.ts';
import { openTerminal, type Terminal } from './commands/terminal.ts';
import { createPersonalToken } from './commands/token.ts';
import { ConfigError } from './errors.ts';
import { METHOD_GROUPS } from './mcp/permit/policy-input.ts';
import { FLAG_LIST, toFlagName } from './minting/flag-table.ts';
import { readServerConfig } from './settings/config.ts';
import { VERSION } from './settings/version.ts';
import { didYouMean } from './text/did-you-mean.ts';

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
 * @returns the exit code: 0; 1 after one sentence per fault on stderr, or if a check has failed; 2 if the command line cannot be read
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
    if (error instanceof CommanderError) return exitCodeOf(error);
    if (!(error instanceof ConfigError)) throw error;
    output.err(`${error.message}\n`);
    return 1;
  }
}

const CHECK_FAILED = 'mail-mcp.check-failed';

/** Help and version are no faults. */
const exitCodeOf = ({ code, exitCode }: CommanderError): number => (exitCode === 0 ? 0 : code === CHECK_FAILED ? 1 : 2);

const EXIT_CODES = `
Exit codes: 0 done; 1 a value is wrong, or it could not be done;
2 the command line cannot be read: an unknown command or flag, a missing value.
Settings are read from the environment and from the file .env in this folder.`;

/** The commands and their flags; the table in docs/configuration.md is generated from them. */
export function createProgram(env: NodeJS.ProcessEnv, output: Output, terminal?: Terminal): Command {
  const root = new Command('mail-mcp')
    .description('Gives any MCP client a mailbox over IMAP and SMTP.')
    .version(VERSION)
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err });
  addGenerate(root, env, output);
  addToken(root, env, output, terminal);
  addDoctor(root, env, output, terminal);
  addKeyCommands(root, env, output);
  addServer(root, env);
  addCompletion(root, output);
  for (const command of root.commands) {
    command.addHelpText('after', () => examplesOf(command.name()));
    command.configureOutput({ outputError: (message, write) => write(withSuggestion(message, command)) });
    command.showHelpAfterError(`Help: mail-mcp ${command.name()} --help`);
  }
  return root.showHelpAfterError('Help: mail-mcp --help');
}

function addToken(root: Command, env: NodeJS.ProcessEnv, output: Output, terminal?: Terminal): void {
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
}

function addKeyCommands(root: Command, env: NodeJS.ProcessEnv, output: Output): void {
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
}

function addServer(root: Command, env: NodeJS.ProcessEnv): void {
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
}

function addCompletion(root: Command, output: Output): void {
  root
    .command('completion')
    .description('Prints a script that completes commands, flags and their values in a shell.')
    .addArgument(new Argument('<shell>', 'whose script').choices(SHELLS))
    .action((shell: Shell) => output.out(completion(shell, root.commands.map(wordsOf))));
}

/** Adds the flag that was meant where a value follows the mistyped one: commander compares them together. */
function withSuggestion(message: string, { options }: Command): string {
  const [, flag] = /unknown option '(--[^'=]+)=/.exec(message) ?? [];
  if (flag === undefined || message.includes('Did you mean')) return message;
  const suggestion = didYouMean(
    flag,
    options.flatMap(({ long }) => long ?? []),
  );
  return suggestion === '' ? message : `${message.trimEnd()}\n(${suggestion.trim().replaceAll('"', '')})\n`;
}

/** What can be typed after the name of a command, and the values of the flags that have a known set. */
function wordsOf(command: Command): CommandWords {
  const flags = command.options.map((option) => {
    const { valuesOf } =
      FLAG_LIST.find(({ name }) => command.name() === 'generate' && name === option.attributeName()) ?? {};
    const groups = option.long === '--methods' ? Object.keys(METHOD_GROUPS) : [];
    const values = valuesOf === undefined ? [] : [...new Set([...groups, ...valuesOf('mail'), ...valuesOf('missive')])];
    return { flag: option.long ?? '', takesValue: option.required, values };
  });
  return {
    name: command.name(),
    flags,
    values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
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
      if (!isGood) throw new CommanderError(1, CHECK_FAILED, '');
    });
}

/** Headings of the flags of `generate`, by their part of the form. */
const HEADINGS = { mail: 'Mail servers:', missive: 'Missive:', client: 'Client:', limits: 'Limits:', run: 'Options:' };

function addGenerate(root: Command, env: NodeJS.ProcessEnv, output: Output): void {
  const command = root
    .command('generate')
    .description(
      'Mints a client: encrypts servers, redirect URIs and limits into a client id. Requires ENCRYPTION_KEY.',
    );
  for (const flag of FLAG_LIST) {
    command.optionsGroup(HEADINGS[flag.form?.group ?? 'run']);
    addFlag(command, flag);
  }
  command.action(async (flags: unknown) => {
    // What to do next refers to the result above it.
    const next: string[] = [];
    output.out(await generate(flags, env, new Date(), { say: (lines) => void next.push(lines) }));
    output.err(next.join(''));
  });
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
