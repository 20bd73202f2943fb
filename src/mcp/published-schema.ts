/**
 * Derives the JSON Schemas that `tools/list` publishes from the schemas of a tool.
 *
 * Hosts hand them on to models with different dialects of JSON Schema, and one unknown keyword makes some of them drop the whole list. So inputs
 * have only the keywords that all dialects share: the catalog enforces the rest, and its errors say what is wrong.
 */
import { z } from 'zod';
import { meaningOf } from './parameter-meanings.ts';

export type JsonObjectSchema = { type: 'object'; [keyword: string]: unknown };

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What every dialect knows; each costs tokens in every conversation, so limits are in the descriptions where a model needs them. */
const INPUT_KEYWORDS: ReadonlySet<string> = new Set([
  'type',
  'description',
  'properties',
  'required',
  'items',
  'enum',
  'default',
]);

export function publishedInput(schema: z.ZodObject): JsonObjectSchema {
  const override = ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }) => {
    for (const name of rareMembers(zodSchema)) delete jsonSchema.properties?.[name];
    if (zodSchema instanceof z.ZodType && meaningOf(zodSchema).isTime) jsonSchema.type = 'string';
    reduceToShared(jsonSchema);
  };
  return asObject(z.toJSONSchema(schema, { io: 'input', override }));
}

/** Names of the members of an object that are accepted and not published. */
export function rareMembers(schema: z.core.$ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries<z.ZodType>(schema.shape).flatMap(([name, member]) => (meaningOf(member).rare ? [name] : []));
}

export function publishedOutput(schema: z.ZodObject): JsonObjectSchema {
  return asObject(z.toJSONSchema(schema, { io: 'output', override: ({ jsonSchema }) => relax(jsonSchema) }));
}

function asObject({ $schema: _, ...json }: JsonSchema): JsonObjectSchema {
  return { ...json, type: 'object' };
}

function reduceToShared(json: JsonSchema): void {
  // Some dialects refuse objects without named properties; the catalog parses JSON text where an object is wanted.
  if (json.type === 'object' && json.properties === undefined) json.type = 'string';
  if (isImplied(json.default)) delete json.default;
  for (const keyword of Object.keys(json)) {
    if (!INPUT_KEYWORDS.has(keyword)) delete json[keyword];
  }
}

/** Defaults that a reader assumes of an optional parameter. */
function isImplied(value: unknown): boolean {
  return value === false || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Removes what clients may not know (formats), what repeats itself, and what would forbid the fields of a later release. */
function relax(json: JsonSchema): void {
  for (const keyword of ['format', 'pattern', 'const', 'propertyNames']) delete json[keyword];
  if (json.additionalProperties === false) delete json.additionalProperties;
}
