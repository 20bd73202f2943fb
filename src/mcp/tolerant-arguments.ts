/**
 * Reads the arguments of a call as their author meant them: hosts send null for every parameter that is not used, and models send numbers,
 * booleans and lists as text. What is not unambiguous stays as it is, so that validation refuses it.
 *
 * Invariant: the arguments never ask for more than what the call names.
 */
import { ToolError } from '../errors.ts';
import type { Wanted, WantedObject } from './wanted-arguments.ts';

type Members = Record<string, unknown>;

/** Longer text is not parsed as JSON: it would be a way around the limits on the JSON of a request. */
const MAX_JSON_TEXT_CHARS = 65_536;

/** No parameter of any tool takes more; validating many more wrong ones would take seconds. */
const MAX_ENTRIES = 1000;

/** Of a text: messages are shorter, and composing one takes many times its length in memory. */
const MAX_TEXT_CHARS = 1_000_000;

/** Parameters that hosts add to every tool. */
const HOST_PARAMETERS: ReadonlySet<string> = new Set([
  '_meta',
  'explanation',
  'random_string',
  'security_risk',
  'toolAction',
  'toolSummary',
  'wait_for_previous',
  'waitForPreviousTools',
]);

interface Reading {
  /** Path of the value, for errors; empty at the top. */
  path: string;
  /** True for tools that change or send something: an empty value of a parameter that limits this is an error. */
  isChange: boolean;
}

/**
 * @param args the arguments as received; anything
 * @returns the arguments for validation: without empty ones, and with unknown ones, except those that hosts add
 * @throws {ToolError} if an argument is empty and leaving it out would change or send more, a text holds NUL, or there is too much
 */
export function tolerantArguments(args: unknown, wanted: WantedObject, { isChange }: { isChange: boolean }): unknown {
  const given = typeof args === 'string' ? (parsedJson(args, '{') ?? args) : args;
  if (isEmpty(given) || given === undefined) return {};
  if (!isMembers(given)) return given;
  requireFew(Object.keys(given), '');
  const known = Object.entries(given).filter(([name, value]) => {
    if (wanted.members.has(name)) return true;
    return !HOST_PARAMETERS.has(name) && (isChange ? value !== null : !isEmpty(value));
  });
  return readMembers(known, wanted, { path: '', isChange });
}

/** @returns undefined if the value counts as absent */
function read(value: unknown, wanted: Wanted, reading: Reading): unknown {
  if (value === null) return undefined;
  const given = isTextOf(value, wanted) ? fromText(value, wanted) : value;
  if (isEmpty(given) || given === null) return readEmpty(given, wanted, reading);
  if (typeof given === 'string' && given.includes('\u0000')) {
    throw new ToolError(`${reading.path} holds the character U+0000, which no mail can have: leave it out.`);
  }
  if (typeof given === 'string' && given.length > MAX_TEXT_CHARS) {
    throw new ToolError(`${reading.path} may have ${MAX_TEXT_CHARS.toLocaleString('en')} characters at most.`);
  }
  switch (wanted.kind) {
    case 'list':
      return readList(given, wanted.item, wanted, reading);
    case 'object':
    case 'dictionary':
      return isMembers(given) ? readObject(given, wanted, reading) : given;
    case 'text':
      if (wanted.joins === true) return joined(given, wanted, reading);
      if (wanted.locates === true) return located(given);
      return Number.isSafeInteger(given) ? String(given) : given;
    case 'flag':
      return given === false ? undefined : given;
    default:
      return given;
  }
}

/** The empty text or list of a field that it clears; otherwise the parameter is absent. */
function readEmpty(value: unknown, wanted: Wanted, { path, isChange }: Reading): unknown {
  const isOfItsKind = wanted.kind === 'list' ? Array.isArray(value) : wanted.kind === 'text' && value === '';
  if (wanted.clears === true && isOfItsKind) return value;
  if (wanted.narrows !== true || !isChange) return undefined;
  const meaning = wanted.about === undefined ? '' : ` (${wanted.about.replace(/\.$/, '')})`;
  throw new ToolError(
    `Nothing was done, because ${path}${meaning} is empty, and without it the call would do more: give a value, or leave it out to mean that.`,
  );
}

