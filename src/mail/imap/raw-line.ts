/** Recognizes response lines before they are parsed, and rewrites those that imapflow's parser is slow to parse. */
export interface RawLine {
  payload: Buffer;
  literals: Buffer[];
}

/** True for an untagged response that carries only data: it has no response code and does not end a command. */
export function isData({ payload }: RawLine): boolean {
  return /^\* (?:\d{1,10} FETCH|SEARCH|ESEARCH|LIST|STATUS) /i.test(payload.toString('latin1', 0, 24));
}

/**
 * Turns the set of `* ESEARCH (TAG "7") UID ALL 1:3,5,…` into a literal: imapflow's parser needs time that grows with the square of the
 * length of a sequence set, which is seconds with a large mailbox.
 */
export function withSetAsLiteral(line: RawLine): RawLine {
  const { payload, literals } = line;
  if (payload.length < LONG_LINE_BYTES || literals.length > 0) return line;
  const start = /^\* ESEARCH [^\r\n]*? ALL (?=\d)/i.exec(payload.toString('latin1', 0, LONG_LINE_BYTES));
  if (start === null) return line;
  const [{ length }] = start;
  const space = payload.indexOf(' ', length);
  const end = space < 0 ? payload.length : space;
  const set = payload.subarray(length, end);
  const parts = [payload.subarray(0, length), Buffer.from(`{${set.length}}\r\n`), payload.subarray(end)];
  return { ...line, payload: Buffer.concat(parts), literals: [set] };
}

const LONG_LINE_BYTES = 2_000;
