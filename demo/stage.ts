/** Calls tools, prints calls and answers with their times, and checks what the demo claims. */
import type { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { shorten, type Terminal, WIDTH, wrap } from './terminal.ts';

/** The lines that show an answer. */
type View<T> = (answer: T) => readonly string[];

/** How a call is answered: its schema, and how it is shown. */
export interface Expected<T> {
  schema: z.ZodType<T>;
  show: View<T>;
}

export interface Stage {
  /** Prints what a person asks for. */
  request(text: string): void;
  /** Prints what happens beside the calls. */
  note(text: string): void;
  /** Prints what a workflow found out. */
  found(question: string, result: string): void;
  /** Calls a tool and prints call and answer. @throws if it reports an error, or its answer does not match the schema */
  call<T>(tool: string, args: Record<string, unknown>, expected: Expected<T>): Promise<T>;
  /** Calls a tool that has to refuse. @returns the sentence of the error; undefined if it did not refuse */
  refusedCall(tool: string, args: Record<string, unknown>): Promise<string | undefined>;
  /** Prints the claim. @throws if it does not hold */
  claim(text: string, holds: boolean): void;
  /** What was printed so far. */
  totals: { calls: number; claims: number };
}

const Content = z.array(z.object({ text: z.string() })).min(1);

/** @param client the client now: it changes when the server is restarted */
export function createStage(terminal: Terminal, client: () => Client): Stage {
  const { print, style } = terminal;
  const totals = { calls: 0, claims: 0 };

  async function measuredCall(tool: string, args: Record<string, unknown>) {
    const start = performance.now();
    const { isError, content, structuredContent } = await client().callTool({ name: tool, arguments: args });
    const milliseconds = Math.max(1, Math.round(performance.now() - start));
    const [{ text } = { text: '' }] = Content.parse(content);
    totals.calls++;
    const cost = `${milliseconds} ms · ${tokensOf(text)} tokens`;
    print(`  ${style('cyan', '→')} ${style('bold', tool)}${style('dim', cost.padStart(WIDTH - 4 - tool.length))}`);
    const given = membersOf(args);
    for (const line of given === '' ? [] : wrap(given, WIDTH - 4)) print(`    ${style('dim', line)}`);
    return { isError: isError === true, text, structuredContent };
  }

  function printAnswer(lines: readonly string[]): void {
    for (const [index, line] of lines.entries()) print(`  ${index === 0 ? style('cyan', '←') : ' '} ${line}`);
  }

  return {
    totals,
    request: (text) => print(`\n${style('bold', `> ${text}`)}`),
    note(text) {
      print();
      for (const [index, line] of wrap(text, WIDTH - 2).entries())
        print(style('yellow', `${index === 0 ? '*' : ' '} ${line}`));
    },
    found(question, result) {
      print(`  ${style('dim', question)}`);
      for (const line of result.split('\n').flatMap((each) => wrap(each, WIDTH - 4))) print(`    ${line}`);
    },
    async call(tool, args, { schema, show }) {
      const { isError, text, structuredContent } = await measuredCall(tool, args);
      if (isError) throw new Error(`${tool} failed: ${text}`);
      const answer = schema.parse(structuredContent);
      printAnswer(show(answer));
      return answer;
    },
    async refusedCall(tool, args) {
      const { isError, text } = await measuredCall(tool, args);
      printAnswer(wrap(text, WIDTH - 4).map((line) => style(isError ? 'red' : 'dim', line)));
      return isError ? text : undefined;
    },
    claim(text, holds) {
      totals.claims++;
      const [first = '', ...others] = wrap(text, WIDTH - 4);
      print(`  ${style(holds ? 'green' : 'red', `${holds ? '✓' : '✗'} ${first}`)}`);
      for (const line of others) print(`    ${style(holds ? 'green' : 'red', line)}`);
      if (!holds) throw new Error(`this does not hold: ${text}`);
    },
  };
}

/** An estimate: four characters are about one token. */
const tokensOf = (text: string): number => Math.ceil(text.length / 4);

const MAX_TEXT = 64;

/** The members of an object in one line; long texts and lists are shortened. */
function membersOf(value: Record<string, unknown>): string {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return members.map(([name, member]) => `${name}: ${shown(member)}`).join(', ');
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value.replace(/\s+/g, ' '), MAX_TEXT));
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${membersOf(z.record(z.string(), z.unknown()).parse(value))} }`;
}

/** Shows members of an answer. */
export const showMembers = (answer: Record<string, unknown>): string[] => wrap(membersOf(answer), WIDTH - 4);
