/**
 * Splits the bytes of a message into its parts (RFC 2045, RFC 2046), where the mail server has not done so.
 *
 * Accepts what senders get wrong: a header that ends with a line of blanks or with the first line that is no field, a boundary that is
 * in pieces (RFC 2231) or not declared, and a last part that is never closed.
 */
import { bytesOf, type Item } from '../imap/data-formats.ts';
import { leavesOf, type Part, readBodyStructure, readParameters } from '../mime/body-structure.ts';
import { decodeTransfer } from '../mime/transfer-encoding.ts';

export interface SplitMessage {
  structure: Part;
  /** The first bytes of each part that is not a multipart, as encoded. */
  bytes: ReadonlyMap<Part, Buffer>;
}

const MAX_PARTS = 300;
/** Levels of multiparts; deeper ones are text. */
const MAX_LEVELS = 10;
/** Bytes of a header, and lines of all headers together, that are read line by line. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_HEADER_LINES = 5_000;
const MAX_FIELD_CHARS = 16 * 1024;

/** @param message header and body, of which the end may be missing */
export function splitMessage(message: Buffer): SplitMessage {
  const splitter = new Splitter();
  const structure = readBodyStructure(splitter.read(message, { number: '', level: 0, defaultType: 'text/plain' }));
  const bytes = leavesOf(structure).flatMap((part) => {
    const body = splitter.bodies.get(part.number);
    return body === undefined ? [] : [[part, body] as const];
  });
  return { structure, bytes: new Map(bytes) };
}

interface Place {
  /** Part number; empty for the whole message. */
  number: string;
  level: number;
  /** The type of an entity that declares none (RFC 2046 §5.1.5). */
  defaultType: string;
}

class Splitter {
  /** By part number. */
  readonly bodies = new Map<string, Buffer>();
  #parts = 0;
  readonly #left = { lines: MAX_HEADER_LINES };

