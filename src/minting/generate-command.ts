/** Writes the `mail-mcp generate` command that mints what a form describes, for a POSIX shell. */
import { z } from 'zod';
import { FLAG_LIST, type FlagName, toFlagName } from './flag-table.ts';

/** Values as `readFlags` takes them, by flag. Absent: not given. */
export type GivenFlags = Readonly<Partial<Record<FlagName, string | boolean | readonly string[]>>>;

export function generateCommand(flags: GivenFlags): string {
  const words = FLAG_LIST.flatMap(({ name, kind }) => {
    const value = flags[name];
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [value ? toFlagName(name) : toFlagName(name).replace('--', '--no-')];
    const texts = z.array(z.string()).parse([value].flat());
    return (kind === 'list' ? toLists(texts) : texts).map((text) => `${toFlagName(name)}=${quoted(text)}`);
  });
  return ['mail-mcp generate', ...words].join(' \\\n  ');
}

/** Plain values together, separated by commas; each other one in a flag of its own, where `\,` is a comma. */
function toLists(values: readonly string[]): string[] {
  if (values.every((value) => !/[\\,]/.test(value))) return [values.join(',')];
  return values.map((value) => value.replaceAll(',', '\\,'));
}

/** One word of a POSIX shell (POSIX.1-2024 §2.2.2). */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