/** A single value counts as a list of one. Absent entries are dropped; a list of nothing else counts as absent, and clears nothing. */
function readList(given: unknown, item: Wanted, wanted: Wanted, reading: Reading): unknown {
  if (!Array.isArray(given) && isMembers(given) !== (item.kind === 'object')) return given;
  const entries = Array.isArray(given) ? given : [given];
  requireFew(entries, reading.path);
  const kept = entries
    .map((entry, index) => read(entry, item, { ...reading, path: `${reading.path}[${index}]` }))
    .filter((entry) => entry !== undefined);
  return kept.length > 0 ? kept : readEmpty(undefined, wanted, reading);
}

/** Addresses or numbers as one text. */
function joined(given: unknown, wanted: Wanted, reading: Reading): unknown {
  const list = typeof given === 'string' ? parsedJson(given, '[') : given;
  if (Number.isSafeInteger(given)) return String(given);
  if (!Array.isArray(list)) return given;
  requireFew(list, reading.path);
  const kept = list.filter((entry) => !isEmpty(entry));
  if (kept.length === 0) return readEmpty(undefined, wanted, reading);
  const areTexts = kept.every((entry) => typeof entry === 'string' || Number.isSafeInteger(entry));
  return areTexts ? kept.join(', ') : given;
}

/** `{folder, uid, uid_validity}` as one text. */
function located(value: unknown): unknown {
  const given = typeof value === 'string' ? (parsedJson(value, '{') ?? value) : value;
  if (!isMembers(given)) return given;
  const { folder, uid, uid_validity: uidValidity } = given;
  const isNamed = typeof folder === 'string' && (typeof uid === 'number' || typeof uid === 'string');
  if (!isNamed || !hasOnly(given, ['folder', 'uid', 'uid_validity'])) return given;
  const isKnown = typeof uidValidity === 'string' || typeof uidValidity === 'number';
  return `${folder}${isKnown && uidValidity !== '' ? `;UIDVALIDITY=${uidValidity}` : ''}/${uid}`;
}

function hasOnly(given: Members, names: readonly string[]): boolean {
  return Object.keys(given).every((name) => names.includes(name));
}

function readObject(
  given: Members,
  wanted: Extract<Wanted, { kind: 'object' | 'dictionary' }>,
  reading: Reading,
): unknown {
  requireFew(Object.keys(given), reading.path);
  if (wanted.kind === 'dictionary') {
    // An empty text is a value here.
    return Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) =>
        value === null ? [] : [[name, isEmpty(value) ? value : read(value, wanted.value, reading)]],
      ),
    );
  }
  const members = readMembers(Object.entries(given), wanted, reading);
  return isEmpty(members) ? readEmpty(undefined, wanted, reading) : members;
}

function readMembers(entries: [string, unknown][], { members }: WantedObject, { path, isChange }: Reading): Members {
  const meant = entries.map(([name, value]) => {
    const member = members.get(name);
    const inner = { path: path === '' ? name : `${path}.${name}`, isChange };
    return [name, member === undefined ? value : read(value, member, inner)] as const;
  });
  return Object.fromEntries(meant.filter(([, value]) => value !== undefined && value !== null));
}

/** @throws {ToolError} */
function requireFew(entries: readonly unknown[], path: string): void {
  if (entries.length <= MAX_ENTRIES) return;
  throw new ToolError(`${path === '' ? 'The arguments' : path} may have ${MAX_ENTRIES} entries at most.`);
}

const isTextOf = (value: unknown, { kind }: Wanted): value is string => typeof value === 'string' && kind !== 'text';

/** The value that a text means where another kind of value is wanted; the text itself if that is not clear. */
function fromText(text: string, { kind }: Wanted): unknown {
  if (text === 'null') return null;
  switch (kind) {
    case 'number':
      return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'boolean':
    case 'flag':
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text;
    case 'list':
      return parsedJson(text, '[') ?? parsedJson(text, '{') ?? text;
    case 'object':
    case 'dictionary':
      return parsedJson(text, '{') ?? text;
    default:
      return text;
  }
}

/** @returns undefined if the text is not JSON that begins like this */
function parsedJson(text: string, begin: '[' | '{'): unknown {
  if (text.length > MAX_JSON_TEXT_CHARS || !text.trimStart().startsWith(begin)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True for the text, the list and the object without contents. */
function isEmpty(value: unknown): boolean {
  if (value === '' || value === null) return true;
  if (typeof value !== 'object') return false;
  // Object.keys() would list a hundred thousand members.
  for (const _ in value) return false;
  return true;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
