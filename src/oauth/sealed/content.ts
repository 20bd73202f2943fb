/**
 * Encodes the content of sealed values as bytes, in one of two layouts, and decodes both. Layout 1, of the first release, is JSON and contains `typ`;
 * layout 2 is packed by packing.ts. A JSON object begins with another byte than a CBOR array.
 */
import { z } from 'zod';
import { createPacking } from './packing.ts';

export type Layout = 1 | 2;

export interface MasterKey {
  /** Key ID in the header of each JWE that the key sealed (RFC 7516 §4.1.6). Derived from the key without revealing it. */
  kid: string;
  derive(label: string): Uint8Array;
}

/** @returns the value of a field, `undefined` if it cannot be computed */
export type Compute = (content: Readonly<Record<string, unknown>>, key: MasterKey) => unknown;

export interface SealerType<T extends object> {
  typ: string;
  schema: z.ZodObject & z.ZodType<T>;
  /** Made by the operator, and signed where there is a minting key. The schema has an optional `signature` then. */
  isMinted?: true;
  /** Fields that follow from others of the content and from the key that seals it. Layout 2 leaves them out where the computed value is theirs. */
  computed?: Readonly<Record<string, Compute>>;
  /** Fields that hold the name of a server. Layout 2 contains a hash of it, and unsealing returns that hash. */
  hashed?: readonly string[];
  /** `null` for values that never expire by themselves. */
  lifetimeSeconds: number | null;
  /** Characters; longer input is refused before any work is spent on it. */
  maxLength: number;
}

type Content = Record<string, unknown>;

export interface ContentCodec {
  /** Layout 2. @param content payload and claims; without `jti`, it is computed from the sealed value */
  encode(content: Content & { iat: number }, key: MasterKey): Uint8Array;
  /** Layout 1. */
  encodeJson(content: Content): Uint8Array;
  /** @throws if the bytes are in neither layout, or JSON of another type; the content is not validated otherwise */
  decode(bytes: Uint8Array, key: MasterKey): Content;
}

export function createContentCodec(type: SealerType<object>): ContentCodec {
  const { typ, computed = {}, hashed } = type;
  const packing = createPacking(shapeOf(type), { omittable: Object.keys(computed), hashed });

  return {
    encode(content, key) {
      const rest = { ...content };
      for (const [name, compute] of Object.entries(computed)) {
        if (compute(content, key) === content[name]) delete rest[name];
      }
      return packing.encode(rest);
    },
    encodeJson: (content) => new TextEncoder().encode(JSON.stringify({ ...content, typ })),
    decode(bytes, key) {
      if (bytes[0] === '{'.charCodeAt(0)) return Json.extend({ typ: z.literal(typ) }).parse(parseJson(bytes));
      const content = packing.decode(bytes);
      for (const [name, compute] of Object.entries(computed)) content[name] ??= compute(content, key);
      return content;
    },
  };
}

const Json = z.looseObject({});

const parseJson = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));

/** The fields of the payload and the claims. `iat` comes first in every packed content. */
function shapeOf({ schema, lifetimeSeconds }: SealerType<object>): Record<string, z.core.$ZodType> {
  const exp = lifetimeSeconds === null ? z.int().optional() : z.int();
  return { exp, ...schema.shape, jti: z.string().optional() };
}