  /** @returns what a server returns as BODYSTRUCTURE (RFC 9051 §7.5.2) */
  read(entity: Buffer, place: Place): Item[] {
    const { fields, body } = splitHeader(entity, this.#left);
    const { value, parameters } = readParameterized(fields.get('content-type') ?? '');
    const type = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(value) ? value.toLowerCase() : place.defaultType;
    const mayBeMultipart = type.startsWith('multipart/') || (value === '' && type === 'text/plain');
    const bodies = mayBeMultipart && place.level < MAX_LEVELS ? [body, ...decodedBodies(body, fields)] : [];
    const pieces = bodies.map((each) => this.#piecesOf(each, parameters)).find(({ length }) => length > 0) ?? [];
    if (pieces.length === 0)
      return this.#readLeaf(type.startsWith('multipart/') ? 'text/plain' : type, body, { place, fields, parameters });
    const subtype = type.startsWith('multipart/') ? type.slice('multipart/'.length) : 'mixed';
    const children = pieces.map((piece, index) =>
      this.read(piece, {
        number: place.number === '' ? `${index + 1}` : `${place.number}.${index + 1}`,
        level: place.level + 1,
        defaultType: subtype === 'digest' ? 'message/rfc822' : 'text/plain',
      }),
    );
    return [...children, string(subtype), parameters, dispositionOf(fields)];
  }

  /** The parts of a multipart; empty if no boundary line is found. */
  #piecesOf(body: Buffer, parameters: Item[]): Buffer[] {
    const written = parameters.findIndex((item) => bytesOf(item)?.toString('latin1').toLowerCase() === 'boundary');
    const boundaries = [
      bytesOf(parameters[written + 1])?.toString('latin1'),
      readParameters(parameters).get('boundary'),
      boundaryIn(body),
    ];
    for (const boundary of written % 2 === 0 ? boundaries : boundaries.slice(1)) {
      const pieces = boundary === undefined ? [] : splitBody(body, boundary, MAX_PARTS - this.#parts);
      if (pieces.length === 0) continue;
      this.#parts += pieces.length;
      return pieces;
    }
    return [];
  }

  #readLeaf(type: string, body: Buffer, { place, fields, parameters }: LeafFields): Item[] {
    this.bodies.set(place.number === '' ? '1' : place.number, body);
    const [main = '', subtype = ''] = type.split('/');
    const id = fields.get('content-id');
    const basic = [
      ...[string(main), string(subtype), parameters, id === undefined ? null : string(id.trim()), null],
      ...[string(fields.get('content-transfer-encoding') ?? '7bit'), number(body.length)],
    ];
    const disposition = dispositionOf(fields);
    if (type === 'message/rfc822') {
      const subject = splitHeader(body, this.#left).fields.get('subject');
      const envelope = [null, subject === undefined ? null : string(subject.trim())];
      return [...basic, envelope, [], number(0), null, disposition];
    }
    return main === 'text' ? [...basic, number(0), null, disposition] : [...basic, null, disposition];
  }
}

/** A multipart may not be encoded (RFC 2045 §6.4), and some gateways encode it. */
function decodedBodies(body: Buffer, fields: ReadonlyMap<string, string>): Buffer[] {
  const encoding = fields.get('content-transfer-encoding')?.toLowerCase() ?? '';
  const mayBeEncoded = encoding === 'base64' && body.indexOf('\n--') < 0;
  return mayBeEncoded ? [decodeTransfer(body, encoding)] : [];
}

interface LeafFields {
  place: Place;
  fields: ReadonlyMap<string, string>;
  parameters: Item[];
}

const KEPT = new Set(['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id', 'subject']);

/**
 * @param left lines that may be read; those that are read are subtracted
 * @returns the fields that matter here, by lower-case name, unfolded; each byte is a character
 */
function splitHeader(entity: Buffer, left: { lines: number }): { fields: Map<string, string>; body: Buffer } {
  const fields = new Map<string, string>();
  let last = '';
  let at = 0;
  for (; left.lines > 0 && at < Math.min(entity.length, MAX_HEADER_BYTES); left.lines -= 1) {
    const next = lineEnd(entity, at);
    const line = entity.toString('latin1', at, Math.min(next, at + MAX_FIELD_CHARS));
    if (line.trim() === '') return { fields, body: entity.subarray(next) };
    const [, name, value = ''] = /^([!-9;-~]{1,100})[ \t]*:(.*)$/s.exec(line) ?? [];
    if (/^[ \t]/.test(line)) {
      const known = fields.get(last);
      if (known !== undefined && known.length < MAX_FIELD_CHARS) fields.set(last, `${known} ${line.trim()}`);
    } else if (name !== undefined) {
      last = name.toLowerCase();
      // Of several fields of one name the first counts; the lines of the others are not added to it.
      if (KEPT.has(last) && !fields.has(last)) fields.set(last, value.trim());
      else last = '';
    } else if (at > 0 || !line.startsWith('From ')) {
      return { fields, body: entity.subarray(at) };
    }
    at = next;
  }
  return { fields, body: entity.subarray(endOfLongHeader(entity, at)) };
}

function endOfLongHeader(entity: Buffer, from: number): number {
  const ends = ['\n\r\n', '\n\n'].map((end) => ({
    at: entity.indexOf(end, Math.max(0, from - 1)),
    length: end.length,
  }));
  const [first] = ends.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
  return first === undefined ? entity.length : first.at + first.length;
}

/** `value; name=value; name="value"`, as Items of a response: names and values alternate. */
function readParameterized(text: string): { value: string; parameters: Item[] } {
  const end = text.indexOf(';');
  const value = (end < 0 ? text : text.slice(0, end)).trim();
  const found =
    end < 0 ? [] : text.slice(end).matchAll(/;\s*([^\s=;"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))/gs);
  const parameters = [...found].flatMap(([, name = '', quoted, token = '']) => [
    string(name),
    string(quoted === undefined ? token.trim() : quoted.replace(/\\(.)/gs, '$1')),
  ]);
  return { value, parameters };
}

function dispositionOf(fields: ReadonlyMap<string, string>): Item {
  const { value, parameters } = readParameterized(fields.get('content-disposition') ?? '');
  return value === '' ? null : [string(value), parameters];
}

/** Lines that look like boundary lines: those of other multiparts may begin like them. */
const MAX_LINES = 10_000;

/** Splits at boundary lines (RFC 2046 §5.1.1). @returns empty if there is none */
function splitBody(body: Buffer, boundary: string, most: number): Buffer[] {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const pieces: Buffer[] = [];
  let start = -1;
  for (const at of linesThatBeginWith(body, delimiter)) {
    if (pieces.length >= most) break;
    const next = lineEnd(body, at);
    const rest = body.toString('latin1', at + delimiter.length, Math.min(next, at + delimiter.length + 100)).trim();
    if (rest !== '' && !rest.startsWith('--')) continue;
    if (start >= 0) pieces.push(body.subarray(start, Math.max(start, withoutLineEnd(body, at))));
    start = rest === '' ? next : -1;
    if (rest !== '') break;
  }
  if (start >= 0 && pieces.length < most) pieces.push(body.subarray(start));
  return pieces;
}

function* linesThatBeginWith(body: Buffer, start: Buffer): Generator<number> {
  if (body.subarray(0, start.length).equals(start)) yield 0;
  const line = Buffer.concat([Buffer.from([LF]), start]);
  let at = body.indexOf(line);
  for (let count = 0; at >= 0 && count < MAX_LINES; count += 1) {
    yield at + 1;
    at = body.indexOf(line, at + 1);
  }
}

/** A boundary that is not declared: that of the first line which looks like one, if a header of a part follows or it comes again. */
function boundaryIn(body: Buffer): string | undefined {
  const start = body.toString('latin1', 0, MAX_FIELD_CHARS);
  const found = /^--([^\s-][^\r\n]{0,69})\r?\n([^\r\n]{0,100})/m.exec(start);
  const boundary = found?.[1]?.trim();
  if (found === null || boundary === undefined) return undefined;
  const isRepeated = body.indexOf(`\n--${boundary}`, found.index + boundary.length, 'latin1') >= 0;
  return isRepeated && /^Content-[\w-]{1,40}:/i.test(found[2] ?? '') ? boundary : undefined;
}

/** Where the next line begins. */
function lineEnd(bytes: Buffer, at: number): number {
  const found = bytes.indexOf(LF, at);
  return found < 0 ? bytes.length : found + 1;
}

/** The line end before a boundary line belongs to that line. */
function withoutLineEnd(bytes: Buffer, at: number): number {
  if (at === 0) return 0;
  return bytes[at - 2] === CR ? at - 2 : at - 1;
}

function string(text: string): Item {
  return { type: 'STRING', value: Buffer.from(text, 'latin1') };
}

function number(value: number): Item {
  return { type: 'ATOM', value: `${value}` };
}

const [LF, CR] = [0x0a, 0x0d];
