/** Reads what models write in the place of an id: the id among other words, a link, or the row of another answer. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { kindOf, type Thing } from '../thing.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** Longer texts are no row. */
const MAX_ROW_CHARS = 2_000;

export const isId = (text: string): boolean => text.length === 36 && text.match(UUID)?.length === 1;

export const quoted = (text: string): string => JSON.stringify(text.trim().slice(0, 100));

const Row = z.record(z.string(), z.unknown());

/** By which a row names its thing: the id, else what it is looked up by. */
const KEYS = ['id', 'path', 'name_with_parent_names', 'email', 'address', 'name'];

/**
 * @param value as received; anything
 * @param isList true for a parameter that takes several
 * @returns texts in the place of rows, and the only entry of a list where one is due; other values as they are
 */
export function thingTexts(value: unknown, isList: boolean): unknown {
  const given = parsedRow(value);
  if (Array.isArray(given)) {
    const texts = given.map((each) => thingTexts(each, false));
    return !isList && texts.length === 1 ? texts[0] : texts;
  }
  const { data: row } = Row.safeParse(given);
  const key = KEYS.find((each) => typeof row?.[each] === 'string' && row[each] !== '');
  return row === undefined || key === undefined ? given : row[key];
}

function parsedRow(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > MAX_ROW_CHARS || !/^\s*[[{]\s*["{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * @returns the id in lower case; undefined for a name
 * @throws {ToolError} if there is no id, and things of the kind are not found by a name
 */
export function idIn(parameter: string, thing: Thing, text: string): string | undefined {
  const { one, foundBy, inLinks, list } = kindOf(thing);
  const ids = text.match(UUID) ?? [];
  const inPath = inLinks === undefined ? null : new RegExp(`${inLinks}/(${UUID.source})`, 'i').exec(text);
  const id = inPath?.[1] ?? (ids.length === 1 && isBare(text, ids[0] ?? '') ? ids[0] : undefined);
  if (id !== undefined || list !== undefined) return id?.toLowerCase();
  const isMessageId = thing === 'message' && /^\s*<?[^\s@<>]+@[^\s@<>]+>?\s*$/.test(text);
  const found = isMessageId ? `it is a Message-ID, by which list_all_missive_messages finds it` : foundBy;
  throw new ToolError(
    `${quoted(text)} is not the id of ${/^[aeio]/.test(one) ? 'an' : 'a'} ${one}, which ${parameter} takes: ${found}.`,
  );
}

/** True if beside the id there are only blanks, quotation marks and brackets, its key, its name in parentheses, or the rest of a link. */
function isBare(text: string, id: string): boolean {
  const [before = '', after = ''] = text.split(id);
  if (/^\s*(https?|missive):\/\/\S*$/i.test(before) && /^\S*\s*$/.test(after)) return true;
  const isKey = /^[\s"'`<([{#]*([a-z][a-z_ ]{0,30}["']?\s*[:=#]\s*)?["'`<([{]*$/i.test(before);
  const isNamed = /^\s*\([^()]*\)\s*$/.test(after) || (/\S\s*\(\s*$/.test(before) && /^\s*\)\s*$/.test(after));
  return (isKey && /^[\s"'`>)\]}]*$/.test(after)) || (isNamed && (isKey || before.length <= 200));
}
