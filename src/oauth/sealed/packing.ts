/**
 * Packs the content of sealed values into few bytes, by their zod schemas: CBOR (RFC 8949) in its one deterministic form. The only importer of cborg.
 *
 * An object is an array of its required fields in the order of the schema, and then, if it has any, a map of its optional fields by number. Readers
 * ignore numbers that they do not know, so optional fields can be added. Constants take no space.
 */
import { decode, encode } from 'cborg';
import { z } from 'zod';
import { KINDS, OPTIONAL_FIELDS } from './fields.ts';
import { HASHED_NAME, PACKED_TEXT, packedKind, type ValueCodec } from './packed-values.ts';

type Schema = z.core.$ZodType;

export interface Packing {
  /** @throws {TypeError} if a value is not one of its schema */
  encode(content: Readonly<Record<string, unknown>> & { iat: number }): Uint8Array;
  /** @throws if the bytes are not the one encoding of such a content; the content is not validated otherwise */
  decode(bytes: Uint8Array): Record<string, unknown>;
}

const CBOR_OPTIONS = {
  ...{ strict: true, useMaps: true, rejectDuplicateMapKeys: true },
  ...{ allowIndefinite: false, allowUndefined: false, allowInfinity: false, allowNaN: false, allowBigInt: false },
};

interface Exceptions {
  /** Required fields that a content may lack, because they can be computed. */
  omittable?: readonly string[] | undefined;
  /** Fields that hold the name of a server, and are packed as its hash. */
  hashed?: readonly string[] | undefined;
}

/**
 * @param shape fields of the content, without `iat`, which comes first
 * @throws {TypeError} if there is no packing for a schema, or no number for an optional field
 */
export function createPacking(shape: Readonly<Record<string, Schema>>, exceptions: Exceptions = {}): Packing {
  const codec = objectCodec(shape, exceptions);
  return {
    encode: (content) => encode([content.iat, ...z.array(z.unknown()).parse(codec.pack(content, content))]),
    decode(bytes) {
      const [iat, ...fields] = z.tuple([z.int()], z.unknown()).parse(decode(bytes, CBOR_OPTIONS));
      return { iat, ...Content.parse(codec.unpack(fields, { iat })) };
    },
  };
}

const Content = z.record(z.string(), z.unknown());

function codecOf(schema: Schema, name: string): ValueCodec {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'string':
      return packedKind(KINDS[name]) ?? PACKED_TEXT;
    case 'number':
      return packedKind(KINDS[name]) ?? plain(z.number());
    case 'boolean':
      return plain(z.boolean());
    case 'enum':
      return indexCodec(Object.values(def.entries));
    case 'literal':
      return indexCodec(def.values);
    case 'optional':
      return codecOf(def.innerType, name);
    case 'array':
      return arrayCodec(def.element, name);
    case 'object':
      return objectCodec(def.shape);
    case 'union':
      return unionCodec(def.options);
    default:
      throw new TypeError(`There is no packing for ${def.type} (${name}).`);
  }
}

const plain = (schema: z.ZodType): ValueCodec => ({
  pack: (value) => schema.parse(value),
  unpack: (packed) => packed,
});

/** One of a few values, by its position in their declaration. New ones are added at the end. */
function indexCodec(values: readonly unknown[]): ValueCodec {
  return {
    pack(value) {
      const index = values.indexOf(value);
      if (index < 0) throw new TypeError('A value is not one of its schema.');
      return index;
    },
    unpack: (packed) => values[z.int().parse(packed)],
  };
}

/** A list of enum values without repetition, in the order of their declaration, is a number whose bits are its values. */
function arrayCodec(element: Schema, name: string): ValueCodec {
  const codec = codecOf(element, name);
  const { def } = (element as z.core.$ZodTypes)._zod;
  const values = def.type === 'enum' && Object.values(def.entries).length <= 30 ? Object.values(def.entries) : [];
  return {
    pack(value, context) {
      const items = z.array(z.unknown()).parse(value);
      const isSet =
        values.length > 0 && values.filter((one) => items.includes(one)).every((one, at) => one === items[at]);
      if (
        isSet &&
        items.every((one) => values.some((known) => known === one)) &&
        new Set(items).size === items.length
      ) {
        return values.reduce<number>((bits, one, at) => bits + (items.includes(one) ? 2 ** at : 0), 0);
      }
      return items.map((item) => codec.pack(item, context));
    },
    unpack(packed, context) {
      if (typeof packed === 'number') return values.filter((_, at) => (packed >> at) & 1);
      return z
        .array(z.unknown())
        .parse(packed)
        .map((item) => codec.unpack(item, context));
    },
  };
}

/** The first alternative as it is; each further one in a map, under its position. */
function unionCodec(options: readonly Schema[]): ValueCodec {
  const codecs = options.map((option) => codecOf(option, ''));
  return {
    pack(value, context) {
      const index = options.findIndex((option) => z.core.safeParse(option, value).success);
      const packed = codecs[index]?.pack(value, context);
      if (index < 0) throw new TypeError('A value is none of the alternatives of its schema.');
      return index === 0 ? packed : new Map([[index, packed]]);
    },
    unpack(packed, context) {
      const [[index, inner] = [0, packed]] = packed instanceof Map ? packed : [];
      const codec = codecs[z.int().parse(index)];
      if (codec === undefined) throw new RangeError('an alternative that is not known');
      return codec.unpack(inner, context);
    },
  };
}

interface Field {
  name: string;
  codec: ValueCodec;
}

function objectCodec(
  shape: Readonly<Record<string, Schema>>,
  { omittable = [], hashed = [] }: Exceptions = {},
): ValueCodec {
  const constants: Record<string, unknown> = {};
  const required: Field[] = [];
  const optional = new Map<number, Field>();
  for (const [name, schema] of Object.entries(shape)) {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    const field = { name, codec: hashed.includes(name) ? HASHED_NAME : codecOf(schema, name) };
    if (def.type === 'literal' && def.values.length === 1) constants[name] = def.values[0];
    else if (def.type === 'optional' || omittable.includes(name)) optional.set(numberOf(name), field);
    else required.push(field);
  }

  return {
    pack(value, context) {
      const content = Content.parse(value);
      const given = [...optional].filter(([, { name }]) => content[name] !== undefined);
      const options = given.map(([number, { name, codec }]) => [number, codec.pack(content[name], context)] as const);
      const fields = required.map(({ name, codec }) => codec.pack(content[name], context));
      return options.length === 0 ? fields : [...fields, new Map(options)];
    },
    unpack(packed, context) {
      const items = z.array(z.unknown()).min(required.length).parse(packed);
      const fields = required.map(({ name, codec }, at) => [name, codec.unpack(items[at], context)]);
      const given = Options.parse(items[required.length] ?? new Map());
      const options = [...given].flatMap(([number, item]) => {
        const field = optional.get(number);
        return field === undefined ? [] : [[field.name, field.codec.unpack(item, context)]];
      });
      return { ...constants, ...Object.fromEntries([...fields, ...options]) };
    },
  };
}

const Options = z.map(z.int(), z.unknown());

function numberOf(name: string): number {
  const number = OPTIONAL_FIELDS[name];
  if (number === undefined) throw new TypeError(`The optional field ${name} has no number in fields.ts.`);
  return number;
}
