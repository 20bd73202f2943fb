/** Declares what one check of `mail-mcp doctor` has found, and prints it. */
import { styleText } from 'node:util';
import { ConfigError } from '../../errors.ts';

export interface Check {
  /** What was checked: a noun. */
  name: string;
  /** `warning`: it works, and something else may not. */
  status: 'ok' | 'warning' | 'failed' | 'skipped';
  says: string;
  /** What to do; absent if there is nothing to do. */
  remedy?: string | undefined;
}

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'gray' } as const;

/** One line, with its end. */
export function toLine({ name, status, says, remedy }: Check, isColoured: boolean): string {
  const word = status.padEnd(7);
  const mark = isColoured ? styleText(COLOURS[status], word, { validateStream: false }) : word;
  return `${mark}  ${name}: ${says}${remedy === undefined ? '' : ` ${remedy}`}\n`;
}

/** The checks of one name that `run` finds. One that fails otherwise, or takes longer than `limitMs`, is a failed check. */
export async function boundedChecks(name: string, limitMs: number, run: () => Promise<Check[]>): Promise<Check[]> {
  const { promise, resolve } = Promise.withResolvers<Check[]>();
  const failed = (says: string): Check[] => [{ name, status: 'failed', says }];
  const timer = setTimeout(() => resolve(failed(`no answer within ${limitMs / 1000} seconds.`)), limitMs);
  const found = run().catch((error: unknown) => {
    if (error instanceof ConfigError) return error.message.split('\n').flatMap((line) => failed(`${line}.`));
    return failed(`an error of the kind ${error instanceof Error ? error.name : typeof error}.`);
  });
  return Promise.race([found, promise]).finally(() => clearTimeout(timer));
}
