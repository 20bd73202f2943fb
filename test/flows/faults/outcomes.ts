/** Reads the table "Outcomes by command" of docs/outcomes.md. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MOMENTS } from '../../support/servers/fault-proxy.ts';

export const Outcome = z.object({
  /** Tool; in parentheses what the server lacks or what the call requests. */
  call: z.string(),
  /** IMAP or SMTP command that fails. */
  command: z.string(),
  moment: z.enum(MOMENTS),
  reported: z.enum(['result', 'nothing happened', 'unknown outcome', 'sent, copy unknown']),
  afterwards: z.enum(['as before', 'done', 'marked', 'in both', 'in both, marked', 'sent', 'sent and filed']),
});
export type Outcome = z.output<typeof Outcome>;

/** One outcome for each combination of call, command and moment in a row. */
export function documentedOutcomes(): Outcome[] {
  const text = readFileSync(new URL('../../../docs/outcomes.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split('\n## Outcomes by command\n');
  // The table of sessions that are not started comes after the first.
  const [table = ''] = section.split('\n## ');
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => {
    const [calls = [], commands = [], moments = [], [reported] = [], [afterwards] = []] = row
      .split('|')
      .slice(1, -1)
      .map((cell, column) =>
        (column < 3 ? cell.split(' · ') : [cell.split(':')[0] ?? '']).map((word) => word.replaceAll('`', '').trim()),
      );
    const all = moments.flatMap((moment) => commands.map((command) => ({ command, moment })));
    return calls.flatMap((call) => all.map((one) => Outcome.parse({ call, ...one, reported, afterwards })));
  });
}
