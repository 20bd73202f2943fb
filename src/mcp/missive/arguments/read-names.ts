/**
 * Reads the names of arguments as models send them: one thing has several names, and some parameters that a model expects belong to another tool.
 * Times in ISO 8601 become seconds.
 */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import type { Operation } from '../operation.ts';
import { kindOf } from '../thing.ts';
import { peopleAsTexts } from '../writing/person-parameters.ts';
import { thingTexts } from './thing-texts.ts';
import { toSeconds } from './times.ts';

type Args = Record<string, unknown>;

const Members = z.record(z.string(), z.unknown());

/**
 * @returns a function for the arguments of a call as they were received
 * @throws {ToolError} the function, if a thing is named twice, belongs elsewhere, or is missing
 */
export function createNameReader(operation: Operation): (args: unknown) => unknown {
  const aliases = aliasesOf(operation);
  const plainNames = plainNamesOf(operation, aliases);
  return (received) => {
    const given = Members.safeParse(received);
    if (!given.success || Array.isArray(received)) return received;
    const own = onlyOwn(withoutAliases(given.data, aliases, plainNames), operation);
    const args = withThingTexts(own, operation);
    requireThings(args, operation);
    const people = peopleAsTexts(withOwnReading(args, operation), operation.parameters);
    return withChoices(withSeconds(withLists(people, operation), operation), operation);
  };
}

/** Other names of a parameter: `conversation`, `conversation_id` and `id` where one conversation is meant, and so on. */
function aliasesOf({ parameters, name: tool, aliases: own = {}, insteadOf = {} }: Operation): Map<string, string> {
  const aliases = new Map<string, string>(Object.entries(own));
  for (const [name, { thing, in: place, schema }] of Object.entries(parameters)) {
    if (thing === undefined) continue;
    const ofKind = Object.entries(parameters).filter(([, other]) => other.thing === thing);
    const isOnly =
      ofKind.length === 1 || (place === 'path' && ofKind.filter(([, other]) => other.in === 'path').length === 1);
    if (!isOnly) continue;
    const isBareId = thing === 'conversation' && !tool.includes('_task');
    const several = place === 'path' && takesList(schema) ? ['ids', `${thing}s`, `${thing}_ids`] : [];
    const others = thing === 'conversation' ? ['thread', 'thread_id'] : [];
    // Beside a text, a message is rather that.
    const bare = thing === 'message' && 'body' in parameters ? [] : [thing];
    for (const alias of [...bare, `${thing}_id`, ...several, ...others, ...(isBareId ? ['id'] : [])]) {
      if (!(alias in parameters || alias in insteadOf)) aliases.set(alias, name);
    }
  }
  return aliases;
}

const takes = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success;

const takesList = (schema: z.ZodType): boolean => takes(schema, ['a']);

