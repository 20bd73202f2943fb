import { z } from 'zod';
import { OAuthError, ToolError } from '../errors.ts';
import type { Permit } from '../policy.ts';
import type { Effect, Tool } from './tool.ts';

/** The scope that a grant needs for each effect. */
export const SCOPE_OF: Readonly<Record<Effect, string>> = {
  reads: 'mail.read',
  writes: 'mail.write',
  sends: 'mail.send',
  destroys: 'mail.delete',
};

/** A tool as `tools/list` shows it (MCP 2026-07-28, server/tools). */
export interface ToolListing {
  name: string;
  title: string;
  description: string;
  inputSchema: { type: 'object'; [keyword: string]: unknown };
  outputSchema: { type: 'object'; [keyword: string]: unknown };
  annotations: {
    title: string;
    readOnlyHint: boolean;
    destructiveHint: boolean;
    idempotentHint: boolean;
    openWorldHint: boolean;
  };
}

export interface Catalog<Session> {
  /** The tools that a permit allows, always in the same order. */
  list(permit: Permit): ToolListing[];
  /** The same as JSON, written once for each scope. */
  listText(permit: Permit): string;
  has(name: string): boolean;
  /**
   * Runs a tool and checks its arguments and its result against its schemas.
   *
   * @throws {OAuthError} `insufficient_scope` if the owner could allow it but did not
   * @throws {ToolError} if the arguments are not what the tool takes
   */
  call(name: string, args: unknown, permit: Permit, session: Session): Promise<Record<string, unknown>>;
}

/** The one place that decides which tools a grant may see and call. Schemas are made here, once. */
export function createCatalog<Session>(tools: readonly Tool<Session>[]): Catalog<Session> {
  const entries = tools.map((tool) => ({ tool, input: inputOf(tool) }));
  const byName = new Map(entries.map((entry) => [entry.tool.name, { ...entry, listing: describeTool(entry) }]));
  const list = ({ scope }: Permit) =>
    [...byName.values()].filter(({ tool }) => scope.includes(SCOPE_OF[tool.effect])).map(({ listing }) => listing);
  const listTexts = new Map<string, string>();
  return {
    list,
    listText(permit) {
      const key = Object.values(SCOPE_OF)
        .filter((each) => permit.scope.includes(each))
        .join(' ');
      const text = listTexts.get(key) ?? JSON.stringify(list(permit));
      listTexts.set(key, text);
      return text;
    },
    has: (name) => byName.has(name),
    async call(name, args, { scope }, session) {
      const entry = byName.get(name);
      if (entry === undefined) throw new ToolError(`There is no tool named ${JSON.stringify(name.slice(0, 64))}.`);
      const needed = SCOPE_OF[entry.tool.effect];
      if (!scope.includes(needed)) {
        // With what is granted already: clients ask for exactly this, and would lose the rest.
        const wanted = Object.values(SCOPE_OF).filter((one) => one === needed || scope.includes(one));
        throw new OAuthError('insufficient_scope', `This call needs the scope ${needed}.`, { scope: wanted.join(' ') });
      }
      return entry.tool.output.parse(await entry.tool.run(parseArguments(name, entry.input, args), session));
    },
  };
}

/** A misspelled `permanent` must not delete for good, so what changes something takes no argument it does not know. */
function inputOf<Session>({ effect, input }: Tool<Session>): z.ZodObject {
  return effect === 'reads' ? input : input.strict();
}

function parseArguments(name: string, input: z.ZodObject, args: unknown): Record<string, unknown> {
  const result = input.safeParse(args ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.slice(0, 10).map(({ path, message }) => {
    return `${path.length === 0 ? 'arguments' : path.join('.')}: ${message}`;
  });
  throw new ToolError(`Wrong arguments for ${name}. ${faults.join('. ')}.`);
}

/** Derives everything a client is told from the one declaration of the tool, so that no tool can forget it. */
function describeTool<Session>({ tool, input }: { tool: Tool<Session>; input: z.ZodObject }): ToolListing {
  const isReading = tool.effect === 'reads';
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: objectSchema(input, 'input'),
    outputSchema: objectSchema(tool.output, 'output'),
    annotations: {
      title: tool.title,
      readOnlyHint: isReading,
      destructiveHint: tool.effect === 'destroys',
      idempotentHint: isReading || tool.idempotent === true,
      // Messages come from anybody and go to anybody; the list of mailboxes does not.
      openWorldHint: tool.effect === 'sends' || (isReading && tool.tags.includes('messages')),
    },
  };
}

function objectSchema(schema: z.ZodObject, io: 'input' | 'output'): ToolListing['inputSchema'] {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  return { ...json, type: 'object' };
}
