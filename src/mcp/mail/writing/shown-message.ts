/** Describes what leaves, as a person would be shown it before deciding: the fields that results of sends and drafts share. */
import { z } from 'zod';
import { TextBody } from '../../outgoing.ts';
import { withoutEmpty } from '../../without-empty.ts';

export const ShownMessage = z.object({
  from: z.string().optional().describe('Present if it is not the address of the sign-in.'),
  to: z.array(z.string()).optional(),
  cc: z.array(z.string()).optional(),
  bcc: z.array(z.string()).optional(),
  subject: z.string().optional(),
  files: z.array(z.string()).optional(),
  text: TextBody.optional().describe('The start of the text, and how many lines are quoted below it.'),
  warnings: z.array(z.string()).optional(),
});
export type ShownMessage = z.output<typeof ShownMessage>;

const MAX_CHARS = 600;

/** The start of what is new, and how many lines are quoted. */
export function shownText(newText: string, quotedLines: number): string {
  const start = newText.length > MAX_CHARS ? `${newText.slice(0, MAX_CHARS).toWellFormed()}…` : newText.trimEnd();
  const quote = quotedLines === 0 ? '' : `(quote of ${quotedLines} ${quotedLines === 1 ? 'line' : 'lines'} follows)`;
  return [start, quote].filter((part) => part !== '').join('\n\n');
}

/** Of a message that follows from no other: without its text, which the caller has written. */
export function ownFieldsOf({ text: _, ...shown }: ShownMessage): ShownMessage {
  return withoutEmpty(shown);
}
