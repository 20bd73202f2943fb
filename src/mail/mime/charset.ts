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
 * @param charset as declared; if it is null or unknown, UTF-8 if the bytes are valid UTF-8, otherwise windows-1252
 */
export function decodeText(bytes: Buffer, charset: string | null): string {
  const declared = (charset ?? '').trim();
  if (NO_CHARSET.test(declared)) return decodeUndeclared(bytes, FALLBACK_CHARSET);
  // ISO-8859-1 has no printable characters where windows-1252 has its quotes and dashes; senders mean the latter (WHATWG Encoding §4.2).
  if (/^(?:iso[-_]?8859[-_]?1|latin-?1|l1)$/i.test(declared)) return iconv.decode(bytes, FALLBACK_CHARSET);
  if (isJapanese(declared)) return libmime.decodeWord(declared, 'B', bytes.toString('base64'));
  const known = [declared, libmime.normalizeCharset(declared)].find((name) => iconv.encodingExists(name));
  return known === undefined ? decodeUndeclared(bytes, FALLBACK_CHARSET) : iconv.decode(bytes, known);
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
  const fallback = bodyCharset !== null && isKnownCharset(bodyCharset) ? bodyCharset : FALLBACK_CHARSET;
  const raw = isUtf8(bytes)
    ? bytes.toString()
    : decodeText(bytes, NO_CHARSET.test(fallback) ? FALLBACK_CHARSET : fallback);
  return oneLine(raw.includes('=?') ? libmime.decodeWords(raw) : raw);
}

/** Replaces each run of control characters, line breaks and white space by one space. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
}

function decodeUndeclared(bytes: Buffer, otherwise: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return iconv.decode(bytes, 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return iconv.decode(bytes, 'utf-16be');
  const text = bytes.toString().replace(/^\u{feff}/u, '');
  if (isUtf8(bytes)) return text;
  // Damaged UTF-8 still has more valid sequences than invalid ones; text in an 8-bit charset has hardly any valid ones.
  const bad = text.match(/\u{fffd}/gu)?.length ?? 0;
  const good = (text.match(/[\u{80}-\u{10ffff}]/gu)?.length ?? 0) - bad;
  return good > bad ? text : iconv.decode(bytes, otherwise);
}

function isJapanese(charset: string): boolean {
  return /^(?:iso-2022-jp|euc-?jp|jis)/i.test(charset);
}
