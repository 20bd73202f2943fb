/** Writes the table of the sealed types for docs/tokens.md. */
import { SEALED_TYPES } from './sealed-types.ts';

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** @returns a Markdown table with a row for each type, in the order of their declaration */
export function sealedTable(): string {
  const rows = Object.values(SEALED_TYPES).map(
    ({ typ, lifetimeSeconds, maxLength, heldBy, thiefGains }) =>
      `| \`${typ}\` | ${lifetimeWords(lifetimeSeconds)} | ${maxLength} | ${heldBy} | ${thiefGains} |`,
  );
  const heading = '| `typ` | Lifetime at most | Characters at most | Held by | A thief gains |';
  return [heading, '|---|---|---|---|---|', ...rows].join('\n');
}

function lifetimeWords(seconds: number | null): string {
  if (seconds === null) return 'unlimited';
  const [name, size] = UNITS.find(([, each]) => seconds >= each) ?? ['second', 1];
  const count = seconds / size;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
