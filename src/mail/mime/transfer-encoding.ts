/** Decodes Content-Transfer-Encoding (RFC 2045 §6) piece by piece, and accepts the faults of senders and gateways. */

export interface TransferDecoder {
  /** @returns the bytes that can be decoded so far */
  push(chunk: Buffer): Buffer;
  /** @returns the rest */
  end(): Buffer;
}

/** @param encoding lower case; with any other than `base64` and `quoted-printable` the bytes are unchanged */
export function createTransferDecoder(encoding: string): TransferDecoder {
  if (encoding === 'base64') return createBase64Decoder();
  if (encoding === 'quoted-printable') return createQuotedPrintableDecoder();
  return { push: (chunk) => chunk, end: () => Buffer.alloc(0) };
}

const SLICE_BYTES = 32 * 1024;

export function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
  const decoder = createTransferDecoder(encoding);
  return Buffer.concat([decoder.push(bytes), decoder.end()]);
}

/**
 * Decodes a text part. What is not base64 of a part that is declared so is text: the whole of it, or the footer that a mailing list has added
 * behind the data (RFC 2045 §6.8).
 */
export function decodeTextTransfer(bytes: Buffer, encoding: string): Buffer {
  const isBase64 = encoding === 'base64' || (UNENCODED.test(encoding) && isUndeclaredBase64(bytes));
  if (!isBase64) return decodeTransfer(bytes, encoding);
  const end = endOfBase64(bytes);
  if (end === 0) return bytes;
  const decoded = decodeTransfer(bytes.subarray(0, end), 'base64');
  return end === bytes.length ? decoded : Buffer.concat([decoded, LINE_END, bytes.subarray(end)]);
}

const UNENCODED = /^(?:|7bit|8bit|binary)$/;
/** Lines of text that are checked. */
const MAX_BASE64_SAMPLE_BYTES = 4_096;
const MIN_BASE64_LINE_CHARS = 60;

/** True for base64 in lines as programs write it, which decodes to text: servers report the default encoding of a field that they cannot parse. */
function isUndeclaredBase64(bytes: Buffer): boolean {
  const lines = bytes.toString('latin1', 0, MAX_BASE64_SAMPLE_BYTES).trim().split(/\r?\n/);
  const isWhole = bytes.length <= MAX_BASE64_SAMPLE_BYTES;
  const full = isWhole || lines.length === 1 ? lines.slice(0, -1) : lines.slice(0, -2);
  const [first = ''] = full;
  if (first.length < MIN_BASE64_LINE_CHARS || first.length % 4 !== 0) return false;
  if (!full.every((line) => line.length === first.length && /^[A-Za-z\d+/]+$/.test(line))) return false;
  if (isWhole && !/^[A-Za-z\d+/]*={0,2}$/.test(lines.at(-1) ?? '')) return false;
  const decoded = Buffer.from(full.join(''), 'base64');
  return decoded.every((byte) => byte >= 0x20 || byte === LF || byte === CR || byte === TAB);
}

const LINE_END = Buffer.from('\n');
/** Lines of text that are looked at; base64 has lines of 76 characters. */
const MAX_CHECKED_LINE_BYTES = 400;

/** Where the first line begins that is text: it has several words, signs that base64 does not have, or is a rule of dashes. */
function endOfBase64(bytes: Buffer): number {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LF, start);
    const end = found < 0 ? bytes.length : found + 1;
    if (isTextLine(bytes.toString('latin1', start, Math.min(end, start + MAX_CHECKED_LINE_BYTES)).trim())) return start;
    start = end;
  }
  return bytes.length;
}

function isTextLine(line: string): boolean {
  if (line === '') return false;
  if (/^[-_=*]{4,}$/.test(line)) return true;
  const words = line.split(/[ \t]+/).length;
  const foreign = line.match(/[^A-Za-z0-9+/=_ \t-]/g)?.length ?? 0;
  // One such sign in a single word is an error of transmission.
  return (words > 2 && words > line.length / 12) || foreign > Math.max(words > 1 ? 0 : 1, line.length * 0.05);
}

/** Bytes after decoding, estimated from the encoded size: a line of 76 characters and CRLF holds 57 bytes. */
export function estimateDecodedSize(encodedBytes: number, encoding: string): number {
  if (encoding !== 'base64') return encodedBytes;
  const characters = encodedBytes - 2 * Math.floor(encodedBytes / 78);
  return Math.floor(characters / 4) * 3;
}

function createBase64Decoder(): TransferDecoder {
  let rest = '';
  return {
    push: (chunk) => Buffer.concat(slicesOf(chunk).map(decodeSlice)),
    end: () => Buffer.from(rest, 'base64'),
  };

  function decodeSlice(slice: Buffer): Buffer {
    const text = rest + slice.toString('latin1').replace(/[^A-Za-z0-9+/=_-]+/g, '');
    // Padding ends a run; some senders put several runs into one part.
    const runs = text.split(/=+/);
    const last = runs.pop() ?? '';
    const whole = last.length - (last.length % 4);
    rest = last.slice(whole);
    // One buffer for all runs: half a million of two characters would otherwise take more memory than a worker thread has.
    const decoded = Buffer.allocUnsafe(text.length);
    let length = 0;
    for (const run of [...runs, last.slice(0, whole)]) length += decoded.write(run, length, 'base64');
    return decoded.subarray(0, length);
  }
}

/** Small slices, because strings of half a megabyte would stay in memory until the next full garbage collection. */
function slicesOf(chunk: Buffer): Buffer[] {
  const count = Math.ceil(chunk.length / SLICE_BYTES);
  return Array.from({ length: count }, (_, n) => chunk.subarray(n * SLICE_BYTES, (n + 1) * SLICE_BYTES));
}

function createQuotedPrintableDecoder(): TransferDecoder {
  let rest = '';
  const decode = (text: string) => decodeQuotedPrintable(Buffer.from(text, 'latin1'));
  return {
    push: (chunk) => {
      const text = rest + chunk.toString('latin1');
      // A `=` whose second character or line end has not come yet is kept for the next chunk.
      const open = /=(?:[0-9a-f]|[ \t]{0,80}\r?)?$/i.exec(text.slice(-100));
      rest = open?.[0] ?? '';
      return decode(text.slice(0, text.length - rest.length));
    },
    end: () => decode(rest),
  };
}

/** Byte by byte: strings for each of half a million escapes would take more memory than a worker thread has. */
function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const value = bytes[at] === EQUALS ? 16 * hexValue(bytes[at + 1]) + hexValue(bytes[at + 2]) : Number.NaN;
    const end = bytes[at] === EQUALS && Number.isNaN(value) ? endOfSoftBreak(bytes, at + 1) : -1;
    if (end >= 0) {
      at = end;
    } else {
      decoded[length] = Number.isNaN(value) ? (bytes[at] ?? 0) : value;
      length += 1;
      if (!Number.isNaN(value)) at += 2;
    }
  }
  return decoded.subarray(0, length);
}

/** @returns NaN for a byte that is no digit */
function hexValue(byte: number | undefined): number {
  if (byte === undefined) return Number.NaN;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

/** The line feed of `=` at the end of a line, where gateways add blanks; -1 if there is none. */
function endOfSoftBreak(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === SPACE || bytes[at] === TAB) at += 1;
  if (bytes[at] === CR && bytes[at + 1] === LF) at += 1;
  return bytes[at] === LF ? at : -1;
}

const [EQUALS, SPACE, TAB, CR, LF] = [0x3d, 0x20, 0x09, 0x0d, 0x0a];
