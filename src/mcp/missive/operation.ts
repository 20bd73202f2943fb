/**
 * Declares operation records: each describes one documented operation of the Missive API, from which its tool is created.
 *
 * Invariant: there is no tool without a record.
 */
import type { z } from 'zod';
import type { MissiveRequest } from '../../missive/api.ts';
import type { Method } from '../../policy.ts';
import { asTimeText, rare } from '../parameter-meanings.ts';
import type { Effect, MissiveTag, Rights, Use } from '../tool.ts';
import type { MissiveSession } from './missive-session.ts';
import type { Thing } from './thing.ts';
import type { ThingLists } from './thing-lists.ts';

/** One parameter of the tool, and its place in the request. All parameters of a tool share one flat namespace. */
export interface Parameter<Schema extends z.ZodType = z.ZodType> {
  /** `local` parameters are not sent: they select what is returned. */
  in: 'path' | 'query' | 'body' | 'local';
  /** The model reads its description. */
  schema: Schema;
  /** The name in the API, if it differs: two parameters of one operation can have the same name there. */
  wire?: string;
  /** The parameter takes the id of such a thing, or a list of ids: also its name or a link, which are resolved before the request. */
  thing?: Thing;
  /** For a thing that is left out: true if the request needs it, so that the only one there is is taken. */
  orOnly?(args: Readonly<Record<string, unknown>>): boolean;
  /** The parameter takes a sender or recipients: a text for each, or an object. */
  isPerson?: true;
  /** Reads the value as it was received, before its schema does. @throws {ToolError} */
  read?(value: unknown): unknown;
  /** A time in seconds, which may also be written as ISO 8601. */
  isTime?: true;
  /** The tool whose permission the parameter needs: it is published only where that is allowed. */
  needs?: string;
}

export const inPath = <Schema extends z.ZodType>(schema: Schema): Parameter<Schema> => ({ in: 'path', schema });
export const inQuery = <Schema extends z.ZodType>(schema: Schema): Parameter<Schema> => ({ in: 'query', schema });
export const inBody = <Schema extends z.ZodType>(schema: Schema): Parameter<Schema> => ({ in: 'body', schema });

export const local = <Schema extends z.ZodType>(schema: Schema): Parameter<Schema> => ({ in: 'local', schema });

/** A parameter that is accepted and not published. */
export const rarely = <Of extends Parameter>(parameter: Of): Of => ({ ...parameter, schema: rare(parameter.schema) });

/** Parameters that need the permission for a tool. */
export function needing<Ps extends Parameters>(needs: string, parameters: Ps): Ps {
  const all = Object.entries(parameters).map(([name, parameter]) => [name, { ...parameter, needs }]);
  // The type of Object.fromEntries loses that each name keeps its own parameter.
  return Object.fromEntries(all) as Ps;
}

/** A parameter that takes a time. */
export const asTime = <Of extends Parameter>(parameter: Of): Of => ({
  ...parameter,
  schema: asTimeText(parameter.schema),
  isTime: true,
});

/** A parameter that takes a person, or several. */
export const asPerson = <Of extends Parameter>(parameter: Of): Of => ({ ...parameter, isPerson: true });

