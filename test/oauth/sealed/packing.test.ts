import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isHashOfName, isMeantFor } from '../../../src/oauth/sealed/audience.ts';
import { KINDS, OPTIONAL_FIELDS } from '../../../src/oauth/sealed/fields.ts';
import { createKeyring, createSealer } from '../../../src/oauth/sealed/jwe.ts';
import { createPacking } from '../../../src/oauth/sealed/packing.ts';
import { createTokens, SEALED_TYPES } from '../../../src/oauth/sealed/sealed-types.ts';
import { testKey } from '../../support/app/oauth-app.ts';

const now = new Date('2026-11-29T12:00:00Z');
const keyringOf = (layout: 1 | 2) => createKeyring({ current: testKey(), previous: [], layout });
const server = { issuer: 'https://mail.example.com', resource: 'https://mail.example.com/mcp' };

type Schema = z.core.$ZodType;
const defOf = (schema: Schema) => (schema as z.core.$ZodTypes)._zod.def;

/** Text with everything that JSON, UTF-8 and base64url treat in a special way. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '\u0000', '"'), maxLength: 8 }),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  fc.string({ unit: fc.constantFrom(...'AQgw_-9z'), minLength: 20, maxLength: 24 }),
);

const fitting = (schema: Schema, arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  arbitrary.filter((value) => z.core.safeParse(schema, value).success);

function textOf(schema: Schema): fc.Arbitrary<unknown> {
  const { format } = z.object({ format: z.string().optional() }).parse(defOf(schema));
  if (format === 'url') return fc.webUrl();
  const base64urlOf = (bytes: number) =>
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString('base64url'));
  const hash = base64urlOf(32);
  const signature = base64urlOf(64);
  return fitting(
    schema,
    fc.oneof(anyText, hash, signature, fc.stringMatching(/^[\w-]{22}$/), fc.string({ minLength: 3, maxLength: 9 })),
  );
}

/** Every value of a schema. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const def = defOf(schema);
  switch (def.type) {
    case 'string':
      return textOf(schema);
    case 'number':
      return fitting(
        schema,
        fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer(), fc.constantFrom(993, 465, 25)),
      );
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'literal':
      return fc.constantFrom(...def.values);
    case 'array':
      return fitting(schema, fc.array(valuesOf(def.element), { maxLength: 5 }));
    case 'union':
      return fc.oneof(...def.options.map(valuesOf));
    case 'object':
      return objectsOf(def.shape);
    default:
      throw new Error(`The test has no values for ${def.type}`);
  }
}

function objectsOf(shape: Readonly<Record<string, Schema>>): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(shape).map(([name, schema]) => {
    const def = defOf(schema);
    return [name, valuesOf(def.type === 'optional' ? def.innerType : schema), def.type !== 'optional'] as const;
  });
  const requiredKeys = fields.filter(([, , isRequired]) => isRequired).map(([name]) => name);
  return fc.record(Object.fromEntries(fields), { requiredKeys });
}

/** Tokens name their server by a hash. */
const withoutServer = (type: object, { iss, aud, ...content }: Record<string, unknown>) =>
  'hashed' in type ? content : { ...(iss !== undefined && { iss }), ...(aud !== undefined && { aud }), ...content };

const names = Object.keys(SEALED_TYPES) as (keyof typeof SEALED_TYPES)[];