/** `nextCursor`, `contact-book`: the letters of a name, without what separates its words. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The names of parameters and their aliases by their letters. */
function plainNamesOf(
  { parameters, paging, insteadOf = {} }: Operation,
  aliases: ReadonlyMap<string, string>,
): Map<string, string> {
  const names = [...Object.keys(parameters), ...(paging === undefined ? [] : ['limit', 'next_cursor'])];
  const all = [...names.map((name) => [name, name] as const), ...aliases];
  const refused = new Set(Object.keys(insteadOf).map(plain));
  return new Map(all.flatMap(([key, name]) => (refused.has(plain(key)) ? [] : [[plain(key), name]])));
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

function withoutAliases(
  given: Args,
  aliases: ReadonlyMap<string, string>,
  plainNames: ReadonlyMap<string, string>,
): Args {
  const args: Args = {};
  for (const [key, value] of Object.entries(given)) {
    const name = aliases.get(key) ?? plainNames.get(plain(key)) ?? key;
    if (isAbsent(value) && name !== key) continue;
    if (!isAbsent(args[name]) && !isAbsent(value) && JSON.stringify(args[name]) !== JSON.stringify(value)) {
      throw new ToolError(`${name} is given twice, with different values: ${key} means the same.`);
    }
    if (!isAbsent(value) || args[name] === undefined) args[name] = value;
  }
  return args;
}

/**
 * The arguments without keys that only say what the tool does anyway.
 *
 * @throws {ToolError} for a key that belongs to another parameter or tool
 */
function onlyOwn(args: Args, { insteadOf = {}, implied = {}, parameters }: Operation): Args {
  const others = new Map(Object.entries(insteadOf).map(([key, sentence]) => [plain(key), sentence]));
  const own = Object.entries(args).filter(([key, value]) => {
    const sentence = others.get(plain(key));
    if (key in parameters || sentence === undefined) return true;
    const isNothing =
      isAbsent(value) || (implied[key] === undefined ? value === false : String(value) === String(implied[key]));
    if (isNothing) return false;
    throw new ToolError(`There is no parameter ${key.slice(0, 64)}: ${sentence}`);
  });
  return Object.fromEntries(own);
}

/** With what parameters read themselves. */
function withOwnReading(args: Args, { parameters }: Operation): Args {
  const values = Object.entries(args).flatMap(([name, value]) => {
    const { read } = parameters[name] ?? {};
    return read === undefined || isAbsent(value) ? [] : [[name, read(value)]];
  });
  return { ...args, ...Object.fromEntries(values) };
}

/** @throws {ToolError} naming the tool that finds what is missing */
function requireThings(args: Args, { parameters }: Operation): void {
  for (const [name, { thing, schema }] of Object.entries(parameters)) {
    if (thing === undefined || !isAbsent(args[name]) || schema.safeParse(undefined).success) continue;
    throw new ToolError(`${name} is missing: ${kindOf(thing).foundBy}.`);
  }
}

/** The rows of other answers in the place of ids. */
function withThingTexts(args: Args, { parameters }: Operation): Args {
  const texts = Object.entries(args).flatMap(([name, value]) => {
    const { thing, schema } = parameters[name] ?? {};
    return thing === undefined || schema === undefined ? [] : [[name, thingTexts(value, takesList(schema))]];
  });
  return { ...args, ...Object.fromEntries(texts) };
}

/** Several ids in one text, separated by commas. */
function withLists(args: Args, { parameters }: Operation): Args {
  const lists = Object.entries(args).flatMap(([name, value]) => {
    const { thing, schema } = parameters[name] ?? {};
    const isList = thing !== undefined && schema !== undefined && takesList(schema);
    return isList && typeof value === 'string' && SEVERAL_IDS.test(value) ? [[name, value.split(',')]] : [];
  });
  return { ...args, ...Object.fromEntries(lists) };
}

const SEVERAL_IDS = /^\s*[\da-f-]{36}(?:\s*,\s*[\da-f-]{36})+\s*$/i;

function withSeconds(args: Args, { parameters }: Operation): Args {
  const times = Object.entries(args).flatMap(([name, value]) =>
    parameters[name]?.isTime ? [[name, toSeconds(name, value)]] : [],
  );
  return { ...args, ...Object.fromEntries(times) };
}

/** `Closed` and `in progress` in the place of `closed` and `in_progress`: a text that the schema does not take, and in this form does. */
function withChoices(args: Args, { parameters }: Operation): Args {
  const choices = Object.entries(args).flatMap(([name, value]) => {
    const { schema, isTime, isPerson } = parameters[name] ?? {};
    if (typeof value !== 'string' || value.length > MAX_CHOICE_CHARS || schema === undefined || isTime || isPerson)
      return [];
    const choice = value
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_');
    const isMeant = choice !== value && !takes(schema, value) && takes(schema, choice);
    return isMeant ? [[name, choice]] : [];
  });
  return { ...args, ...Object.fromEntries(choices) };
}

const MAX_CHOICE_CHARS = 100;
