/** Declares what values of a parameter mean that its type does not say: an empty one, where that is not the same as leaving it out, a list, a place. */
import { z } from 'zod';

export interface Meaning {
  /** An empty text or list empties the field. */
  clears?: true;
  /** Without the parameter more is changed or sent, so an empty value is an error in a tool that changes something. */
  narrows?: true;
  /** A text that holds a list, separated by commas; a list of texts means the same. */
  joins?: true;
  /** A text that names a message, `INBOX/10396`; an object with folder and uid means the same. */
  locates?: true;
  /** A time, as number or text: published as a text, because hosts make numbers of what is published as one, and none of `2026-12-24`. */
  isTime?: true;
  /** Accepted, and named in the description of its tool, but not published with type and description, which cost tokens in every conversation. */
  rare?: true;
}

const meanings = z.registry<Meaning>();

/** The parameter empties a field with `""` or `[]`; for tools that update something, and for texts that may be empty. */
export function clears<Schema extends z.ZodType>(schema: Schema): Schema {
  return withMeaning(schema, { clears: true });
}

/** The parameter limits what is changed or sent. */
export function narrows<Schema extends z.ZodType>(schema: Schema): Schema {
  return withMeaning(schema, { narrows: true });
}

export function joins<Schema extends z.ZodType>(schema: Schema): Schema {
  return withMeaning(schema, { joins: true });
}

export function locates<Schema extends z.ZodType>(schema: Schema): Schema {
  return withMeaning(schema, { locates: true });
}

/** The parameter is a time. */
export function asTimeText<Schema extends z.ZodType>(schema: Schema): Schema {
  return withMeaning(schema, { ...meaningOf(schema), isTime: true });
}

/** The parameter, or the member of an object, is not published. For what few calls need. */
export function rare<Schema extends z.ZodType>(schema: Schema): Schema {
  return withMeaning(schema, { ...meaningOf(schema), rare: true });
}

/** A clone, which keeps the description: the schema itself may be a parameter of other tools. */
function withMeaning<Schema extends z.ZodType>(schema: Schema, meaning: Meaning): Schema {
  const own = schema.clone();
  meanings.add(own, meaning);
  return own;
}

export const meaningOf = (schema: z.ZodType): Meaning => meanings.get(schema) ?? {};
