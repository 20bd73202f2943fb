/**
 * Finds the text and the names of the files in a winmail.dat (MS-OXTNEF), as far as it is read.
 *
 * Formatted text that is only there as compressed RTF is not unpacked.
 */
import { decodeHeader, decodeText } from '../mime/charset.ts';

export interface Winmail {
  /** Null if it has none; HTML if there is no plain text. */
  body: { type: 'text/plain' | 'text/html'; text: string } | null;
  fileNames: string[];
  /** True if the container goes on after the bytes that were read. */
  isCut: boolean;
}

const SIGNATURE = 0x223e9f78;
const MAX_FILES = 100;
const MAX_ATTRIBUTES = 5_000;
const MAX_PROPERTIES = 2_000;
const MAX_NAME_CHARS = 200;

const [BODY, CODE_PAGE, MESSAGE_PROPERTIES] = [0x2800c, 0x69007, 0x69003];
const [NEW_FILE, FILE_NAME, FILE_PROPERTIES] = [0x69002, 0x18010, 0x69005];
const [PLAIN_BODY, HTML_BODY, LONG_FILE_NAME] = [0x1000, 0x1013, 0x3707];
const [STRING_8, UNICODE] = [0x1e, 0x1f];

interface Found {
  charset: string;
  attribute: Buffer | null;
  properties: Property[];
  /** Names of each file: the short one, and the long one of its properties. */
  files: { short: string; long: string; isRead: boolean }[];
}

/** @param bytes decoded @returns null if it is no TNEF */
export function readWinmail(bytes: Buffer): Winmail | null {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== SIGNATURE) return null;
  const found: Found = { charset: 'windows-1252', attribute: null, properties: [], files: [] };
  let at = 6;
  for (let count = 0; count < MAX_ATTRIBUTES && at + 9 <= bytes.length; count += 1) {
    const [id, length] = [bytes.readUInt32LE(at + 1), bytes.readUInt32LE(at + 5)];
    const end = at + 9 + length;
    addAttribute(found, id, bytes.subarray(at + 9, end));
    at = end + 2;
  }
  const fileNames = found.files.map(({ short, long }) => long || short).filter((name) => name !== '');
  // The last checksum may be missing.
  return { body: bodyOf(found), fileNames, isCut: at < bytes.length || at > bytes.length + 2 };
}

function addAttribute(found: Found, id: number, value: Buffer): void {
  const file = found.files.at(-1);
  switch (id) {
    case CODE_PAGE:
      if (value.length >= 4) found.charset = `cp${value.readUInt32LE(0)}`;
      break;
    case BODY:
      found.attribute = value;
      break;
    case MESSAGE_PROPERTIES:
      if (found.properties.length === 0) found.properties = readProperties(value);
      break;
    case NEW_FILE:
      if (found.files.length < MAX_FILES) found.files.push({ short: '', long: '', isRead: false });
      break;
    case FILE_NAME:
      if (file !== undefined) file.short = nameFrom({ type: STRING_8, value }, found.charset);
      break;
    case FILE_PROPERTIES: {
      if (file === undefined || file.isRead) break;
      file.isRead = true;
      const long = readProperties(value).find((property) => property.id === LONG_FILE_NAME);
      if (long !== undefined) file.long = nameFrom(long, found.charset);
      break;
    }
  }
}

function bodyOf({ attribute, properties, charset }: Found): Winmail['body'] {
  const plain = properties.find(({ id, type }) => id === PLAIN_BODY && (type === STRING_8 || type === UNICODE));
  const text = plain === undefined ? attribute && decodeText(attribute, charset) : textFrom(plain, charset);
  const shown = text?.split('\0', 1)[0]?.replace(/\r\n?/g, '\n').trimEnd();
  if (shown) return { type: 'text/plain', text: shown };
  const html = properties.find(({ id }) => id === HTML_BODY);
  const markup = html === undefined ? '' : textFrom(html, charset).replaceAll('\0', '');
  return markup.trim() === '' ? null : { type: 'text/html', text: markup };
}

function nameFrom(property: Pick<Property, 'type' | 'value'>, charset: string): string {
  return decodeHeader(Buffer.from(textFrom(property, charset).split('\0', 1)[0] ?? '')).slice(0, MAX_NAME_CHARS);
}

function textFrom({ type, value }: Pick<Property, 'type' | 'value'>, charset: string): string {
  return decodeText(value, type === UNICODE ? 'utf-16le' : charset);
}

interface Property {
  id: number;
  type: number;
  value: Buffer;
}

/** Properties with one value (MS-OXTNEF §2.1.3.4), until one that cannot be read. */
function readProperties(bytes: Buffer): Property[] {
  const properties: Property[] = [];
  if (bytes.length < 4) return properties;
  const count = Math.min(bytes.readUInt32LE(0), MAX_PROPERTIES);
  let at = 4;
  for (let n = 0; n < count && at + 4 <= bytes.length; n += 1) {
    const [type, id] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)];
    const start = id < 0x8000 ? at + 4 : endOfName(bytes, at + 4);
    const read = start === null ? null : readValues(bytes, start, type);
    if (read === null) break;
    if (read.first !== null) properties.push({ id, type, value: read.first });
    at = read.end;
  }
  return properties;
}

/** A named property has a GUID, and a number or a name. */
function endOfName(bytes: Buffer, at: number): number | null {
  if (at + 24 > bytes.length) return null;
  const [kind, length] = [bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 20)];
  return kind === 0 ? at + 24 : at + 24 + padded(length);
}

const FIXED_SIZES: Readonly<Record<number, number>> = {
  ...{ 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16 },
};
const VARIABLE_TYPES = new Set([0x0d, STRING_8, UNICODE, 0x102]);
const MULTIPLE = 0x1000;

/** @returns the first value of variable size, and where the next property begins; null if that is not known */
function readValues(bytes: Buffer, start: number, type: number): { first: Buffer | null; end: number } | null {
  const single = type & ~MULTIPLE;
  const isVariable = VARIABLE_TYPES.has(single);
  const hasCount = isVariable || single !== type;
  if (hasCount && start + 4 > bytes.length) return null;
  const count = hasCount ? bytes.readUInt32LE(start) : 1;
  let at = hasCount ? start + 4 : start;
  if (!isVariable) {
    const size = FIXED_SIZES[single];
    return size === undefined ? null : { first: null, end: at + size * count };
  }
  let first: Buffer | null = null;
  for (let n = 0; n < count && n < MAX_PROPERTIES; n += 1) {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt32LE(at);
    first ??= bytes.subarray(at + 4, at + 4 + length);
    at += 4 + padded(length);
  }
  return { first, end: at };
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
