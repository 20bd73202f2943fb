/** Turns the BODYSTRUCTURE of a FETCH response (RFC 9051 §7.5.2) into a tree of parts. */
import { bytesOf, type Item, isList, listOf, numberOf, textOf } from '../imap/data-formats.ts';
import { decodeHeader, decodeText } from './charset.ts';

export interface Part {
  /** Part number for BODY[…] (RFC 9051 §6.4.5.1); empty for the multipart at the top of a message. */
  number: string;
  /** Media type, lower case: `text/plain`, `multipart/mixed`. */
  type: string;
  /** Parameters of Content-Type: names in lower case, values decoded (RFC 2231, and RFC 2047, which many senders use). */
  parameters: ReadonlyMap<string, string>;
  /** With its angle brackets. */
  contentId: string | null;
  /** Content-Transfer-Encoding, lower case. */
  encoding: string;
  /** Before decoding. */
  sizeBytes: number;
  /** `attachment`, `inline` or another word, lower case. */
  disposition: string | null;
  /** As the sender wrote it, decoded. */
  filename: string | null;
  /** Parts of a multipart; empty for other types. */
  children: Part[];
  /** Subject of an attached message. */
  subject: string | null;
}

/** @param number part number of this part; none for the whole message */
export function readBodyStructure(item: Item | undefined, number = ''): Part {
  const items = listOf(item);
  return isList(items[0]) ? readMultipart(items, number) : readLeaf(items, number === '' ? '1' : number);
}

/** All parts that are not multiparts, in order. */
export function leavesOf(part: Part): Part[] {
  return part.children.length > 0 ? part.children.flatMap(leavesOf) : [part];
}

/**
 * All parts that are not multiparts, in order, with those of attached messages behind the message that they are in.
 *
 * @param number as for readBodyStructure(); the parts of an attached message with the number 2 are 2.1, 2.2 …
 */
export function readAllParts(item: Item | undefined, number = ''): Part[] {
  const items = listOf(item);
  if (isList(items[0])) {
    return items
      .slice(0, countOfBodies(items))
      .flatMap((body, index) => readAllParts(body, number === '' ? `${index + 1}` : `${number}.${index + 1}`));
  }
  const part = readLeaf(items, number === '' ? '1' : number);
  const inner = isMessage(part.type) ? items[8] : undefined;
  if (!isList(inner)) return [part];
  const isMultipart = isList(listOf(inner)[0]);
  return [part, ...readAllParts(inner, isMultipart ? part.number : `${part.number}.1`)];
}

function isMessage(type: string): boolean {
  return type === 'message/rfc822' || type === 'message/global';
}

/** Bodies come first in a multipart; its subtype follows them. */
function countOfBodies(items: readonly Item[]): number {
  const count = items.findIndex((item) => !isList(item));
  return count < 0 ? items.length : count;
}

function readMultipart(items: readonly Item[], number: string): Part {
  const count = countOfBodies(items);
  const bodies = items.slice(0, count);
  const [subtype, parameters, disposition] = items.slice(count);
  return {
    number,
    type: `multipart/${lowerCase(subtype) || 'mixed'}`,
    parameters: readParameters(parameters),
    contentId: null,
    encoding: '',
    sizeBytes: 0,
    ...readDisposition(disposition),
    children: bodies.map((body, index) =>
      readBodyStructure(body, number === '' ? `${index + 1}` : `${number}.${index + 1}`),
    ),
    subject: null,
  };
}

function readLeaf(items: readonly Item[], number: string): Part {
  const [mainType, subtype, parameters, contentId, , encoding, size, ...rest] = items;
  const type = `${lowerCase(mainType) || 'application'}/${lowerCase(subtype) || 'octet-stream'}`;
  const readable = readParameters(parameters);
  const { disposition, filename } = readDisposition(dispositionOf(type, rest));
  return {
    number,
    type,
    parameters: readable,
    contentId: textOf(contentId),
    // Programs write `BASE64;` and `"base64"`.
    encoding: /[a-z\d-]+/.exec(lowerCase(encoding))?.[0] ?? '',
    sizeBytes: numberOf(size) ?? 0,
    disposition,
    filename: filename ?? readable.get('name') ?? null,
    children: [],
    subject: type === 'message/rfc822' ? decodeHeader(bytesOf(listOf(rest[0])[1])) : null,
  };
}

/** Finds the disposition. After the size, message/rfc822 has three more fields and text/* one, which some servers omit; MD5 and the disposition follow. */
function dispositionOf(type: string, rest: readonly Item[]): Item | undefined {
  if (isMessage(type)) return rest[isList(rest[1]) ? 4 : 1];
  if (type.startsWith('text/') && numberOf(rest[0]) !== null) return rest[2];
  return rest[1];
}

function readDisposition(item: Item | undefined): { disposition: string | null; filename: string | null } {
  const [disposition, parameters] = listOf(item);
  return { disposition: lowerCase(disposition) || null, filename: readParameters(parameters).get('filename') ?? null };
}

/** Names and values alternate; long and non-ASCII values come in numbered, percent-encoded pieces (RFC 2231 §3 and §4). */
export function readParameters(item: Item | undefined): Map<string, string> {
  const items = listOf(item);
  const parameters = new Map<string, string>();
  const pieces = new Map<string, { index: number; bytes: Buffer; isEncoded: boolean }[]>();
  for (let i = 0; i + 1 < items.length && i < 400; i += 2) {
    const key = lowerCase(items[i]);
    const bytes = bytesOf(items[i + 1]) ?? Buffer.alloc(0);
    const match = /^([^*]+)(?:\*(\d{1,3}))?(\*)?$/.exec(key);
    if (match?.[1] === undefined) continue;
    const [, name, index = '0', star] = match;
    if (name === key) parameters.set(name, decodeHeader(bytes));
    else pieces.set(name, [...(pieces.get(name) ?? []), { index: Number(index), bytes, isEncoded: star === '*' }]);
  }
  // The pieces take precedence over a plain value, which is for programs without RFC 2231.
  for (const [name, all] of pieces) parameters.set(name, joinPieces(all.sort((a, b) => a.index - b.index)));
  return parameters;
}

function joinPieces(pieces: { bytes: Buffer; isEncoded: boolean }[]): string {
  const [first] = pieces;
  const prefix = first?.isEncoded ? /^([^']*)'[^']*'/.exec(first.bytes.toString('latin1')) : null;
  const bytes = pieces.map((piece, index) => {
    const own = index === 0 && prefix !== null ? piece.bytes.subarray(prefix[0].length) : piece.bytes;
    return piece.isEncoded ? percentDecode(own) : own;
  });
  const joined = Buffer.concat(bytes);
  return prefix?.[1] ? decodeText(joined, prefix[1]) : decodeHeader(joined);
}

function percentDecode(bytes: Buffer): Buffer {
  const text = bytes
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, 'latin1');
}

function lowerCase(item: Item | undefined): string {
  return textOf(item)?.toLowerCase() ?? '';
}
