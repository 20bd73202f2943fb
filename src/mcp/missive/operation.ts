/** One documented operation of the Missive API: all that there is to know about it. A tool is made from it, and from nothing else. */
import type { z } from 'zod';
import type { MissiveRequest } from '../../missive/api.ts';
import type { Method } from '../../policy.ts';
import type { Effect, MissiveTag, Use } from '../tool.ts';
import type { MissiveSession } from './missive-session.ts';

/** One parameter of the tool, and where the API wants it. All of them share one flat namespace of names. */
export interface Parameter<Schema extends z.ZodType = z.ZodType> {
  /** `local` ones are not sent: they decide what is returned. */
  in: 'path' | 'query' | 'body' | 'local';
  /** Its description is what the model reads. */
  schema: Schema;
  /** The name that the API has for it, where two of one operation would have the same. */
  wire?: string;
}

export const inPath = <Schema extends z.ZodType>(schema: Schema): Parameter<Schema> => ({ in: 'path', schema });
export const inQuery = <Schema extends z.ZodType>(schema: Schema): Parameter<Schema> => ({ in: 'query', schema });
export const inBody = <Schema extends z.ZodType>(schema: Schema): Parameter<Schema> => ({ in: 'body', schema });

export const local = <Schema extends z.ZodType>(schema: Schema): Parameter<Schema> => ({ in: 'local', schema });

/** The same for many, by their names. */
export function allInBody<Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) {
  const parameters = Object.entries(shape).map(([name, schema]) => [name, inBody(schema)]);
  // What Object.fromEntries forgets: each name keeps its own schema.
  return Object.fromEntries(parameters) as { [Name in keyof Shape]: Parameter<Shape[Name]> };
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** The arguments of a call, after validation. */
export type Arguments<Ps extends Parameters> = { [Name in keyof Ps]: z.output<Ps[Name]['schema']> };

/**
 * How the API cuts a list into pages. `offset`: so many rows further on, until a page is short. `until`: backwards in time from the
 * timestamp in `field`, which comes again, with all rows that share it.
 */
export type Paging =
  | { style: 'offset'; standard: number; most: number }
  | { style: 'until'; field: string; least: number; standard: number; most: number };

/** What the API answers: `key` of the JSON object, and what an item has. Keys that are not in the schema are left out. */
export type Answer =
  /** Needs paging unless the API gives all there is. */
  | { kind: 'list'; key: string; item: z.ZodObject }
  /** An object, or an array of one: the API has both. `as` is its name in our result. */
  | { kind: 'one'; key: string; as: string; item: z.ZodObject }
  /** Nothing, or nothing that matters. */
  | { kind: 'none' };

export interface Operation<Ps extends Parameters = Parameters> {
  /** Of the tool. */
  name: string;
  title: string;
  /** For the model: what it does, which tool finds the ids it needs, what to prefer, what it costs. */
  description: string;
  http: MissiveRequest['http'];
  /** With `:name` for each path parameter. */
  path: string;
  effect: Effect;
  method: Method;
  tags: readonly MissiveTag[];
  idempotent?: boolean;
  parameters: Ps;
  /**
   * How body parameters are wrapped: `{key: {…}}`, `{key: [{…}]}`, or not at all. `withId` puts the path parameter of that name into
   * each object, as batch updates want it.
   */
  envelope?: { key: string; as: 'object' | 'array'; withId?: string };
  paging?: Paging;
  answer: Answer;
  /** Throws a ToolError for what the API would refuse, or drop without a word; runs before any request. */
  check?(args: Arguments<Ps>): void;
  /** What a call with these arguments does beside its own work: a draft that also closes its conversation. */
  alsoDoes?(args: Arguments<Ps>): readonly Use[];
  /** Of what leaves for people outside: addresses, numbers, URLs. Operator and owner may have limited them, and how often. */
  recipients?(args: Arguments<Ps>): readonly string[];
  /** Body of the request, where putting parameters into the envelope is not enough. May read from the API first. */
  body?(args: Arguments<Ps>, session: MissiveSession): Promise<unknown>;
  /** Changes an item before it is returned: HTML becomes text. */
  present?(item: Record<string, unknown>, args: Arguments<Ps>): Record<string, unknown>;
  /** The sentence for a 404, where it means something else than an id that is wrong. */
  notFound?: string;
  /** More of what the result has than `answer` says; goes with `present`. */
  notes?: z.ZodRawShape;
}

/** Lets the compiler check the functions of a record against its parameters; returns its argument as a record of any parameters. */
export function defineOperation<Ps extends Parameters>(operation: Operation<Ps>): Operation {
  return operation;
}
