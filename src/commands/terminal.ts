/** Questions to the person in front of the terminal. */
import process from 'node:process';
import input from '@inquirer/input';
import password from '@inquirer/password';
import { ConfigError } from '../errors.ts';

export interface Terminal {
  /** @param standard what an empty answer means */
  ask(question: string, standard?: string): Promise<string>;
  /** What is typed is not shown. */
  askSecret(question: string): Promise<string>;
  /** A line that is no answer to print. */
  say(line: string): void;
}

/**
 * Asks on stderr, so that stdout holds nothing but the result.
 *
 * @throws {ConfigError} if nobody can be asked, or whoever is asked gives up
 */
export function openTerminal(): Terminal {
  if (!process.stdin.isTTY) throw new ConfigError('The login is asked for on a terminal: run this in one.');
  const context = { output: process.stderr };
  return {
    ask: (message, standard) => input({ message, ...(standard && { default: standard }) }, context).catch(givenUp),
    askSecret: (message) => password({ message, mask: false }, context).catch(givenUp),
    say: (line) => void process.stderr.write(`${line}\n`),
  };
}

function givenUp(error: unknown): never {
  if (error instanceof Error && error.name === 'ExitPromptError') throw new ConfigError('Nothing was made.');
  throw error;
}
