/** Creates a tool from an operation record: its schemas for the model, the request from its arguments, the result from the response. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import { HiddenText } from '../outgoing.ts';
import { requireEnvelope } from '../permit/recipients.ts';
import type { Rights, Tool } from '../tool.ts';
import { fittedAnswer, fittingRows, LEFT_OUT, withFittingBodies } from './answers/answer-size.ts';
import { unreadable } from './answers/unreadable.ts';
import { createNameReader } from './arguments/read-names.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { MissiveSession } from './missive-session.ts';
import type { Operation, Paging, Parameter } from './operation.ts';
import { fetchPage, positionAfter, type Row } from './paging.ts';
import { resolveIds } from './resolve-ids.ts';
import { kindOf } from './thing.ts';
import { type CallSession, ThingLists } from './thing-lists.ts';

type Args = Record<string, unknown>;

export function createTool(operation: Operation): Tool<MissiveSession> {
  const { name, title, description, effect, method, tags, idempotent, isUnlisted, paging, alsoDoes } = operation;
  return {
    name,
    title,
    description,
    effect,
    method,
    tags,
    ...(idempotent !== undefined && { idempotent }),
    ...(isUnlisted !== undefined && { isUnlisted }),
    sharesWording: true,
    parameterNeeds: parameterNeeds(operation),
    input: inputSchema(operation),
    output: outputSchema(operation),
    ...(alsoDoes !== undefined && { alsoDoes }),
    readNames: createNameReader(operation),
    async run(given, opened, rights) {
      operation.check?.(given);
      const session = { ...opened, lists: new ThingLists(opened) };
      const { args: named, idsUsed } = await resolveIds(operation.parameters, given, session, rights);
      const args = withFittingBodies(named);
      const running =
        paging === undefined
          ? runWithKey(operation, { args, given }, session, rights)
          : runPage(operation, paging, { args, given }, session);
      const result = await running.catch((error: unknown) => {
        throw withNamedId(error, operation, args);
      });
      return fittedAnswer(Object.keys(idsUsed).length === 0 ? result : { ...result, ids_used: idsUsed });
    },
  };
}

/** Strict: with a misspelled filter ignored, the tool would list everything. */
function inputSchema({ parameters, paging }: Operation): z.ZodObject {
  const shape = Object.fromEntries(Object.entries(parameters).map(([name, { schema }]) => [name, schema]));
  return z.strictObject(paging === undefined ? shape : { ...shape, ...pagingParameters(paging) });
}

function parameterNeeds({ parameters }: Operation): Record<string, string> {
  const needs = Object.entries(parameters).map(([name, parameter]) => [name, parameter.needs] as const);
  return Object.fromEntries(needs.flatMap(([name, tool]) => (tool === undefined ? [] : [[name, tool]])));
}

function pagingParameters(paging: Paging): z.ZodRawShape {
  return {
    limit: z
      .int()
      .min(paging.style === 'until' ? paging.minLimit : 1)
      .max(paging.maxLimit)
      .default(paging.defaultLimit)
      .describe(`Rows, up to ${paging.maxLimit}.`),
    next_cursor: z.string().max(60_000).optional().describe('Exactly as received, with the same other arguments.'),
  };
}

function outputSchema(operation: Operation): z.ZodObject {
  const takesThings = Object.values(operation.parameters).some(({ thing }) => thing !== undefined);
  const schema = answerSchema(operation).extend({ ...operation.reportedFields, ...LEFT_OUT });
  return takesThings ? schema.extend({ ids_used: IdsUsed }) : schema;
}

const IdsUsed = z.record(z.string(), z.string()).optional().describe('What was found by name, or is the only one.');

function answerSchema({ answer, paging, presentedFields = {}, effect }: Operation): z.ZodObject {
  const fields = { ...presentedFields, ...(effect === 'reads' && { hidden_text: HiddenText }) };
  switch (answer.kind) {
    case 'list':
      return z.object({
        [answer.key]: z.array(answer.item.extend(fields)),
        ...(paging !== undefined && { next_cursor: z.string().nullable().describe('Null: no more rows.') }),
      });
    case 'one':
      return z.object({
        [answer.as]: answer.item.extend(fields).nullable().describe('Null: done, but Missive said no more.'),
      });
    case 'none':
      return z.object({ done: z.literal(true) });
    case 'composed':
      return z.object(answer.fields);
  }
}