describe.each(names)('the sealed type %s', (name) => {
  const type: (typeof SEALED_TYPES)[typeof name] = SEALED_TYPES[name];
  const shape: Record<string, z.ZodType> = type.schema.shape;
  const long = { ...type, schema: z.object(shape), maxLength: 1_000_000 };
  const sealers = [1, 2].map((layout) => createSealer(keyringOf(layout === 1 ? 1 : 2), long));

  test('gives back every value that was sealed, in both layouts, with all its fields and with the fewest', async () => {
    await fc.assert(
      fc.asyncProperty(objectsOf(type.schema.shape), async (payload) => {
        for (const sealer of sealers) {
          const token = await sealer.seal(payload, now);
          for (const reader of sealers) {
            const { jti, iat, exp, ...content } = await reader.unseal(token, now);
            expect(withoutServer(type, content)).toEqual(
              withoutServer(type, type.schema.parse(JSON.parse(JSON.stringify(payload)))),
            );
            expect(jti).toMatch(/^[\w-]{22}$/);
            expect(iat).toBe(now.getTime() / 1000);
            expect(exp).toBe(type.lifetimeSeconds === null ? undefined : iat + type.lifetimeSeconds);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('has the length that was announced', async () => {
    await fc.assert(
      fc.asyncProperty(objectsOf(type.schema.shape), async (payload) => {
        for (const sealer of sealers)
          expect(sealer.lengthOf(payload, now)).toBe((await sealer.seal(payload, now)).length);
      }),
      { numRuns: 20 },
    );
  });
});

describe('fields', () => {
  test('every optional field has a number of its own', () => {
    const numbers = Object.values(OPTIONAL_FIELDS);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test('a number never changes, and a new field gets a new one', () => {
    expect(OPTIONAL_FIELDS).toMatchInlineSnapshot(`
      {
        "approval": 20,
        "authservIds": 35,
        "clientId": 39,
        "clientSecret": 40,
        "connection": 34,
        "consent": 10,
        "custody": 44,
        "domains": 43,
        "ends": 14,
        "exp": 1,
        "folders": 31,
        "identities": 17,
        "iss": 2,
        "issuer": 38,
        "jti": 0,
        "mailbox": 15,
        "max_changes_per_hour": 36,
        "max_sends_per_hour": 32,
        "methods": 28,
        "minted": 11,
        "name": 4,
        "parent": 13,
        "policy": 9,
        "powers": 21,
        "presets": 7,
        "provider": 33,
        "provider_hash": 46,
        "provider_token": 19,
        "recipients": 22,
        "redirect_host": 12,
        "redirect_uris": 8,
        "refreshToken": 45,
        "scopes": 42,
        "secret_hash": 23,
        "sentCopy": 27,
        "signIn": 37,
        "sign_in": 18,
        "signature": 24,
        "smtp": 6,
        "state": 26,
        "sub": 3,
        "tags": 29,
        "tenants": 41,
        "time_zone": 16,
        "tools": 30,
        "until": 25,
        "username": 5,
      }
    `);
    expect(KINDS).toMatchInlineSnapshot(`
      {
        "approval": "id",
        "browser": "id",
        "client": "id",
        "code_challenge": "id",
        "connection": "id",
        "custody": "id",
        "ends": "time",
        "exp": "time",
        "gid": "id",
        "granted_at": "time",
        "jti": "id",
        "mailbox": "id",
        "parent": "id",
        "port": "port",
        "provider_hash": "id",
        "secret_hash": "id",
        "signature": "id",
        "sub": "id",
        "tid": "id",
        "tokenHash": "id",
        "until": "time",
      }
    `);
  });

  test('an optional field without a number is refused when the type is declared', () => {
    expect(() => createPacking({ unheard_of: z.string().optional() })).toThrow('unheard_of');
  });

  test('a schema without a packing is refused when the type is declared', () => {
    expect(() => createPacking({ when: z.date() })).toThrow('date');
  });

  test('a reader ignores the optional fields of a later release', () => {
    const later = createPacking({ gid: z.string(), name: z.string().optional(), parent: z.string().optional() });
    const earlier = createPacking({ gid: z.string(), name: z.string().optional() });
    const bytes = later.encode({ iat: 5, gid: 'g', name: 'n', parent: 'p' });
    expect(earlier.decode(bytes)).toEqual({ iat: 5, gid: 'g', name: 'n' });
    expect(later.decode(earlier.encode({ iat: 5, gid: 'g' }))).toEqual({ iat: 5, gid: 'g' });
  });
});

describe('layout 2', () => {
  const payload = {
    ...{ iss: server.issuer, aud: server.resource, sub: 's'.repeat(22), gid: 'g'.repeat(22), granted_at: 5 },
    ...{ client: 'c'.repeat(22), scope: ['mail.read' as const], login: { missive_token: 't' } },
  };

  test('a token is meant for its issuer and resource alone', async () => {
    const { refresh } = createTokens(keyringOf(2));
    const token = await refresh.unseal(await refresh.seal(payload, now), now);
    expect(isMeantFor(token, server)).toBe(true);
    for (const other of [
      { issuer: 'https://other.example.com', resource: 'https://other.example.com/mcp' },
      { issuer: server.issuer, resource: `${server.issuer}/mcp/` },
      { issuer: server.issuer, resource: token.aud },
    ].slice(0, 2)) {
      expect(isMeantFor(token, other)).toBe(false);
    }
    expect([token.iss, token.aud].every(isHashOfName)).toBe(true);
  });

  test('an issuer that does not follow from the audience is sealed beside it', async () => {
    const { refresh } = createTokens(keyringOf(2));
    const token = await refresh.unseal(await refresh.seal({ ...payload, iss: 'https://other.example.com' }, now), now);
    expect(isMeantFor(token, server)).toBe(false);
    expect(isMeantFor(token, { ...server, issuer: 'https://other.example.com' })).toBe(true);
  });

  test('the id of a value is unique, and the same whenever it is read', async () => {
    const { refresh } = createTokens(keyringOf(2));
    const [one, other] = [await refresh.seal(payload, now), await refresh.seal(payload, now)];
    const { jti } = await refresh.unseal(one, now);
    expect((await refresh.unseal(one, now)).jti).toBe(jti);
    expect((await refresh.unseal(other, now)).jti).not.toBe(jti);
    const named = await refresh.seal(payload, now, undefined, 'chosen-by-the-caller');
    expect((await refresh.unseal(named, now)).jti).toBe('chosen-by-the-caller');
  });

  test('the length does not depend on the characters of a password', async () => {
    const { refresh } = createTokens(keyringOf(2));
    const lengths = ['correct-horse-ba', 'AAAAAAAAAAAAAAAA', '0000000000000000', '!"§$%&/()=?*+#'].map((password) =>
      refresh.lengthOf({ ...payload, login: { name: '', email: 'a@example.com', imap: { password } } }, now),
    );
    expect(new Set(lengths.slice(0, 3)).size).toBe(1);
  });
});
