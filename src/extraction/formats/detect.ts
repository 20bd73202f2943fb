/** Finds out what a file is: by its first bytes, then by its type and name. Only a text is what it is called. */
import type { FileFault, FileRequest } from '../exchange.ts';

export type Format =
  | 'pdf'
  | 'zip'
  | 'html'
  | 'table'
  | 'text'
  | 'calendar'
  | 'card'
  | 'message'
  | 'report'
  | 'container'
  | 'winmail';

export type Detected = { format: Format } | { fault: FileFault };

/** Bytes that are needed. */
export const SAMPLE_BYTES = 8 * 1024;

/** Starts of files without text, as each byte is a character. */
const SIGNATURES: readonly [RegExp, FileFault][] = [
  [/^(?:\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|BM....\0\0\0\0|RIFF....WEBP|\0\0\x01\0|8BPS)/s, 'picture'],
  [/^....ftyp(?:heic|heix|hevc|mif1|avif)/s, 'picture'],
  [/^(?:....ftyp|ID3|\xff[\xfb\xf3\xf2]|OggS|fLaC|RIFF....(?:WAVE|AVI )|\x1aE\xdf\xa3|#!AMR)/s, 'sound'],
  [/^(?:\x1f\x8b|7z\xbc\xaf\x27\x1c|Rar!|BZh\d|\xfd7zXZ\0|MSCF|.{257}ustar)/s, 'archive'],
  [/^(?:MZ|\x7fELF|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe)/s, 'program'],
  [/^-----BEGIN PGP MESSAGE-----/, 'encrypted'],
];

const OLE = /^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/;
const ZIP = /^PK(?:\x03\x04|\x05\x06)/;
const TNEF = /^\x78\x9f\x3e\x22/;

/** Names and types of documents whose content is something else if it does not begin so. */
const EXPECTED: readonly [name: RegExp, type: RegExp, start: RegExp][] = [
  [/\.pdf$/i, /^application\/(?:x-)?pdf$/, /%PDF-/],
  [/\.(?:docx|xlsx|pptx|docm|xlsm|pptm|dotx|xltx|potx|od[tspg]|zip)$/i, /^application\/vnd\.(?:openxml|oasis)/, /^PK/],
];

/** @param start of the file, at least SAMPLE_BYTES if it has them */
export function detectFormat(start: Buffer, { name, type }: Pick<FileRequest, 'name' | 'type'>): Detected {
  const text = start.toString('latin1', 0, SAMPLE_BYTES);
  const declared = /^message\//.test(type) ? formatByType(type) : null;
  if (declared !== null) return { format: declared };
  if (/%PDF-\d/.test(text.slice(0, 1024))) return { format: 'pdf' };
  if (ZIP.test(text)) return /\.pdf$/i.test(name) ? { fault: 'mismatch' } : { format: 'zip' };
  if (TNEF.test(text)) return { format: 'winmail' };
  if (OLE.test(text)) return { fault: 'old office' };
  const signature = SIGNATURES.find(([pattern]) => pattern.test(text));
  const isMismatch = EXPECTED.some(
    ([nameOf, typeOf, startOf]) =>
      (nameOf.test(name) || (typeOf.test(type) && !/\.\w{1,5}$/.test(name))) && !startOf.test(text),
  );
  if (isMismatch && start.length > 0) return { fault: 'mismatch' };
  if (signature !== undefined) return { fault: signature[1] };
  if (isContainer(name, type)) return { format: 'container' };
  if (/\.svgz?$/i.test(name) || type === 'image/svg+xml') return { fault: 'picture' };
  return isText(text) ? { format: textFormat(text, { name, type }) } : { fault: 'unknown' };
}

function formatByType(type: string): Format | null {
  if (/^message\/(?:rfc822|global|news)$/.test(type)) return 'message';
  return /^message\/(?:(?:global-)?(?:delivery-status|disposition-notification)|feedback-report)$/.test(type)
    ? 'report'
    : null;
}

function isContainer(name: string, type: string): boolean {
  return /^application\/(?:x-)?pkcs7-mime$/.test(type) || /\.p7m$/i.test(name);
}

function textFormat(text: string, { name, type }: Pick<FileRequest, 'name' | 'type'>): Format {
  const bare = text.replace(/^(?:\xef\xbb\xbf)?\s*/, '');
  if (/^BEGIN:VCALENDAR/i.test(bare)) return 'calendar';
  if (/^BEGIN:VCARD/i.test(bare)) return 'card';
  if (/\.eml$/i.test(name)) return 'message';
  if (/^text\/(?:html|xhtml)|^application\/xhtml/.test(type) || /\.x?html?$/i.test(name)) return 'html';
  if (/^<(?:!doctype html|html[\s>])/i.test(bare)) return 'html';
  if (/\.(?:csv|tsv|tab)$/i.test(name) || /^(?:text|application)\/(?:csv|tab-separated-values)$/.test(type))
    return 'table';
  return 'text';
}

/** Text has no NUL, unless it is UTF-16, and few other control characters. */
function isText(text: string): boolean {
  if (/^(?:\xff\xfe|\xfe\xff)/.test(text)) return true;
  if (text.includes('\0')) return false;
  const controls = text.match(/[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]/g)?.length ?? 0;
  return controls <= text.length / 100;
}

/** The stream of an Office document that is protected by a password, in the directory of its container (MS-OFFCRYPTO §1.3). */
const ENCRYPTED_PACKAGE = Buffer.from('EncryptedPackage', 'utf16le');

/** @param bytes of a file in the container format of the old Office programs */
export function faultOfOldOffice(bytes: Buffer): FileFault {
  return bytes.includes(ENCRYPTED_PACKAGE) ? 'password' : 'old office';
}