/** @param arguments `given` are the arguments before ids were resolved, by which calls with the same key are compared */
async function runWithKey(
  operation: Operation,
  { args: { idempotency_key: key, ...args }, given: { idempotency_key: _, ...content } }: { args: Args; given: Args },
  session: CallSession,
  rights: Rights,
): Promise<Args> {
  const work = () => runOnce(operation, args, session, rights);
  if (typeof key !== 'string') return work();
  const call = { tool: operation.name, key, content: comparable(content) };
  const look = async (since: Date) => operation.findMade?.(args, session, since);
  const { result, isRepeat } = await session.keyedCalls.once(call, work, look);
  return isRepeat ? { ...result, already_done: true } : result;
}

/** Links change with every call, so only their number counts. */
function comparable({ attachment_urls: urls, ...content }: Args): [string, unknown][] {
  const files = Array.isArray(urls) ? { files: urls.length } : {};
  return Object.entries({ ...content, ...files }).sort(([one], [other]) => (one < other ? -1 : 1));
}

async function runOnce(operation: Operation, given: Args, session: CallSession, rights: Rights): Promise<Args> {
  const { http, recipients, prepare, read } = operation;
  if (read !== undefined) return read(given, session);
  const { args, report } = prepare === undefined ? { args: given, report: {} } : await prepare(given, session, rights);
  if (recipients !== undefined) {
    requireEnvelope(session.permit, recipients(args));
    await session.sendLimit.check();
  }
  const body = await requestBody(operation, args, session);
  const request = { http, path: requestPath(operation, args), query: requestQuery(operation, args), ...body };
  const send = () => session.api.request(request);
  const content = await (recipients === undefined ? send() : session.sendLimit.counted(send)).catch(
    (error: unknown) => {
      throw isNotFound(error) && operation.notFound
        ? new ToolError(operation.notFound, { cause: error, details: { status: 404 } })
        : error;
    },
  );
  const { answer } = operation;
  if (answer.kind === 'none' || answer.kind === 'composed') return { done: true };
  const rows = await resultRows(operation, responseRows(content, operation, answer.key), args, session);
  if (answer.kind === 'one' && operation.effect === 'reads' && rows.length === 0) throw unreadable();
  return { ...(answer.kind === 'list' ? { [answer.key]: rows } : { [answer.as]: rows[0] ?? null }), ...report };
}

/** @param arguments `given` are the arguments before ids were resolved, to which a cursor belongs */
async function runPage(
  operation: Operation,
  paging: Paging,
  { args, given }: { args: Args; given: Args },
  session: CallSession,
): Promise<Args> {
  const { limit, next_cursor: cursor, ...filters } = given;
  const { answer } = operation;
  if (answer.kind !== 'list') throw new TypeError(`${operation.name} has paging, but its answer is not a list`);
  const at = typeof cursor === 'string' ? readCursor(operation.name, filters, cursor) : null;
  const filterQuery = requestQuery(operation, args);
  const { rows, next } = await fetchPage(paging, Number(limit), at, async (query) => {
    const path = requestPath(operation, args);
    const content = await session.api.request({ http: 'GET', path, query: { ...filterQuery, ...query } });
    return responseRows(content, operation, answer.key);
  });
  const results = await resultRows(operation, rows, args, session);
  const count = fittingRows(results);
  const rest = count < results.length ? positionAfter(paging, rows.slice(0, count), at) : null;
  const end = rest ?? next;
  return {
    [answer.key]: rest === null ? results : results.slice(0, count),
    next_cursor: end && writeCursor(operation.name, filters, end),
  };
}

/** The error for an unknown id names the parameters that have ids, and if it is one, what finds it. */
function withNamedId(error: unknown, { parameters }: Operation, args: Args): unknown {
  if (!(error instanceof ToolError) || error.details?.status !== 404) return error;
  const ids = Object.entries(parameters).flatMap(([name, { thing }]) =>
    thing === undefined || args[name] === undefined ? [] : [args[name]].flat().map(() => ({ name, thing })),
  );
  const [one, ...others] = ids;
  if (one === undefined) return error;
  const names = [...new Set(ids.map(({ name }) => name))].join(', ');
  const { one: word, foundBy } = kindOf(one.thing);
  const sentence =
    others.length > 0
      ? error.message.replace('one of these ids', `one of these ids (${names})`)
      : error.message.replace(
          UNKNOWN_ID,
          `knows no ${word} with this ${one.name}, or this person cannot see it: ${foundBy}`,
        );
  return new ToolError(sentence, { cause: error, details: { ...error.details } });
}

