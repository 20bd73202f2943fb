/**
 * Finds what a message adds to the conversation: its text without quotations, the lines that introduce them, and the signature.
 *
 * Time is linear in the length of the text: each line is compared with its neighbours only.
 */
import {
  ANY_LABEL,
  FORWARD_BEGINS,
  FORWARDED,
  FROM_LABEL,
  ORIGINAL,
  SENT_WITH,
  STARTS_ATTRIBUTION,
  SUBJECT_LABEL,
  WROTE,
} from './quote-words.ts';

/** A longer text is cut first. */
const MAX_CHARS = 200_000;
/** A longer line introduces nothing. */
const MAX_LINE_CHARS = 300;
/** Lines of an introduction that a program has wrapped. */
const MAX_INTRODUCTION_LINES = 3;
/** Lines of the header that some programs write above a quotation. */
const MAX_HEADER_LINES = 8;
/** A longer block below `--` is no signature, unless the line is exactly as RFC 3676 §4.3 has it. */
const MAX_SIGNATURE_LINES = 12;

const QUOTED = /^[ \t]{0,3}>/;
/** A date of any order with its year, or a time of day. */
const DATE = /(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}\b|\b\d{1,2}[:.h]\d{2}\b/;
const ADDRESS = /[^\s<>@]@[\p{L}\p{N}-]+\.[\p{L}\p{N}.-]+/u;

/** Messages that only forward a message that only forwards another, and so on. */
const MAX_FORWARDS = 3;

/**
 * @param text plain text with LF line ends, or text made from HTML
 * @returns empty if the message only quotes. Of a message that only forwards another: the text of that one
 */
export function newTextOf(text: string): string {
  return newTextOfLines(text.slice(0, MAX_CHARS).split('\n'), MAX_FORWARDS);
}

function newTextOfLines(lines: readonly string[], forwards: number): string {
  const end = lines.findIndex((_, index) => startsQuotation(lines, index));
  const own = tidy(withoutSignature(withoutQuoted(end < 0 ? lines : lines.slice(0, end))));
  if (own !== '' || end < 0 || forwards === 0 || !isForward(lines[end] ?? '')) return own;
  return newTextOfLines(withoutHeader(lines.slice(end + 1)), forwards - 1);
}

/** True if everything from this line on is a quotation that is not marked line by line. */
function startsQuotation(lines: readonly string[], index: number): boolean {
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

/** Leaves out quoted lines and what introduces them: the paragraph before, if it ends in a colon and has who wrote, when, or a verb of writing. */
function withoutQuoted(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let isInQuotation = false;
  for (const line of lines) {
    if (QUOTED.test(line)) {
      if (!isInQuotation) dropIntroduction(kept);
      isInQuotation = true;
    } else {
      if (line.trim() !== '') isInQuotation = false;
      kept.push(line);
    }
  }
  return kept;
}

function dropIntroduction(kept: string[]): void {
  let end = kept.length;
  while (end > 0 && kept[end - 1]?.trim() === '') end -= 1;
  const last = kept[end - 1] ?? '';
  if (last.length > MAX_LINE_CHARS || !/[:：]\s*$/.test(last)) return;
  let start = end - 1;
  const earliest = Math.max(0, end - MAX_INTRODUCTION_LINES);
  const isPlain = (line: string) => line.trim() !== '' && line.length <= MAX_LINE_CHARS;
  for (let at = end - 1; at >= earliest && isPlain(kept[at] ?? ''); at -= 1) {
    if (STARTS_ATTRIBUTION.test((kept[at] ?? '').trim())) start = at;
  }
  const introduction = kept.slice(start, end).join(' ');
  if (WROTE.test(introduction) || DATE.test(introduction) || ADDRESS.test(introduction)) kept.length = start;
}

/** Cuts at the first signature line (RFC 3676 §4.3), and drops what a program adds below the text. */
function withoutSignature(lines: readonly string[]): string[] {
  const filled = lines.reduce((last, line, index) => (line.trim() === '' ? last : index), -1) + 1;
  const at = lines.findIndex(
    (line, index) => line === '-- ' || (line === '--' && filled - index <= MAX_SIGNATURE_LINES),
  );
  const own = lines.slice(0, at < 0 ? filled : at);
  while (own.length > 0 && isAddedBelow(own.at(-1) ?? '')) own.pop();
  return own;
}

function isAddedBelow(line: string): boolean {
  const text = line.trim();
  return text === '' || /^[-_–—*=]{2,}$/.test(text) || (text.length <= 80 && SENT_WITH.test(text));
}

function isForward(line: string): boolean {
  return isSeparator(line) && (FORWARDED.test(line) || FORWARD_BEGINS.test(line.trim()));
}

/** The lines of a forwarded message, without the header above them. */
function withoutHeader(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => line.trim() !== '');
  if (start < 0 || !ANY_LABEL.test((lines[start] ?? '').slice(0, MAX_LINE_CHARS).trim())) return lines;
  const end = lines.findIndex((line, index) => index > start && line.trim() === '');
  return end < 0 || end > start + 2 * MAX_HEADER_LINES ? lines.slice(start) : lines.slice(end);
}

function nextLine(lines: readonly string[], index: number): string | undefined {
  return lines.slice(index, index + MAX_INTRODUCTION_LINES).find((line) => line.trim() !== '');
}

function tidy(lines: readonly string[]): string {
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
