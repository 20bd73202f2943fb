import { z } from 'zod';
import { ToolError } from '../errors.ts';
import type { Permit } from '../policy.ts';
import { isGranted, isOffered, isTagOffered, notGranted } from './permit/permit.ts';
import type { Rights, Tag, Tool, Use } from './tool.ts';

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
  /** The same as JSON: the same bytes for equal permits (MCP-08). */
  listText(permit: Permit): string;
  /** False for tools that the operator does not allow: for this permit they do not exist. */
  has(name: string, permit: Permit): boolean;
  /**
   * Runs a tool and checks its arguments and its result against its schemas.
   *
   * @throws {OAuthError} `insufficient_scope` if a scope is missing that the owner could grant
   * @throws {ToolError} if the arguments are not what the tool takes, or operator or owner do not allow what they amount to
   */
  call(name: string, args: unknown, permit: Permit, session: Session): Promise<Record<string, unknown>>;
}

/** Lists that are kept as text. There are as many different ones as there are sets of tools that somebody was granted. */
const MOST_TEXTS = 64;

/** The one place that decides which tools a grant may see and call. Schemas are made here, once. */
export function createCatalog<Session>(tools: readonly Tool<Session>[]): Catalog<Session> {
  const entries = tools.map((tool) => ({ tool, input: inputOf(tool) }));
  const byName = new Map(entries.map((entry) => [entry.tool.name, { ...entry, listing: describeTool(entry) }]));
  const list = (permit: Permit) =>
    [...byName.values()]
      .filter(({ tool }) => isOffered(permit.policy, tool) && isGranted(permit, tool))
      .map(({ listing }) => listing);
  const listTexts = new Map<string, string>();

  function toolOf({ tool: name }: Use): Tool<Session> {
    const entry = byName.get(name);
    if (entry === undefined) throw new Error(`A tool needs what ${name} may do, which does not exist`);
    return entry.tool;
  }

  /** @throws as Rights.require(), for everything that the call amounts to at once */
  function requireAll(own: Tool<Session>, uses: readonly Use[], permit: Permit): void {
    const forbidden = uses.find((use) => !isUseOffered(permit, toolOf(use), use));
    if (forbidden !== undefined) throw notOffered(forbidden);
    const needed = [own, ...uses.map(toolOf)];
    if (needed.some((tool) => !isGranted(permit, tool))) throw notGranted(permit, needed);
  }

  const rightsOf = (own: Tool<Session>, permit: Permit): Rights => ({
    allows: (use) => isUseOffered(permit, toolOf(use), use) && isGranted(permit, toolOf(use)),
    require: (uses) => requireAll(own, uses, permit),
  });

  return {
    list,
    listText(permit) {
      const listed = list(permit);
      const key = listed.map(({ name }) => name).join(' ');
      const known = listTexts.get(key);
      if (known !== undefined) return known;
      const text = JSON.stringify(listed);
      const [oldest] = listTexts.keys();
      if (listTexts.size >= MOST_TEXTS && oldest !== undefined) listTexts.delete(oldest);
      listTexts.set(key, text);
      return text;
    },
    has(name, { policy }) {
      const entry = byName.get(name);
      return entry !== undefined && isOffered(policy, entry.tool);
    },
    async call(name, args, permit, session) {
      const entry = byName.get(name);
      if (entry === undefined || !isOffered(permit.policy, entry.tool)) throw unknownTool(name);
      const { tool, input } = entry;
      // Arguments of a tool that was not granted are nobody's business, but may say what else has to be granted with it.
      const parsed = input.safeParse(args ?? {});
      requireAll(tool, parsed.success ? (tool.alsoDoes?.(parsed.data) ?? []) : [], permit);
      if (!parsed.success) throw wrongArguments(name, parsed.error);
      return tool.output.parse(await tool.run(parsed.data, session, rightsOf(tool, permit)));
    },
  };
}

function isUseOffered({ policy }: Permit, tool: Parameters<typeof isOffered>[1], { tag }: Use): boolean {
  return isOffered(policy, tool) && (tag === undefined || isTagOffered(policy, tag));
}

function unknownTool(name: string): ToolError {
  return new ToolError(`There is no tool named ${JSON.stringify(name.slice(0, 64))}.`);
}

function notOffered({ tool, tag }: Use): ToolError {
  const what = tag === undefined ? `does what ${tool} does` : `uses ${tag}`;
  return new ToolError(
    `Nothing was done: with these arguments the call ${what}, which the operator of this server does not allow on this connection.`,
  );
}

/** A misspelled `permanent` must not delete for good, so what changes something takes no argument it does not know. */
function inputOf<Session>({ effect, input }: Tool<Session>): z.ZodObject {
  return effect === 'reads' ? input : input.strict();
}

function wrongArguments(name: string, { issues }: z.ZodError): ToolError {
  const faults = issues.slice(0, 10).map(({ path, message }) => {
    return `${path.length === 0 ? 'arguments' : path.join('.')}: ${message}`;
  });
  return new ToolError(`Wrong arguments for ${name}. ${faults.join('. ')}.`);
}

/** Areas in which strangers write. */
const FROM_ANYBODY: ReadonlySet<Tag> = new Set<Tag>(['messages', 'conversations']);

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
      openWorldHint: tool.effect === 'sends' || (isReading && tool.tags.some((tag) => FROM_ANYBODY.has(tag))),
    },
  };
}

function objectSchema(schema: z.ZodObject, io: 'input' | 'output'): ToolListing['inputSchema'] {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, override: ({ jsonSchema }) => shorten(jsonSchema, io) });
  return { ...json, type: 'object' };
}

/** Every client reads all schemas, and a model pays for them: what says the same twice, or says nothing, is left out. */
function shorten(schema: z.core.JSONSchema.BaseSchema, io: 'input' | 'output'): void {
  // The format says it all; the pattern beside it is long.
  if (schema.format === 'uuid') delete schema.pattern;
  // Of a result it would only forbid us to say more one day.
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties;
}
