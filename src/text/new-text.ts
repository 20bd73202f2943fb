/**
 * Finds what a message adds to the conversation: its text without quotations, the lines that introduce them, and the signature.
 *
 * Time is linear in the length of the text: each line is compared with its neighbours only.
 */
import { introductionStart, isForward, isQuoted, startsQuotation, withoutHeader } from './quotations.ts';
import { SENT_WITH } from './quote-words.ts';

/** A longer text is cut first. */
const MAX_CHARS = 200_000;
/** A longer block below `--` is no signature, unless the line is exactly as RFC 3676 §4.3 has it. */
const MAX_SIGNATURE_LINES = 12;

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

/** Leaves out quoted lines and what introduces them. */
function withoutQuoted(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let isInQuotation = false;
  for (const line of lines) {
    if (isQuoted(line)) {
      if (!isInQuotation) kept.length = introductionStart(kept);
      isInQuotation = true;
    } else {
      if (line.trim() !== '') isInQuotation = false;
      kept.push(line);
    }
  }
  return kept;
}

function withoutSignature(lines: readonly string[]): string[] {
  return lines.slice(0, signatureStart(lines));
}

/**
 * Finds the first signature line (RFC 3676 §4.3), or what a program adds below the text.
 *
 * @returns the number of lines before it
 */
export function signatureStart(lines: readonly string[]): number {
  const filled = lines.reduce((last, line, index) => (line.trim() === '' ? last : index), -1) + 1;
  const at = lines.findIndex(
    (line, index) => line === '-- ' || (line === '--' && filled - index <= MAX_SIGNATURE_LINES),
  );
  let end = at < 0 ? filled : at;
  while (end > 0 && isAddedBelow(lines[end - 1] ?? '')) end -= 1;
  return end;
}

function isAddedBelow(line: string): boolean {
  const text = line.trim();
  return text === '' || /^[-_–—*=]{2,}$/.test(text) || (text.length <= 80 && SENT_WITH.test(text));
}

/** The lines as a text, without blanks at their ends, and with one empty line between paragraphs. */
export function tidy(lines: readonly string[]): string {
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