const UNKNOWN_ID = 'does not know one of these ids, or this person cannot see it';

const isNotFound = (error: unknown): boolean => error instanceof ToolError && error.details?.status === 404;

const Rows = z.union([z.array(z.record(z.string(), z.unknown())), z.record(z.string(), z.unknown())]);

/** The rows under the key, which holds an array or a single object. An unreadable response to a write counts as no rows. */
function responseRows(content: unknown, { effect }: Operation, key: string): Row[] {
  const value = z.object({ [key]: Rows }).safeParse(content).data?.[key];
  if (value === undefined) {
    if (effect === 'reads') throw unreadable();
    return [];
  }
  return Array.isArray(value) ? value : [value];
}

/**
 * The rows as the tool returns them. Missive's documentation is incomplete: a field of another type than the schema's is dropped. A row that
 * then lacks a required field is dropped too after a write, which has taken effect all the same; a read fails.
 */
async function resultRows(
  { answer, complete, short = (same) => [...same], present, presentedFields = {}, effect }: Operation,
  rows: readonly Row[],
  args: Args,
  session: CallSession,
): Promise<Row[]> {
  if (answer.kind === 'none' || answer.kind === 'composed') return [];
  const item = answer.item.extend(presentedFields);
  const tolerant = item.extend(
    Object.fromEntries(Object.entries(item.shape).map(([name, field]) => [name, z.optional(field).catch(undefined)])),
  );
  const results: Row[] = [];
  const ownArgs = withFittingBodies(args, rows.length);
  const whole = rows.map(withoutNulls);
  for (const row of short((await complete?.(whole, session.lists)) ?? whole, args)) {
    // Fields that the tool adds are its own words, such as a warning.
    const known = withoutFields(row, presentedFields);
    const parsed = item.safeParse(tolerant.parse((await present?.(known, ownArgs, session)) ?? known));
    if (!parsed.success && effect === 'reads') throw unreadable();
    if (parsed.success) results.push(parsed.data);
  }
  return results;
}

function withoutNulls(row: Row): Row {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((each) => each !== null).map(strip);
    const parsed = Rows.safeParse(value);
    return parsed.success && !Array.isArray(parsed.data) ? withoutNulls(parsed.data) : value;
  };
  return Object.fromEntries(
    Object.entries(row).flatMap(([key, value]) => (value === null ? [] : [[key, strip(value)]])),
  );
}

function withoutFields(row: Row, fields: object): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name === 'body' || !Object.hasOwn(fields, name)));
}

/** The given arguments whose parameters have this place, under their names in the API. */
const argumentsIn = (place: Parameter['in'], { parameters }: Operation, args: Args): [wire: string, value: unknown][] =>
  Object.entries(parameters).flatMap(([name, parameter]) => {
    const value = args[name];
    return parameter.in === place && value !== undefined ? [[parameter.wire ?? name, value]] : [];
  });

function requestPath(operation: Operation, args: Args): string {
  const values = new Map(argumentsIn('path', operation, args));
  return operation.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(values.get(name))));
}

function requestQuery(operation: Operation, args: Args): Record<string, string> {
  return Object.fromEntries(argumentsIn('query', operation, args).map(([name, value]) => [name, String(value)]));
}

async function requestBody(operation: Operation, args: Args, session: MissiveSession): Promise<{ body?: unknown }> {
  if (operation.http === 'GET' || operation.http === 'DELETE') return {};
  if (operation.body !== undefined) return { body: await operation.body(args, session) };
  const content = Object.fromEntries(argumentsIn('body', operation, args));
  const { envelope } = operation;
  if (envelope === undefined) return { body: content };
  const object = envelope.withId === undefined ? content : { id: args[envelope.withId], ...content };
  return { body: { [envelope.key]: envelope.as === 'array' ? [object] : object } };
}
