/** Derives from the schema of a tool which kind of value each of its parameters takes, without limits and formats. */
import { z } from 'zod';
import { type Meaning, meaningOf } from './parameter-meanings.ts';

/** A kind of value. `flag` is a boolean of which only true has a meaning. */
export type Wanted = Meaning & { about: string | undefined } & (
    | { kind: 'object'; members: ReadonlyMap<string, Wanted> }
    | { kind: 'list'; item: Wanted }
    | { kind: 'dictionary'; value: Wanted }
    | { kind: 'text' | 'number' | 'boolean' | 'flag' | 'other' }
  );

export type WantedObject = Extract<Wanted, { kind: 'object' }>;

export function wantedObject(schema: z.ZodObject): WantedObject {
  return { ...meaningOf(schema), about: schema.description, ...objectKind(schema) };
}

function wantedBy(schema: z.core.$ZodType): Wanted {
  const own = { ...meaningOf(asType(schema)), about: asType(schema).description };
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodReadonly) {
    return withOwn(own, wantedBy(schema.def.innerType));
  }
  // A transformation takes what its first schema takes.
  if (schema instanceof z.ZodPipe) return withOwn(own, wantedBy(schema.def.in));
  if (schema instanceof z.ZodObject) return { ...own, ...objectKind(schema) };
  if (schema instanceof z.ZodArray) return { ...own, kind: 'list', item: wantedBy(schema.def.element) };
  if (schema instanceof z.ZodRecord) return { ...own, kind: 'dictionary', value: wantedBy(schema.def.valueType) };
  return { ...own, kind: scalarKind(schema) };
}

function objectKind(schema: z.ZodObject): { kind: 'object'; members: ReadonlyMap<string, Wanted> } {
  const members = Object.entries(schema.shape).map(([name, member]) => [name, wantedBy(member)] as const);
  return { kind: 'object', members: new Map(members) };
}

/** What is declared further outside counts more. */
function withOwn(own: Meaning & { about: string | undefined }, inner: Wanted): Wanted {
  return { ...inner, ...own, about: own.about ?? inner.about };
}

function scalarKind(schema: z.core.$ZodType): 'text' | 'number' | 'boolean' | 'flag' | 'other' {
  const { type } = schema._zod.def;
  if (type === 'string' || type === 'enum') return 'text';
  if (type === 'number' || type === 'boolean') return type;
  return schema instanceof z.ZodLiteral && schema.def.values.includes(true) ? 'flag' : 'other';
}

/** Every schema that this project creates is one of zod's classic types. */
function asType(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError('A parameter is declared by a schema of another kind');
}
