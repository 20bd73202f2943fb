/** Recognizes response lines before they are parsed, and rewrites those that imapflow's parser is slow to parse. */
import { isUtf8 } from 'node:buffer';

export interface RawLine {
  payload: Buffer;
  literals: Buffer[];
}

/**
 * - `data`: an untagged response that carries only data: it has no response code and does not end a command
 * - `long fetch`: a FETCH response that is long, has literals, or has strings that are not UTF-8, of which imapflow keeps no bytes
 * - `too long`: longer than imapflow's parser can parse in a few milliseconds
 */
export type LineClass = 'data' | 'long fetch' | 'other' | 'too long';

export function classifyLine(line: RawLine): LineClass {
  const { payload, literals } = line;
  const start = payload.toString('latin1', 0, 24);
  const isLong = payload.length > LONG_LINE_BYTES;
  if (/^\* \d{1,10} FETCH /i.test(start))
    return isLong || literals.length > 0 || !isUtf8(payload) ? 'long fetch' : 'data';
  const isSet = isLong && literals.length === 0 && setIn(payload) !== null;
  if (isLong && !isSet && (payload.length > MAX_LINE_BYTES || LONG_SET.test(payload.toString('latin1')))) {
    return 'too long';
  }
  return /^\* (?:SEARCH|ESEARCH|LIST|STATUS|VANISHED) /i.test(start) ? 'data' : 'other';
}

/**
 * Turns the numbers of `* SEARCH 1 3 5 …`, and the set of `* ESEARCH (TAG "7") UID ALL 1:3,5,…`, into a literal: imapflow's parser needs
 * time that grows with the square of the length of a sequence set, which is seconds with a large mailbox.
 */
export function withSetAsLiteral(line: RawLine): RawLine {
  const { payload, literals } = line;
  if (payload.length <= LONG_LINE_BYTES || literals.length > 0) return line;
  const set = setIn(payload);
  if (set === null) return line;
  const [start, end] = set;
  const bytes = payload.subarray(start, end);
  // What follows the set of a short line is parsed; of a long one it is left out.
  const rest =
    payload.subarray(end, end + LONG_LINE_BYTES).length === payload.length - end ? payload.subarray(end) : EMPTY;
  const parts = [payload.subarray(0, start), Buffer.from(`{${bytes.length}}\r\n`), rest];
  return { ...line, payload: Buffer.concat(parts), literals: [bytes] };
}

/** Where the numbers of a SEARCH, ESEARCH or VANISHED response begin and end; null if it is none. */
function setIn(payload: Buffer): [start: number, end: number] | null {
  const text = payload.toString('latin1', 0, LONG_LINE_BYTES);
  const search = /^\* SEARCH (?=\d)/i.exec(text);
  // `(MODSEQ 7)` may follow (RFC 7162 §3.1.5).
  if (search !== null) return [search[0].length, endOf(payload, '(', search[0].length)];
  // RFC 7162 §3.2.10.
  const vanished = /^\* VANISHED (?:\(EARLIER\) )?(?=\d)/i.exec(text);
  if (vanished !== null) return [vanished[0].length, payload.length];
  const esearch = /^\* ESEARCH [^\r\n]*? ALL (?=\d)/i.exec(text);
  return esearch === null ? null : [esearch[0].length, endOf(payload, ' ', esearch[0].length)];
}

function endOf(payload: Buffer, delimiter: string, start: number): number {
  const end = payload.indexOf(delimiter, start);
  return end < 0 ? payload.length : end;
}

const LONG_LINE_BYTES = 2_000;
/** Longest line that imapflow parses: 300 nanoseconds for a byte. */
const MAX_LINE_BYTES = 32 * 1024;
/** Sequence sets that take quadratic time. */
const LONG_SET = /[\d,:*]{2000}/;
const EMPTY = Buffer.alloc(0);
