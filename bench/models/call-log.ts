/** Logs the calls of a language model, one JSON object on a line, and sums them up. */
import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { tokensOfCall } from '../tasks/counted-caller.ts';

/** A call as the command `call` passes it on. */
export const ModelCall = z.object({ tool: z.string(), json: z.string() });
export type ModelCall = z.output<typeof ModelCall>;

const LoggedCall = z.object({
  at: z.string(),
  tool: z.string(),
  arguments: z.string(),
  answerChars: z.int(),
  /** Of request and answer. */
  tokens: z.number(),
  /** The text of the answer, if it is an error. */
  error: z.string().optional(),
});
type LoggedCall = z.output<typeof LoggedCall>;

export async function logCall(
  file: string,
  { tool, json }: ModelCall,
  { text, isError }: { text: string; isError: boolean },
): Promise<void> {
  const logged: LoggedCall = {
    at: new Date().toISOString(),
    tool,
    arguments: json,
    answerChars: text.length,
    tokens: tokensOfCall(tool, json, text),
    ...(isError && { error: text }),
  };
  await appendFile(file, `${JSON.stringify(logged)}\n`);
}

/** @returns calls by tool, tokens and errors; undefined if there is no such log */
export async function summaryOf(file: string): Promise<string | undefined> {
  const log = await readFile(file, 'utf8').catch(() => undefined);
  if (log === undefined) return undefined;
  const calls = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => LoggedCall.parse(JSON.parse(line)));
  const tools = [...new Set(calls.map(({ tool }) => tool))].sort();
  const byTool = tools.map((tool) => `${tool} ${calls.filter((call) => call.tool === tool).length}`);
  const tokens = Math.round(calls.reduce((sum, call) => sum + call.tokens, 0));
  const errors = calls.flatMap(({ tool, arguments: json, error }) =>
    error === undefined ? [] : [`  ${tool} ${json}\n    ${error}`],
  );
  return [
    `${file}: ${calls.length} calls, ${tokens} tokens, ${errors.length} errors (${byTool.join(', ')})`,
    ...errors,
  ].join('\n');
}
