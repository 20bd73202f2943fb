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

/** Starts of files without text: the first byte, the bytes in hexadecimal digits. */
const SIGNATURES: readonly [at: number, hex: string, fault: FileFault][] = [
  [0, '89504e47', 'picture'],
  [0, 'ffd8ff', 'picture'],
  [0, '47494638', 'picture'],
  [0, '49492a00', 'picture'],
  [0, '4d4d002a', 'picture'],
  [8, '57454250', 'picture'],
  [0, '00000100', 'picture'],
  [0, '38425053', 'picture'],
  [4, '6674797068656963', 'picture'],
  [4, '66747970686569', 'picture'],
  [4, '667479706d696631', 'picture'],
  [4, '6674797061766966', 'picture'],
  [4, '66747970', 'sound'],
  [0, '494433', 'sound'],
  [0, 'fffb', 'sound'],
  [0, 'fff3', 'sound'],
  [0, '4f676753', 'sound'],
  [0, '664c6143', 'sound'],
  [8, '57415645', 'sound'],
  [8, '41564920', 'sound'],
  [0, '1a45dfa3', 'sound'],
  [0, '2321414d52', 'sound'],
  [0, '1f8b', 'archive'],
  [0, '377abcaf271c', 'archive'],
  [0, '526172211a', 'archive'],
  [0, '425a68', 'archive'],
  [0, 'fd377a585a00', 'archive'],
  [0, '4d534346', 'archive'],
  [257, '7573746172', 'archive'],
  [0, '4d5a', 'program'],
  [0, '7f454c46', 'program'],
  [0, 'cafebabe', 'program'],
  [0, 'cffaedfe', 'program'],
  [0, '2d2d2d2d2d424547494e20504750204d455353414745', 'encrypted'],
];

const OLE = 'd0cf11e0a1b11ae1';
const ZIPS = ['504b0304', '504b0506'];
const TNEF = '789f3e22';

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
  const has = (hex: string, at = 0) => start.toString('hex', at, at + hex.length / 2) === hex;
  if (ZIPS.some((zip) => has(zip))) return /\.pdf$/i.test(name) ? { fault: 'mismatch' } : { format: 'zip' };
  if (has(TNEF)) return { format: 'winmail' };
  if (has(OLE)) return { fault: 'old office' };
  const signature = SIGNATURES.find(([at, hex]) => has(hex, at));
  const isMismatch = EXPECTED.some(
    ([nameOf, typeOf, startOf]) =>
      (nameOf.test(name) || (typeOf.test(type) && !/\.\w{1,5}$/.test(name))) && !startOf.test(text),
  );
  if (isMismatch && start.length > 0) return { fault: 'mismatch' };
  if (signature !== undefined) return { fault: signature[2] };
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
  if (text.startsWith('\xff\xfe') || text.startsWith('\xfe\xff')) return true;
  let controls = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0) return false;
    if (code < 0x20 && !BLANKS.has(code)) controls += 1;
  }
  return controls <= text.length / 100;
}

/** Tab, line ends, page break, escape. */
const BLANKS = new Set([9, 10, 11, 12, 13, 27]);

/** The stream of an Office document that is protected by a password, in the directory of its container (MS-OFFCRYPTO §1.3). */
const ENCRYPTED_PACKAGE = Buffer.from('EncryptedPackage', 'utf16le');

/** @param bytes of a file in the container format of the old Office programs */
export function faultOfOldOffice(bytes: Buffer): FileFault {
  return bytes.includes(ENCRYPTED_PACKAGE) ? 'password' : 'old office';
}
