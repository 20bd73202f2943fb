/** Reads the flags of the demo. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { z } from 'zod';

const Flags = z.object({
  missive: z.boolean().default(false),
  serve: z.boolean().default(false),
  port: z.number().optional(),
});
export type Flags = z.output<typeof Flags>;

const EXAMPLES = `
Examples:
  npm run demo                         show it, in a few seconds
  npm run demo -- --serve              leave it running, and connect clients of your own
  npm run demo -- --serve --port=4000

Exit codes: 0 if everything worked, 1 if something did not, 2 for wrong flags.`;

interface Output {
  writeOut(text: string): void;
  writeErr(text: string): void;
}

/** @returns the flags, or the exit code after help or a fault was printed */
export function readFlags(argv: readonly string[], output: Output): Flags | number {
  const command = new Command('npm run demo --')
    .usage('[flags]')
    .description('Runs mail-mcp with a mailbox in memory. Needs no account and no root; nothing leaves this computer.')
    .option('--serve', 'leave server and mailbox running, and print how clients are connected')
    .option('--port <number>', 'port of the server (default: 3000, or a free one)', portOf)
    .option('--missive', 'a stand-in for Missive instead of a mailbox')
    .helpOption('--help', 'print this')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
    .configureOutput(output)
    .exitOverride();
  try {
    return Flags.parse(command.parse(argv, { from: 'user' }).opts());
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw new InvalidArgumentError('It must be 1 to 65535.');
  return port;
}
