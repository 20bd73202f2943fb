/**
 * Reads XML as a stream of tags and texts.
 *
 * Entities are never expanded beyond those of XML itself, and nothing outside the document is read: the parser skips document types.
 */
import { TextDecoder } from 'node:util';
import { SaxesParser } from 'saxes';
import { UnreadableFile } from '../formats/unreadable-file.ts';
import { findEntry, inflateEntry, type Zip, type ZipEntry } from './zip.ts';

/** Attributes by name: those with the prefix of a namespace as `:id`, and as `id` unless there is one without. */
export type Attributes = Readonly<Record<string, string>>;

export interface XmlReader {
  /** @param name without the prefix of its namespace */
  open?(name: string, attributes: Attributes): void;
  close?(name: string): void;
  text?(text: string): void;
  /** Asked between pieces: true if nothing more is needed. */
  readonly isDone?: boolean;
}

const MAX_LEVELS = 2_000;
/** Characters without a tag or the end of a text. */
const MAX_QUIET_CHARS = 8 * 1024 * 1024;
/** Characters of the text of a file that are parsed. */
const MAX_CHARS = 160 * 1024 * 1024;
const PIECE_CHARS = 256 * 1024;

/** Reads an entry of an archive. Absent entries have no tags. @throws {UnreadableFile} */
export function readXmlEntry(zip: Zip, entry: ZipEntry | string, reader: XmlReader): void {
  const found = typeof entry === 'string' ? findEntry(zip, entry) : entry;
  if (found === undefined) return;
  const parser = createParser(reader);
  let decoder: TextDecoder | undefined;
  inflateEntry(zip, found, (piece) => {
    decoder ??= new TextDecoder(encodingOf(piece));
    parser.write(decoder.decode(piece, { stream: true }));
    return reader.isDone !== true;
  });
}

function createParser(reader: XmlReader): { write(text: string): void } {
  const parser = new SaxesParser({ position: false });
  let quiet = 0;
  let total = 0;
  let levels = 0;
  parser.on('opentag', ({ name, attributes }) => {
    quiet = 0;
    levels += 1;
    if (levels > MAX_LEVELS) throw new UnreadableFile('complex');
    reader.open?.(localName(name), withLocalNames(attributes));
  });
  parser.on('closetag', ({ name }) => {
    quiet = 0;
    levels -= 1;
    reader.close?.(localName(name));
  });
  for (const event of ['text', 'cdata'] as const) {
    parser.on(event, (text: string) => {
      quiet = 0;
      reader.text?.(text);
    });
  }
  // What is not well-formed is read as far as it is.
  parser.on('error', () => undefined);
  return {
    write(text) {
      for (let at = 0; at < text.length && reader.isDone !== true; at += PIECE_CHARS) {
        const piece = text.slice(at, at + PIECE_CHARS);
        quiet += piece.length;
        total += piece.length;
        if (quiet > MAX_QUIET_CHARS || total > MAX_CHARS) throw new UnreadableFile('complex');
        parser.write(piece);
      }
    },
  };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function withLocalNames(attributes: Record<string, unknown>): Attributes {
  const local: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(attributes)) {
    const end = name.indexOf(':');
    if (typeof value !== 'string') continue;
    if (end < 0) local[name] = value;
    else {
      local[name.slice(end)] = value;
      local[name.slice(end + 1)] ??= value;
    }
  }
  return local;
}

function encodingOf(start: Uint8Array): string {
  const [first, second] = start;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  return 'utf-8';
}
