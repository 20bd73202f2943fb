/** Decodes bytes of mail into Unicode, also where the charset is undeclared or declared wrongly. */
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import libmime from 'libmime';

/** The most frequent charset of mail that declares none and is not UTF-8; it has a character for every byte. */
const FALLBACK_CHARSET = 'windows-1252';

/** Declarations that do not name a charset, or name UTF-8 or ASCII, which are recognised by the bytes. */
const NO_CHARSET =
  /^(?:|us-ascii|ascii|ansi_x3\.4-1968|utf-?8|unicode-1-1-utf-8|7bit|8bit|binary|x?-?unknown(?:-8bit)?|default|default_charset|none)$/i;

/**
 * @param charset as declared; if it is null or unknown, UTF-8 if the bytes are valid UTF-8, otherwise guessCharset()
 */
export function decodeText(bytes: Buffer, charset: string | null): string {
  const declared = (charset ?? '').trim();
  if (NO_CHARSET.test(declared)) return decodeUndeclared(bytes);
  // ISO-8859-1 has no printable characters where windows-1252 has its quotes and dashes; senders mean the latter (WHATWG Encoding §4.2).
  if (/^(?:iso[-_]?8859[-_]?1|latin-?1|l1)$/i.test(declared)) return iconv.decode(bytes, FALLBACK_CHARSET);
  if (isJapanese(declared)) return libmime.decodeWord(declared, 'B', bytes.toString('base64'));
  const known = [declared, libmime.normalizeCharset(declared)].find((name) => iconv.encodingExists(name));
  return known === undefined ? decodeUndeclared(bytes) : iconv.decode(bytes, known);
}

/** @returns false for a name for which decodeText() guesses the charset */
export function isKnownCharset(charset: string): boolean {
  const name = charset.trim();
  return (
    NO_CHARSET.test(name) ||
    isJapanese(name) ||
    iconv.encodingExists(name) ||
    iconv.encodingExists(libmime.normalizeCharset(name))
  );
}

/** Bytes of a header value that are decoded. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Decodes a header value: encoded words (RFC 2047), raw UTF-8 (RFC 6532), or raw bytes in the charset that the body declares.
 *
 * @returns one line without control characters
 */
export function decodeHeader(value: Buffer | null, bodyCharset: string | null = null): string {
  if (value === null) return '';
  const bytes = value.subarray(0, MAX_HEADER_BYTES);
  const isDeclared = bodyCharset !== null && isKnownCharset(bodyCharset) && !NO_CHARSET.test(bodyCharset.trim());
  const raw = isUtf8(bytes) ? bytes.toString() : decodeText(bytes, isDeclared ? bodyCharset : guessCharset(bytes));
  return oneLine(raw.includes('=?') ? libmime.decodeWords(raw) : raw);
}

/** Replaces each run of control characters, line breaks and white space by one space. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
}

function decodeUndeclared(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return iconv.decode(bytes, 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return iconv.decode(bytes, 'utf-16be');
  const text = bytes.toString().replace(/^\u{feff}/u, '');
  if (isUtf8(bytes)) return text;
  // Damaged UTF-8 still has more valid sequences than invalid ones; text in an 8-bit charset has hardly any valid ones.
  return isMostlyUtf8(text) ? text : iconv.decode(bytes, guessCharset(bytes));
}

/** Counts without a list of matches, of which a megabyte of text has a million. */
function isMostlyUtf8(text: string): boolean {
  let good = 0;
  let bad = 0;
  for (const character of text) {
    if (character === '\u{fffd}') bad += 1;
    else if (character > '\u007f') good += 1;
  }
  return good > bad;
}

function isJapanese(charset: string): boolean {
  return /^(?:iso-2022-jp|euc-?jp|jis)/i.test(charset);
}

/** Bytes that are looked at. */
const MAX_GUESSED_BYTES = 16 * 1024;
/** Characters of two bytes, or letters of one, that a guess needs. */
const MIN_PAIRS = 2;
const MIN_LETTERS = 4;

/**
 * The charset of bytes that are not UTF-8 and declare none: an East Asian one if nearly all characters are frequent ones of it, a Cyrillic one if
 * letters above ASCII stand together as in no other language, otherwise windows-1252.
 */
function guessCharset(bytes: Buffer): string {
  const found = countPairs(bytes.subarray(0, MAX_GUESSED_BYTES));
  const { pairs, singles, letters, longestRun, lowerKoi8, lower1251, others, besideAscii } = found;
  const isCyrillic = longestRun >= 3 && others <= letters * 0.1 && besideAscii <= letters * 0.2;
  if (letters >= MIN_LETTERS && isCyrillic) return lowerKoi8 > lower1251 ? 'koi8-r' : 'windows-1251';
  // Pairs that touch no other one are an accented letter with the letter behind it.
  if (pairs < MIN_PAIRS || singles > pairs / 20 || found.touching < pairs / 2) return FALLBACK_CHARSET;
  if (found.kana >= pairs * 0.3) return 'shift_jis';
  if (found.hanzi >= pairs * 0.7) return 'gb18030';
  return found.big5 >= pairs * 0.9 ? 'big5' : FALLBACK_CHARSET;
}

/** @returns how many pairs of bytes are characters, and are frequent ones of each charset (rows B0 to D7 of GB 2312, A1 to C6 of Big5, kana of Shift_JIS) */
function countPairs(bytes: Buffer) {
  const found = { pairs: 0, singles: 0, touching: 0, hanzi: 0, big5: 0, kana: 0 };
  const letters = { letters: 0, longestRun: 0, lowerKoi8: 0, lower1251: 0, others: 0, besideAscii: 0 };
  let run = 0;
  let endOfPair = -1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    run = byte < 0x80 ? 0 : run + 1;
    if (byte < 0x80) continue;
    countLetter(letters, byte, run);
    if (isAsciiLetter(bytes[at - 1]) || isAsciiLetter(bytes[at + 1])) letters.besideAscii += 1;
    if (at < endOfPair) continue;
    const trail = bytes[at + 1] ?? 0;
    if (byte === 0x80 || byte === 0xff || trail < 0x40 || trail === 0x7f || trail === 0xff) {
      found.singles += 1;
      continue;
    }
    found.pairs += 1;
    if (endOfPair === at) found.touching += found.touching === 0 ? 2 : 1;
    // Full-width signs are in every charset.
    const isSign = byte >= 0xa1 && byte <= 0xa3 && trail >= 0xa1;
    if (isSign || (byte >= 0xb0 && byte <= 0xd7 && trail >= 0xa1)) found.hanzi += 1;
    if (byte >= 0xa1 && byte <= 0xc6 && (trail < 0x7f || trail >= 0xa1)) found.big5 += 1;
    if (byte === 0x82 || byte === 0x83) found.kana += 1;
    endOfPair = at + 2;
  }
  return { ...found, ...letters };
}

/** Cyrillic letters are C0 to FF, and ё; lower case is E0 to FF in windows-1251 and C0 to DF in KOI8-R. */
function countLetter(
  found: { letters: number; longestRun: number; lowerKoi8: number; lower1251: number; others: number },
  byte: number,
  run: number,
): void {
  found.letters += 1;
  found.longestRun = Math.max(found.longestRun, run);
  if (byte >= 0xe0) found.lower1251 += 1;
  else if (byte >= 0xc0) found.lowerKoi8 += 1;
  else if (![0xa3, 0xa8, 0xb3, 0xb8].includes(byte)) found.others += 1;
}

function isAsciiLetter(byte = 0): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
