/**
 * Finds where a text quotes another: lines marked by `>`, the lines that introduce a quotation, and the header above an original that is not
 * marked line by line.
 *
 * Time is linear in the length of the text: each line is compared with its neighbours only.
 */
import {
  ANY_LABEL,
  FORWARD_BEGINS,
  FORWARDED,
  FROM_LABEL,
  ORIGINAL,
  STARTS_ATTRIBUTION,
  SUBJECT_LABEL,
  WROTE,
} from './quote-words.ts';

/** A longer line introduces nothing. */
const MAX_LINE_CHARS = 300;
/** Lines of an introduction that a program has wrapped. */
const MAX_INTRODUCTION_LINES = 3;
/** Lines of the header that some programs write above a quotation. */
const MAX_HEADER_LINES = 8;

const QUOTED = /^[ \t]{0,3}>/;
/** A date of any order with its year, or a time of day. */
const DATE = /(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}\b|\b\d{1,2}[:.h]\d{2}\b/;
const ADDRESS = /[^\s<>@]@[\p{L}\p{N}-]+\.[\p{L}\p{N}.-]+/u;

/** True for a line that is marked as quoted. */
export function isQuoted(line: string): boolean {
  return QUOTED.test(line);
}

/** True if everything from this line on is a quotation that is not marked line by line. */
export function startsQuotation(lines: readonly string[], index: number): boolean {
  const line = lines[index] ?? '';
  if (line.length > MAX_LINE_CHARS || line.trim() === '') return false;
  if (isSeparator(line) || startsHeader(lines, index)) return true;
  const last = introductionEnd(lines, index);
  return last !== undefined && !QUOTED.test(nextLine(lines, last + 1) ?? '');
}

/** `-----Original Message-----`, `---------- Forwarded message ---------`, `Begin forwarded message:`. */
function isSeparator(line: string): boolean {
  const between = /^[ \t]*[-_–—*=~#]{2,40}[ \t]*([^-_–—*=~#].{0,80}?)[ \t]*[-_–—*=~#]{2,40}[ \t]*$/.exec(line)?.[1];
  if (between !== undefined) return ORIGINAL.test(between) || FORWARDED.test(between);
  return FORWARD_BEGINS.test(line.trim());
}

/** `From: …`, and further fields of a header below it, among them the subject, or below a rule. */
function startsHeader(lines: readonly string[], index: number): boolean {
  if (!FROM_LABEL.test((lines[index] ?? '').trim())) return false;
  const following = lines
    .slice(index + 1, index + MAX_HEADER_LINES)
    .map((line) => line.slice(0, MAX_LINE_CHARS).trim());
  const labels = following.filter((line) => ANY_LABEL.test(line));
  return (
    labels.length >= 2 &&
    (/^_{10,}$/.test(lines[index - 1] ?? '') || following.some((line) => SUBJECT_LABEL.test(line)))
  );
}

/**
 * An introduction: ends in a colon, and has who wrote and when. A program may have wrapped it.
 *
 * @returns the index of its last line; undefined if none starts here
 */
function introductionEnd(lines: readonly string[], index: number): number | undefined {
  if (!STARTS_ATTRIBUTION.test((lines[index] ?? '').trim())) return undefined;
  let joined = '';
  for (let at = index; at < index + MAX_INTRODUCTION_LINES; at += 1) {
    const line = (lines[at] ?? '').trim();
    if (line === '' || QUOTED.test(line) || joined.length + line.length > MAX_LINE_CHARS) return undefined;
    joined = joined === '' ? line : `${joined} ${line}`;
    if (/[:：]$/.test(line)) return saysWhoAndWhen(joined) ? at : undefined;
  }
  return undefined;
}

function saysWhoAndWhen(text: string): boolean {
  const hasWhen = DATE.test(text);
  const hasWho = ADDRESS.test(text);
  return WROTE.test(text) ? hasWhen || hasWho : hasWhen && hasWho;
}

/**
 * Finds what introduces a marked quotation: the paragraph before it, if it ends in a colon and has who wrote, when, or a verb of writing.
 *
 * @param before the lines before the quotation
 * @returns where it starts; the number of lines if there is none
 */
export function introductionStart(before: readonly string[]): number {
  let end = before.length;
  while (end > 0 && before[end - 1]?.trim() === '') end -= 1;
  const last = before[end - 1] ?? '';
  if (last.length > MAX_LINE_CHARS || !/[:：]\s*$/.test(last)) return before.length;
  let start = end - 1;
  const earliest = Math.max(0, end - MAX_INTRODUCTION_LINES);
  const isPlain = (line: string) => line.trim() !== '' && line.length <= MAX_LINE_CHARS;
  for (let at = end - 1; at >= earliest && isPlain(before[at] ?? ''); at -= 1) {
    if (STARTS_ATTRIBUTION.test((before[at] ?? '').trim())) start = at;
  }
  const introduction = before.slice(start, end).join(' ');
  return WROTE.test(introduction) || DATE.test(introduction) || ADDRESS.test(introduction) ? start : before.length;
}

/** True for a line that says that what follows is forwarded. */
export function isForward(line: string): boolean {
  return isSeparator(line) && (FORWARDED.test(line) || FORWARD_BEGINS.test(line.trim()));
}

/**
 * @param lines from the one on that startsQuotation() has found
 * @returns how many of them introduce the quotation: its separator and header, or its introduction
 */
export function introductionLength(lines: readonly string[]): number {
  const introduction = introductionEnd(lines, 0);
  if (introduction !== undefined) return introduction + 1;
  const header = isSeparator(lines[0] ?? '') ? 1 : 0;
  return lines.length - withoutHeader(lines.slice(header)).length;
}

/** The lines of a forwarded message, without the header above them. */
export function withoutHeader(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => line.trim() !== '');
  if (start < 0 || !ANY_LABEL.test((lines[start] ?? '').slice(0, MAX_LINE_CHARS).trim())) return lines;
  const end = lines.findIndex((line, index) => index > start && line.trim() === '');
  return end < 0 || end > start + 2 * MAX_HEADER_LINES ? lines.slice(start) : lines.slice(end);
}

function nextLine(lines: readonly string[], index: number): string | undefined {
  return lines.slice(index, index + MAX_INTRODUCTION_LINES).find((line) => line.trim() !== '');
}
