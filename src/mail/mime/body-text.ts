/** Decodes the fetched bytes of a text part into Unicode text with LF line ends. */
import { isHtml } from './body-parts.ts';
import type { Part } from './body-structure.ts';
import { decodeText, isKnownCharset } from './charset.ts';
import { unfoldFlowed } from './flowed.ts';
import { decodeTextTransfer } from './transfer-encoding.ts';

/** The first bytes of a text part, as encoded. */
export interface TextRange {
  bytes: Uint8Array;
  /** True if the part has more bytes. */
  isCut: boolean;
}

/** The part as it is: plain text unfolded (RFC 3676), HTML as HTML. */
export function decodeBody(part: Part, { bytes, isCut }: TextRange): string {
  // In a worker thread a Buffer arrives as a Uint8Array.
  const encoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoded = decodeTextTransfer(encoded, part.encoding);
  const charset = charsetOf(part, decoded);
  const text = decodeText(isCut ? withoutPartialCharacter(decoded) : decoded, charset)
    .replace(/\r\n?/g, '\n')
    .replaceAll('\0', '');
  const isFlowed = part.parameters.get('format')?.toLowerCase() === 'flowed' && !isHtml(part);
  return isFlowed ? unfoldFlowed(text, part.parameters.get('delsp')?.toLowerCase() === 'yes') : text;
}

/** @param body as decodeBody() returned it */
export function toHtml(part: Part, body: string): string {
  return isHtml(part) ? body : `<pre>${escapeHtml(body)}</pre>`;
}

/** A sentence for the reader about a part that could not be decoded as it was meant; null if it could. */
export function bodyWarning(part: Part, { isCut }: TextRange): string | null {
  if (isCut) return 'The body is longer than what is read here; only its start was read.';
  const charset = part.parameters.get('charset');
  if (charset === undefined || isKnownCharset(charset)) return null;
  return 'The body names a character set that is not known here, so some characters may be wrong.';
}

/** Servers report `us-ascii` where the part declares nothing. */
function charsetOf(part: Part, decoded: Buffer): string | null {
  const declared = part.parameters.get('charset') ?? null;
  const isDeclared = declared !== null && !/^us-ascii$/i.test(declared.trim());
  return isDeclared || !isHtml(part) ? declared : (charsetOfHtml(decoded) ?? declared);
}

/** `<meta charset>` and `<meta http-equiv content="…; charset=…">` within the first kilobyte (HTML §13.2.3.2). */
function charsetOfHtml(bytes: Buffer): string | null {
  const start = bytes.subarray(0, 1024).toString('latin1');
  return /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{1,40})/i.exec(start)?.[1] ?? null;
}

/** UTF-8 that is cut within a character would be taken for another charset. */
function withoutPartialCharacter(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 3 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  return ((bytes[end - 1] ?? 0) & 0xc0) === 0xc0 ? bytes.subarray(0, end - 1) : bytes;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
