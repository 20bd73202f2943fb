/** Declares a measured number with its goal, and formats rows as a table. */
import { z } from 'zod';

export const Row = z.object({
  /** Number in the list of goals: 1 warm calls, 2 cold calls, 3 CPU, 4 large mailboxes, 5 memory, 6 load, 7 hostile calls, 8 published lists, 9 finding. */
  item: z.int(),
  name: z.string(),
  unit: z.string(),
  ours: z.number(),
  /** The number that it is compared with, in the same unit; null if `ours` is judged alone. */
  yardstick: z.number().nullable(),
  /** The number that is judged: a ratio, a difference, or `ours` itself. */
  judged: z.number(),
  /** The meaning of `judged` and its limit, in words: `ratio ≤ 1.1`. */
  goal: z.string(),
  limit: z.number().nullable(),
});
export type Row = z.output<typeof Row>;

export const Results = z.object({
  /** ISO 8601, day only. */
  date: z.string(),
  machine: z.object({ cpu: z.string(), cores: z.int(), node: z.string() }),
  /** What else belongs to the conditions, as a clause. */
  note: z.string().optional(),
  rows: z.array(Row),
});
export type Results = z.output<typeof Results>;

type Measured = Pick<Row, 'item' | 'name' | 'unit' | 'ours'>;

/** Judged by `ours / yardstick`. */
export function ratioRow(row: Measured & { yardstick: number }, limit: number | null): Row {
  const goal = limit === null ? 'ratio' : `ratio ≤ ${limit}`;
  return { ...row, judged: row.ours / row.yardstick, goal, limit };
}

/** Judged by `ours - yardstick`. */
export function differenceRow(row: Measured & { yardstick: number }, limit: number | null): Row {
  const goal = limit === null ? 'difference' : `difference ≤ ${limit} ${row.unit}`;
  return { ...row, judged: row.ours - row.yardstick, goal, limit };
}

/** Judged by `ours` alone. */
export function plainRow(row: Measured, limit: number | null): Row {
  return { ...row, yardstick: null, judged: row.ours, goal: limit === null ? '' : `≤ ${limit} ${row.unit}`, limit };
}

export const isMet = ({ judged, limit }: Row): boolean => limit === null || judged <= limit;

/**
 * The table as Markdown, aligned for terminals.
 *
 * @param subject the name of the measured server
 */
export function toTable(rows: readonly Row[], subject = 'mail-mcp'): string {
  const cells = [
    ['', 'Measured', subject, 'Yardstick', 'Judged', 'Goal', ''],
    ...rows.map((row) => [
      `${row.item}`,
      row.name,
      `${short(row.ours)} ${row.unit}`,
      row.yardstick === null ? '' : `${short(row.yardstick)} ${row.unit}`,
      short(row.judged),
      row.goal,
      row.limit === null ? '' : isMet(row) ? 'met' : '**missed**',
    ]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0), 3)) ?? [];
  const lines = cells.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const [head = '', ...body] = lines;
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n');
}

/** A block of docs/benchmarks.md. */
export function report({ date, machine, note, rows }: Results): string {
  const { cpu, cores, node } = machine;
  const conditions = [`${cpu}, ${cores} cores, Node ${node}`, 'mail servers on the same machine', note];
  return [`Measured on ${date}: ${conditions.filter((one) => one !== undefined).join('; ')}.`, '', toTable(rows)].join(
    '\n',
  );
}

const short = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3).replace(/^-?0\.00$/, '0');