/** Body parameters by name. */
export function allInBody<Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) {
  const parameters = Object.entries(shape).map(([name, schema]) => [name, inBody(schema)]);
  // The type of Object.fromEntries loses that each name keeps its own schema.
  return Object.fromEntries(parameters) as { [Name in keyof Shape]: Parameter<Shape[Name]> };
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** The arguments of a call, after validation. */
export type Arguments<Ps extends Parameters> = { [Name in keyof Ps]: z.output<Ps[Name]['schema']> };

/**
 * How the API divides a list into pages. `offset`: by the number of rows to skip; a page with fewer rows than `limit` is the last. `until`:
 * backwards in time from the timestamp in `field`, inclusively, so that the rows with the last timestamp of a page are repeated on the next.
 */
export type Paging =
  | { style: 'offset'; defaultLimit: number; maxLimit: number }
  | { style: 'until'; field: string; minLimit: number; defaultLimit: number; maxLimit: number };

/** The response of the API: `key` of its JSON object, and the fields of an item. Fields that are not in the schema are dropped. */
type Answer =
  /** Has `paging`, unless the API returns all rows at once. */
  | { kind: 'list'; key: string; item: z.ZodObject }
  /** An object, or an array of one: the API has both. `as` is the key in the tool's result. */
  | { kind: 'one'; key: string; as: string; item: z.ZodObject }
  /** Empty, or without useful content. */
  | { kind: 'none' }
  /** What `read` makes of several responses. */
  | { kind: 'composed'; fields: z.ZodRawShape };

interface Prepared<Args> {
  args: Args;
  /** Says in the result what was completed. */
  report: Record<string, unknown>;
}

export interface Operation<Ps extends Parameters = Parameters> {
  /** Name of the tool. */
  name: string;
  title: string;
  /** Written for the model: what the operation does, which tool finds the ids it needs, what to prefer, what it costs. */
  description: string;
  http: MissiveRequest['http'];
  /** With `:name` for each path parameter. */
  path: string;
  effect: Effect;
  method: Method;
  tags: readonly MissiveTag[];
  idempotent?: boolean;
  /** Listed only where the sealed tags or tools name it: for administrators and integrations. */
  isUnlisted?: true;
  parameters: Ps;
  /**
   * How body parameters are wrapped: `{key: {…}}`, `{key: [{…}]}`, or not at all. `withId` names the path parameter that is repeated as the
   * object's `id`, which batch updates require.
   */
  envelope?: { key: string; as: 'object' | 'array'; withId?: string };
  paging?: Paging;
  answer: Answer;
  /** Other names of parameters. */
  aliases?: Readonly<Record<string, string>>;
  /** For keys of `insteadOf`, the value that only says what the tool does anyway; without an entry, false. */
  implied?: Readonly<Record<string, boolean>>;
  /** For keys that the tool does not have: a sentence that names the parameter or tool that does it. */
  insteadOf?: Readonly<Record<string, string>>;
  /** Throws a ToolError for arguments that the API would refuse or silently ignore; runs before any request. */
  check?(args: Arguments<Ps>): void;
  /** The further uses of a call with these arguments, such as a draft that also closes its conversation. */
  alsoDoes?(args: Arguments<Ps>): readonly Use[];
  /** Addresses, numbers and URLs that a call sends content to. The operator and the owner can limit them, and the number of such calls. */
  recipients?(args: Arguments<Ps>): readonly string[];
  /**
   * Completes the arguments before the request is made of them, after ids were resolved: with what follows from a conversation, or a body as HTML.
   * May read from the API.
   */
  prepare?(
    args: Arguments<Ps>,
    session: MissiveSession,
    rights: Pick<Rights, 'allows'>,
  ): Promise<Prepared<Arguments<Ps>>>;
  /** Fields that `prepare` adds to the result. */
  reportedFields?: z.ZodRawShape;
  /**
   * With a parameter `idempotency_key`: finds at Missive what an earlier call with these arguments has made. Called only if it is not known whether
   * that call was carried out.
   */
  findMade?(args: Arguments<Ps>, session: MissiveSession, since: Date): Promise<Record<string, unknown> | undefined>;
  /** Makes the result of a `composed` answer, in place of the one request. Reads only. */
  read?(args: Arguments<Ps>, session: MissiveSession): Promise<Record<string, unknown>>;
  /** The request body, if it is not just the body parameters in the envelope. May read from the API first. */
  body?(args: Arguments<Ps>, session: MissiveSession): Promise<unknown>;
  /** Changes an item before it is returned, such as HTML into text. */
  present?(
    item: Record<string, unknown>,
    args: Arguments<Ps>,
    session: MissiveSession,
  ): Record<string, unknown> | Promise<Record<string, unknown>>;
  /** Adds to the items of an answer what another list has, before `short`. */
  complete?(items: readonly Record<string, unknown>[], lists: ThingLists): Promise<Record<string, unknown>[]>;
  /** Shortens the rows of an answer, before `present`. */
  short?(rows: readonly Record<string, unknown>[], args: Arguments<Ps>): Record<string, unknown>[];
  /** Fields that `present` adds to an item. */
  presentedFields?: z.ZodRawShape;
  /** The sentence for a 404, where it means something else than a wrong id. */
  notFound?: string;
}

/** Keys for `insteadOf` with the same sentence. */
export const elsewhere = (sentence: string, ...keys: string[]): Record<string, string> =>
  Object.fromEntries(keys.map((key) => [key, sentence]));

/** Returns its argument; the compiler checks the functions of the record against its parameters. */
export function defineOperation<Ps extends Parameters>(operation: Operation<Ps>): Operation {
  return operation;
}
