/** Calls tools with the official MCP client, and counts calls, tokens and round trips. */
import type { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';

/** Calls a tool. @returns the JSON that a model reads; throws the text of an error */
export type ToolCall = (tool: string, args: Record<string, unknown>) => Promise<Record<string, unknown>>;

export interface Counts {
  calls: number;
  /** Of requests and answers. */
  tokens: number;
  roundTrips: number;
}

const CHARS_PER_TOKEN = 4;

/** An estimate: four characters are about one token. A request is the name of the tool and the JSON of its arguments. */
export const tokensOfCall = (tool: string, json: string, answer: string): number =>
  (tool.length + json.length + answer.length) / CHARS_PER_TOKEN;

/** What a model gets of a call: the text, and whether it is an error. */
export async function callText(
  client: Client,
  tool: string,
  args: Record<string, unknown>,
): Promise<{ text: string; isError: boolean }> {
  try {
    const { content, isError = false } = await client.callTool({ name: tool, arguments: args });
    return { text: content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n'), isError };
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), isError: true };
  }
}

/** @param roundTrips round trips so far, by all connections */
export function countedCaller(client: Client, roundTrips: () => number): { call: ToolCall; counts(): Counts } {
  const before = roundTrips();
  let calls = 0;
  let tokens = 0;
  return {
    async call(tool, args) {
      const { text, isError } = await callText(client, tool, args);
      calls += 1;
      tokens += tokensOfCall(tool, JSON.stringify(args), text);
      if (isError) throw new Error(`${tool}: ${text}`);
      return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    },
    counts: () => ({ calls, tokens: Math.round(tokens), roundTrips: roundTrips() - before }),
  };
}
