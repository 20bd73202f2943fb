import process from 'node:process';
import { text } from 'node:stream/consumers';
import { Command, CommanderError } from 'commander';
import { loginVerifier } from './app/verify-login.ts';
import { allow, deny } from './commands/deny.ts';
import { generate } from './commands/generate.ts';
import { inspect } from './commands/inspect.ts';
import { startServer } from './commands/server.ts';
import { openTerminal, type Terminal } from './commands/terminal.ts';
import { createPersonalToken } from './commands/token.ts';
import { ConfigError } from './errors.ts';
import { METHOD_GROUPS } from './mcp/permit/policy-input.ts';
import { MISSIVE_TAGS, TAGS } from './mcp/tool.ts';
import { MISSIVE_URL } from './missive/account.ts';
import { PRESETS } from './oauth/client/presets.ts';
import { readConfig } from './settings/config.ts';
import { VERSION } from './settings/version.ts';

/** Where a command prints. Tests pass their own. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

const processOutput: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/**
 * @param terminal where questions are asked; left out: on the terminal that the process runs in
 * @returns the exit code: 0, or 1 after one sentence on stderr for each fault
 */
export async function main(
  argv: string[],
  env: NodeJS.ProcessEnv,
  output: Output = processOutput,
  terminal?: Terminal,
): Promise<number> {
  try {
    await program(env, output, terminal).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof ConfigError)) throw error;
    output.err(`${error.message}\n`);
    return 1;
  }
}

/** The commands and their flags; the README's table is made from it. */
export function program(env: NodeJS.ProcessEnv, output: Output, terminal?: Terminal): Command {
  const root = new Command('mail-mcp')
    .description('Gives any MCP client a mailbox over IMAP and SMTP.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err });
  addGenerate(root).action(async (flags: unknown) => output.out(await generate(flags, env, new Date())));
  root
    .command('token')
    .description('Asks for a login and prints a bearer token, for clients that cannot sign in by themselves.')
    .option('--client-id <id>', 'client whose servers and limits the token has (required)')
    .option('--scope <scopes>', 'what it may do, e.g. "mail.read mail.write" (default: everything the client may)')
    .option('--expires-at <time>', 'when it ends, e.g. 2027-01-31 (default: in 90 days; at most in a year)')
    .option('--json', 'print one JSON object')
    .action(async (flags: unknown) => {
      const now = () => new Date();
      const world = { openTerminal: () => terminal ?? openTerminal(), verifyLogin: loginVerifier({ now }), now };
      output.out(await createPersonalToken(flags, env, world));
    });
  root
    .command('inspect')
    .description('Prints what a client id or token is, without the secrets in it. Needs ENCRYPTION_KEY.')
    .argument('[sealed]', 'the client id or token; left out: read from standard input')
    .action(async (sealed: string | undefined) => {
      output.out(await inspect(sealed ?? (await text(process.stdin)), env, new Date()));
    });
  root
    .command('deny')
    .description('Shuts a client out on all replicas at once, with everything it was given. Needs REDIS_URL.')
    .argument('<client>', 'its client id, or the jti of it that logs show')
    // A jti may begin with a hyphen.
    .allowUnknownOption()
    .action(async (client: string) => output.out(await deny(client, env, new Date())));
  root
    .command('allow')
    .description('Lets a client in again that was shut out. Needs REDIS_URL.')
    .argument('<client>', 'its client id, or the jti of it that logs show')
    .allowUnknownOption()
    .action(async (client: string) => output.out(await allow(client, env)));
  root
    .command('server')
    .description('Starts the server. All settings come from the environment, or from a file named .env in this folder.')
    .action(async () => {
      const server = await startServer(readConfig(env));
      await stopSignal();
      await server.stop();
    });
  return root;
}

function addGenerate(root: Command): Command {
  const collect = (value: string, earlier: string[]) => [...earlier, value];
  const collectLimit = (value: string, earlier: string[] = []) => [...earlier, value];
  return root
    .command('generate')
    .description('Mints a client: seals servers, redirect URIs and limits into a client id. Needs ENCRYPTION_KEY.')
    .option('--imap-host <host>', 'IMAP server hostname (required without --missive)')
    .option('--imap-port <port>', 'IMAP port (default: 993)')
    .option('--imap-ssl', 'TLS from the first byte for IMAP (default: true when port 993)')
    .option('--no-imap-ssl', 'STARTTLS for IMAP')
    .option('--smtp-host <host>', 'SMTP submission server hostname (required without --missive)')
    .option('--smtp-port <port>', 'SMTP port (default: 465)')
    .option('--smtp-ssl', 'TLS from the first byte for SMTP (default: true when port 465)')
    .option('--no-smtp-ssl', 'STARTTLS for SMTP')
    .option('--allow-cleartext', 'no encryption where ssl is off and STARTTLS is not wanted: for test servers only')
    .option(
      '--sent-copy <who>',
      'copies of sent mail: auto (default: files one unless the provider does), always, or never',
    )
    .option('--missive', 'Missive in the place of a mailbox: takes no flags of IMAP and SMTP')
    .option('--missive-url <url>', `base URL of its API (default: ${MISSIVE_URL})`)
    .option(
      '--preset <name>',
      `MCP client to allow, repeatable (default: claude, inspector): ${Object.keys(PRESETS).join(', ')}`,
      collect,
      [],
    )
    .option('--redirect-uri <uri>', 'redirect URI to allow, repeatable', collect, [])
    .option('--public', 'no client secret: for clients that cannot keep one')
    .option(
      '--connection',
      'print no client, but what DEFAULT_CONNECTION takes: servers and limits for clients that nobody minted',
    )
    .option('--name <name>', 'name of the client, shown on the login form')
    .option(
      '--methods <names>',
      `what may be done: read (${METHOD_GROUPS.read?.join(', ')}), write (${METHOD_GROUPS.write?.join(', ')}) or single ones of these, separated by commas; default: all`,
      collectLimit,
    )
    .option(
      '--tags <names>',
      `areas that may be used, of ${TAGS.join(', ')}; with --missive of ${MISSIVE_TAGS.join(', ')}; default: all`,
      collectLimit,
    )
    .option('--tools <names>', 'tools that may be used; default: all', collectLimit)
    .option(
      '--folders <names>',
      'mailboxes that may be read or changed; `Projects/*` is all below Projects, `\\,` a comma in a name; default: all',
      collectLimit,
    )
    .option(
      '--recipients <addresses>',
      'who messages may be sent to: addresses, or @example.com for everyone there; default: everybody',
      collectLimit,
    )
    .option('--max-sends-per-hour <number>', 'how many messages may be sent from one account in an hour')
    .option(
      '--expires-at <time>',
      'when the client and everything given to it ends, e.g. 2027-01-31 or 2027-01-31T12:00:00Z; default: never',
    )
    .option('--json', 'print one JSON object');
}

/** Resolves when the process is asked to end. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
