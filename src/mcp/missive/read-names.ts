/**
 * Reads the names of arguments as models send them: one thing has several names, and some parameters that a model expects belong to another tool.
 * Times in ISO 8601 become seconds.
 */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import type { Operation } from './operation.ts';
import { kindOf } from './thing.ts';
import { peopleAsTexts } from './writing/person-parameters.ts';

type Args = Record<string, unknown>;

const Members = z.record(z.string(), z.unknown());

/**
 * @returns a function for the arguments of a call as they were received
 * @throws {ToolError} the function, if a thing is named twice, belongs elsewhere, or is missing
 */
export function createNameReader(operation: Operation): (args: unknown) => unknown {
  const aliases = aliasesOf(operation);
  return (received) => {
    const given = Members.safeParse(received);
    if (!given.success || Array.isArray(received)) return received;
    const args = withoutAliases(given.data, aliases);
    requireOwn(args, operation);
    requireThings(args, operation);
    const people = peopleAsTexts(args, operation.parameters);
    return withSeconds(withLists(people, operation), operation);
  };
}

/** Other names of a parameter: `conversation`, `conversation_id` and `id` where one conversation is meant, and so on. */
function aliasesOf({ parameters, name: tool }: Operation): Map<string, string> {
  const aliases = new Map<string, string>();
  for (const [name, { thing, in: place }] of Object.entries(parameters)) {
    if (thing === undefined) continue;
    const ofKind = Object.entries(parameters).filter(([, other]) => other.thing === thing);
    const isOnly =
      ofKind.length === 1 || (place === 'path' && ofKind.filter(([, other]) => other.in === 'path').length === 1);
    if (!isOnly) continue;
    const isBareId = thing === 'conversation' && !tool.includes('_task');
    for (const alias of [thing, `${thing}_id`, ...(isBareId ? ['id'] : [])]) {
      if (!(alias in parameters)) aliases.set(alias, name);
    }
  }
  return aliases;
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

function withoutAliases(given: Args, aliases: ReadonlyMap<string, string>): Args {
  const args: Args = {};
  for (const [key, value] of Object.entries(given)) {
    const name = aliases.get(key) ?? key;
    if (isAbsent(value) && name !== key) continue;
    if (!isAbsent(args[name]) && !isAbsent(value) && JSON.stringify(args[name]) !== JSON.stringify(value)) {
      throw new ToolError(`${name} is given twice, with different values: ${key} means the same.`);
    }
    if (!isAbsent(value) || args[name] === undefined) args[name] = value;
  }
  return args;
}

/** @throws {ToolError} for a key that belongs to another parameter or tool */
function requireOwn(args: Args, { insteadOf = {}, parameters }: Operation): void {
  for (const [key, sentence] of Object.entries(insteadOf)) {
    const value = args[key];
    if (key in parameters || isAbsent(value) || value === false) continue;
    throw new ToolError(`There is no parameter ${key}: ${sentence}`);
  }
}

/** @throws {ToolError} naming the tool that finds what is missing */
function requireThings(args: Args, { parameters }: Operation): void {
  for (const [name, { thing, schema }] of Object.entries(parameters)) {
    if (thing === undefined || !isAbsent(args[name]) || schema.safeParse(undefined).success) continue;
    throw new ToolError(`${name} is missing: ${kindOf(thing).foundBy}.`);
  }
}

/** Several ids in one text, separated by commas. */
function withLists(args: Args, { parameters }: Operation): Args {
  const lists = Object.entries(args).flatMap(([name, value]) => {
    const { thing, schema } = parameters[name] ?? {};
    const isList = thing !== undefined && schema?.safeParse(['a']).success === true;
    return isList && typeof value === 'string' && SEVERAL_IDS.test(value) ? [[name, value.split(',')]] : [];
  });
  return { ...args, ...Object.fromEntries(lists) };
}

const SEVERAL_IDS = /^\s*[\da-f-]{36}(?:\s*,\s*[\da-f-]{36})+\s*$/i;

const IsoTime = z.union([z.iso.date(), z.iso.datetime({ offset: true, local: true })]);

/** Later than any time in seconds: these are milliseconds. */
const MILLISECONDS_FROM = 100_000_000_000;

function withSeconds(args: Args, { parameters }: Operation): Args {
  const times = Object.entries(args).flatMap(([name, value]) =>
    parameters[name]?.isTime ? [[name, toSeconds(name, value)]] : [],
  );
  return { ...args, ...Object.fromEntries(times) };
}

/** A time without a zone is in UTC. */
function toSeconds(name: string, value: unknown): unknown {
  if (typeof value === 'number') return value >= MILLISECONDS_FROM ? Math.floor(value / 1000) : value;
  if (typeof value !== 'string' || value.trim() === '' || value === 'null') return value;
  const text = value.trim().replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, '$1T');
  if (/^\d{1,15}$/.test(text)) return toSeconds(name, Number(text));
  if (IsoTime.safeParse(text).success) {
    const isZoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || text.length === 10;
    return Math.floor(Date.parse(isZoned ? text : `${text}Z`) / 1000);
  }
  throw new ToolError(
    `${name} must be a time: seconds since 1970, or such as 2026-03-01T09:00:00Z (without a zone: UTC).`,
  );
}
