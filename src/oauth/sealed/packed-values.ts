/** Packs single texts and numbers for packing.ts. Every value of the type is returned unchanged, in whichever form it was packed. */
import { z } from 'zod';
import { hashOfName, nameOfHash } from './audience.ts';
import type { Kind } from './fields.ts';

/** What values are relative to: the time of sealing, seconds since 1970. */
interface PackingContext {
  iat: number;
}

export interface ValueCodec {
  pack(value: unknown, context: PackingContext): unknown;
  unpack(packed: unknown, context: PackingContext): unknown;
}

const Bytes = z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes));

/** UTF-8, as CBOR has it. Text with half a surrogate pair has no UTF-8: its UTF-16 code units, in a list. */
export const PACKED_TEXT: ValueCodec = {
  pack(value) {
    const text = z.string().parse(value);
    return text.isWellFormed() ? text : [Buffer.from(text, 'utf16le')];
  },
  unpack(packed) {
    if (typeof packed === 'string') return packed;
    const [units] = z.tuple([Bytes]).parse(packed);
    return units.toString('utf16le');
  },
};

/** Base64url as bytes, other text as text. */
const ID: ValueCodec = {
  pack(value, context) {
    const text = z.string().parse(value);
    const bytes = bytesOf(text);
    return textOf(bytes) === text ? bytes : PACKED_TEXT.pack(text, context);
  },
  unpack: (packed, context) =>
    packed instanceof Uint8Array ? textOf(Buffer.from(packed)) : PACKED_TEXT.unpack(packed, context),
};

/** 22 characters of a longer hash have 132 bits, which 17 bytes hold; a 128-bit id has 16 bytes. */
const CUT_LENGTH = 22;
const CUT_BYTES = 17;

function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (text.length !== CUT_LENGTH || bytes.toString('base64url') === text) return bytes;
  return Buffer.from(`${text}AA`, 'base64url').subarray(0, CUT_BYTES);
}

function textOf(bytes: Buffer): string {
  if (bytes.length !== CUT_BYTES) return bytes.toString('base64url');
  return Buffer.concat([bytes, Buffer.alloc(1)])
    .toString('base64url')
    .slice(0, CUT_LENGTH);
}

const TIME: ValueCodec = {
  pack: (value, { iat }) => z.int().parse(value) - iat,
  unpack: (packed, { iat }) => iat + z.int().parse(packed),
};

/** The ports of RFC 8314 and RFC 6409, and of IMAP with STARTTLS. A negative number is the position in this list, from -1. New ones are added at the end. */
const USUAL_PORTS = [993, 465, 587, 143, 25];

const PORT: ValueCodec = {
  pack(value) {
    const port = z.int().parse(value);
    return USUAL_PORTS.includes(port) ? -1 - USUAL_PORTS.indexOf(port) : port;
  },
  unpack(packed) {
    const port = z.int().parse(packed);
    return port < 0 ? USUAL_PORTS[-1 - port] : port;
  },
};

/** The name of a server as a hash, which isMeantFor() compares. */
export const HASHED_NAME: ValueCodec = {
  pack: (value) => hashOfName(z.string().parse(value)),
  unpack: (packed) => nameOfHash(Bytes.parse(packed)),
};

const BY_KIND: Readonly<Record<Kind, ValueCodec>> = { id: ID, time: TIME, port: PORT };

export const packedKind = (kind: Kind | undefined): ValueCodec | undefined => kind && BY_KIND[kind];
