/** Declares what a task of the benchmark has cost, and writes the table of all tasks. */
import { z } from 'zod';

export const TaskRow = z.object({
  /** What the account owner asks. */
  request: z.string(),
  calls: z.int(),
  tokens: z.int(),
  roundTrips: z.int(),
  /** Why the answers do not hold what was asked; null if they do. */
  failure: z.string().nullable(),
});
export type TaskRow = z.output<typeof TaskRow>;

export const TaskResults = z.object({
  tasks: z.array(TaskRow),
  /** Tokens of the published lists of tools, by service. */
  lists: z.record(z.string(), z.number()),
});
export type TaskResults = z.output<typeof TaskResults>;

/** Markdown. A failed task counts in no sum. */
export function taskReport({ tasks, lists }: TaskResults): string {
  const done = tasks.filter(({ failure }) => failure === null);
  const sum = (of: (row: TaskRow) => number) => done.reduce((total, row) => total + of(row), 0);
  const lines = tasks.map(({ request, calls, tokens, roundTrips, failure }) =>
    failure === null ? [request, calls, tokens, roundTrips] : [request, '**failed**', '', ''],
  );
  const cells = [
    ['Request', 'Calls', 'Tokens', 'Round trips'],
    ...lines,
    [
      `${done.length} of ${tasks.length}`,
      sum((row) => row.calls),
      sum((row) => row.tokens),
      sum((row) => row.roundTrips),
    ],
  ].map((line) => line.map(String));
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  const [head = '', ...body] = cells.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const sizes = Object.entries(lists).map(
    ([service, tokens]) => `${service}: ${Math.round(tokens).toLocaleString('en')}`,
  );
  return [
    head,
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...body,
    '',
    `Tokens of the published lists: ${sizes.join('; ')}.`,
  ].join('\n');
}
