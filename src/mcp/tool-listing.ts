/** Derives what `tools/list` publishes of a tool, with the JSON Schemas that a model reads, from the tool's declaration. */
import { z } from 'zod';
import type { Tag, Tool } from './tool.ts';

/** A tool as `tools/list` returns it (MCP 2026-07-28, server/tools). */
export interface ToolListing {
  name: string;
  title: string;
  description: string;
  inputSchema: JsonObjectSchema;
  outputSchema: JsonObjectSchema;
  annotations: {
    title: string;
    readOnlyHint: boolean;
    destructiveHint: boolean;
    idempotentHint: boolean;
    openWorldHint: boolean;
  };
}

type JsonObjectSchema = { type: 'object'; [keyword: string]: unknown };

/** Areas whose content strangers can write. */
const TAGS_WITH_FOREIGN_TEXT: ReadonlySet<Tag> = new Set<Tag>(['messages', 'conversations']);

/**
 * @param input the schema that a call's arguments are validated with; may be stricter than the tool's own
 */
export function toListing<Session>(tool: Tool<Session>, input: z.ZodObject): ToolListing {
  const isReading = tool.effect === 'reads';
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: publishedSchema(input, 'input'),
    outputSchema: publishedSchema(tool.output, 'output'),
    annotations: {
      title: tool.title,
      readOnlyHint: isReading,
      destructiveHint: tool.effect === 'destroys',
      idempotentHint: isReading || tool.idempotent === true,
      // Messages come from strangers and go to strangers; the list of mailboxes does not.
      openWorldHint: tool.effect === 'sends' || (isReading && tool.tags.some((tag) => TAGS_WITH_FOREIGN_TEXT.has(tag))),
    },
  };
}

function publishedSchema(schema: z.ZodObject, io: 'input' | 'output'): JsonObjectSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, override: ({ jsonSchema }) => shorten(jsonSchema, io) });
  return { ...json, type: 'object' };
}

/** Removes redundant keywords: each client reads all schemas, and the model pays for their tokens. */
function shorten(schema: z.core.JSONSchema.BaseSchema, io: 'input' | 'output'): void {
  // The long pattern repeats the format.
  if (schema.format === 'uuid') delete schema.pattern;
  // In a result it would forbid fields that a later release adds.
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties;
}
