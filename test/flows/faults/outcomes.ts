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

/** The same of answers, forwarded messages and drafts. */
export const AnswerOutcome = z.object({
  call: z.enum(['reply', 'forward', 'accept', 'draft', 'new version']),
  command: z.string(),
  moment: z.enum(MOMENTS),
  reported: z.enum(['result', 'result, warned', 'nothing happened', 'unknown outcome', 'sent, copy unknown']),
  afterwards: z.enum([
    ...(['as before', 'done', 'done, not marked', 'done, draft stays'] as const),
    ...(['two drafts', 'sent', 'sent, marked', 'sent, two drafts'] as const),
  ]),
});
export type AnswerOutcome = z.output<typeof AnswerOutcome>;

export const documentedOutcomes = (): Outcome[] => outcomesIn('Outcomes by command').map((each) => Outcome.parse(each));

export const documentedAnswers = (): AnswerOutcome[] =>
  outcomesIn('Answers, forwarded messages and drafts').map((each) => AnswerOutcome.parse(each));

/** One outcome for each combination of call, command and moment in a row of the table below a heading. */
function outcomesIn(heading: string): Record<keyof Outcome, string | undefined>[] {
  const text = readFileSync(new URL('../../../docs/outcomes.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split(`\n## ${heading}\n`);
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
    return calls.flatMap((call) => all.map((one) => ({ call, ...one, reported, afterwards })));
  });
}
