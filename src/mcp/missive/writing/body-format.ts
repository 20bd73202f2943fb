/** Reads the body of a message as its author meant it: a text without markup becomes HTML that shows the same text on the same lines. */

import { z } from 'zod';
import type { Person } from '../fields.ts';
import { local } from '../operation.ts';

const BodyFormat = z.enum(['text', 'html']);
export type BodyFormat = z.output<typeof BodyFormat>;

export const bodyFormatParameter = {
  body_format: local(BodyFormat.optional().describe('What body is. Left out: html if it has tags, else text.')),
};

/** What was taken, in the answer. */
export const bodyFormatField = { body_format: BodyFormat.optional().describe('What body was taken for.') };

export interface ReadBody {
  /** HTML. */
  body: string;
  format: BodyFormat;
}

/** Elements without an end tag, or whose end tag is often left out. */
const WITHOUT_END = new Set(['br', 'hr', 'img', 'p', 'li', 'td', 'tr']);
const BLOCKS = new Set(
  'address article blockquote body br center dd div dl dt footer h1 h2 h3 h4 h5 h6 header hr html li main ol p pre section table tbody td tr ul'.split(
    ' ',
  ),
);
const INLINE = new Set(
  'a abbr b big cite code del em font i img ins kbd mark q s samp small span strike strong style sub sup tt u'.split(
    ' ',
  ),
);

/** A start tag: attributes have a value, so that `<b and c>` is none. */
const START_TAG = /<([a-z][a-z\d]{0,9})(?:\s+[\w:-]{1,40}=(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))*\s*\/?>/gi;
const COMMENT_OR_DOCTYPE = /<!(?:--|doctype\s)/i;
const REFERENCE = /&(?=(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[\da-f]{1,6});)/gi;

/** @param forced absent: tags decide */
export function readBody(body: string, forced?: BodyFormat): ReadBody {
  const text = body.replace(/\r\n?/g, '\n');
  const tags = tagsIn(text);
  const isMarkup = isMarkupWith(tags, text);
  if ((forced ?? (isMarkup ? 'html' : 'text')) === 'text') {
    return { body: htmlLines(escaped(text, forced === undefined)), format: 'text' };
  }
  // Words in bold on lines of their own: the line breaks mean lines.
  const hasLines = forced === undefined && isMarkup && !tags.some((tag) => BLOCKS.has(tag));
  return { body: hasLines ? text.trim().replaceAll('\n', '<br>') : body, format: 'html' };
}

/** True for a text that has tags. */
export const hasMarkup = (text: string): boolean => isMarkupWith(tagsIn(text), text);

const isMarkupWith = (tags: readonly string[], text: string): boolean =>
  tags.length > 0 || COMMENT_OR_DOCTYPE.test(text);

/** Names of the elements that the text has, in lower case. */
function tagsIn(text: string): string[] {
  const lower = text.toLowerCase();
  const names = new Set<string>();
  // A list of all matches takes three times as long.
  for (const [, name = ''] of lower.matchAll(START_TAG)) names.add(name);
  return [...names].filter(
    (name) => (BLOCKS.has(name) || INLINE.has(name)) && (WITHOUT_END.has(name) || lower.includes(`</${name}>`)),
  );
}

/** @param keepsReferences `&amp;` stays what it is: models escape what they believe to be HTML */
function escaped(text: string, keepsReferences: boolean): string {
  const ampersands = keepsReferences
    ? text.replace(REFERENCE, '\u0000').replaceAll('&', '&amp;').replaceAll('\u0000', '&')
    : text.replaceAll('&', '&amp;');
  return ampersands.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A paragraph for each line, as Missive's editor has it. */
function htmlLines(text: string): string {
  return text
    .replace(/\s+$/, '')
    .split('\n')
    .map((line) => `<div>${withBlanks(line.trimEnd()) || '<br>'}</div>`)
    .join('');
}

/** Blanks at the start of a line, and several of them, would be shown as one. */
const withBlanks = (line: string): string =>
  line
    .replace(/\t/g, '    ')
    .replace(
      /^ +| {2,}/g,
      (run, offset: number) => (offset === 0 ? '' : ' ') + '&nbsp;'.repeat(run.length - (offset === 0 ? 0 : 1)),
    );

/** The arguments with a body that is HTML in every case, and what it was taken for. */
export function withHtmlBody<Args extends { body?: string | undefined; body_format?: BodyFormat | undefined }>(
  args: Args,
): { args: Args; report: { body_format?: BodyFormat } } {
  const { body, body_format: forced } = args;
  if (body === undefined || body === '') return { args: { ...args, body_format: undefined }, report: {} };
  const read = readBody(body, forced);
  return { args: { ...args, body: read.body, body_format: undefined }, report: { body_format: read.format } };
}

interface Fields {
  body?: string | undefined;
  body_format?: BodyFormat | undefined;
  from_field?: Person | undefined;
  to_fields?: Person[] | undefined;
  account?: string | undefined;
}

/** The arguments with the body as the channel takes it, and what it was taken for. Numbers and custom channels show a text as it is. */
export function withReadBody<Args extends Fields>(args: Args): { args: Args; report: { body_format?: BodyFormat } } {
  const { body, body_format: forced, from_field: from, to_fields: to = [], account } = args;
  if (body === undefined || body === '') return { args, report: {} };
  const people = [...(from === undefined ? [] : [from]), ...to];
  const isOther = people.length > 0 ? people.every(({ address }) => address === undefined) : account !== undefined;
  return isOther ? { args, report: { body_format: forced ?? 'text' } } : withHtmlBody(args);
}
