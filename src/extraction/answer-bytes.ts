/**
 * Writes and reads the answer of a process: a line that describes it, and the text as it is.
 *
 * Only the line, which is short, is JSON: what parses it takes no time and no memory for whatever a process writes.
 */
import type { FileAnswer } from './exchange.ts';

const MAX_LINE_BYTES = 4 * 1024;
/** Of a UTF-16 unit in UTF-8. */
const MAX_CHAR_BYTES = 3;

/** The most that an answer has for so many characters. */
export const maxAnswerBytes = (chars: number): number => MAX_LINE_BYTES + MAX_CHAR_BYTES * (chars + 1);

export function toAnswerBytes(answer: FileAnswer): Buffer {
  const { text, ...line } = { text: '', ...answer };
  return Buffer.from(`${JSON.stringify(line)}\n${text}`);
}

/** @returns the JSON of the line, and the text @throws {Error} if there is no such line */
export function splitAnswerBytes(bytes: Buffer): { line: string; text: string } {
  const end = bytes.subarray(0, MAX_LINE_BYTES).indexOf('\n');
  if (end < 0) throw new Error('an answer without a line');
  return { line: bytes.toString('utf8', 0, end), text: bytes.toString('utf8', end + 1) };
}
