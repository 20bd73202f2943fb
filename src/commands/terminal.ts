/** Asks questions on the terminal. */
import process from 'node:process';
import input from '@inquirer/input';
import password from '@inquirer/password';
import { ConfigError } from '../errors.ts';

export interface Terminal {
  /** @param standard the answer if the user enters nothing */
  ask(question: string, standard?: string): Promise<string>;
  /** The answer is not shown. */
  askSecret(question: string): Promise<string>;
  /** Prints a line that does not belong to the output of the command. */
  say(line: string): void;
}

/**
 * Asks on stderr, so that stdout contains the result only.
 *
 * @throws {ConfigError} if standard input is not a terminal, or the user cancels
 */
export function openTerminal(): Terminal {
  if (!process.stdin.isTTY) throw new ConfigError('This command asks for credentials and must run in a terminal.');
  const context = { output: process.stderr };
  return {
    ask: (message, standard) =>
      input({ message, ...(standard && { default: standard }) }, context).catch(reportCancelled),
    askSecret: (message) => password({ message, mask: false }, context).catch(reportCancelled),
    say: (line) => void process.stderr.write(`${line}\n`),
  };
}

function reportCancelled(error: unknown): never {
  if (error instanceof Error && error.name === 'ExitPromptError')
    throw new ConfigError('Cancelled: no token was created.');
  throw error;
}
