import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { CompactEncrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { OAuthError } from '../../../src/errors.ts';
import { createKeyring, createSealer } from '../../../src/oauth/sealed/jwe.ts';
import { testKey } from '../../support/app/oauth-app.ts';

const now = new Date('2026-11-21T12:00:00Z');
const seconds = Math.floor(now.getTime() / 1000);
const keyring = createKeyring({ current: testKey(), previous: [] });
const schema = z.object({ secret: z.string() });
const type = { typ: 'access', schema, lifetimeSeconds: 60, maxLength: 1000 };
const things = createSealer(keyring, type);

const later = (by: number): Date => new Date(now.getTime() + by * 1000);
const derivedKey = (typ: string, master = testKey()): Buffer =>
  Buffer.from(hkdfSync('sha256', master, '', `mail-mcp/1/${typ}`, 32));
const claims = { typ: 'access', jti: 'j', iat: seconds, exp: seconds + 60 };

/** A JWE made with the right key, with a header of the test's choice. */
function jweWith(header: object, content: object = { secret: 's', ...claims }, plain?: Buffer): string {
  const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', derivedKey('access'), iv).setAAD(Buffer.from(encoded));
  const text = Buffer.concat([cipher.update(plain ?? Buffer.from(JSON.stringify(content))), cipher.final()]);
  return [
    encoded,
    '',
    iv.toString('base64url'),
    text.toString('base64url'),
    cipher.getAuthTag().toString('base64url'),
  ].join('.');
}
const goodHeader = { alg: 'dir', enc: 'A256GCM', kid: keyring.current.kid };

async function refusalOf(token: string, at = now): Promise<{ code: string; message: string }> {
  const error = await things.unseal(token, at).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OAuthError)) throw new Error('It was not refused with an OAuthError');
  return { code: error.code, message: error.message };
}
const refused = { code: 'invalid_token', message: 'The token is not valid.' };

describe('sealed values (RFC 7516)', () => {
  test('JWE-01 a header other than the one that the server writes is refused, even with the right key', async () => {
    await expect(things.unseal(jweWith(goodHeader), now)).resolves.toMatchObject({ secret: 's' });
    const headers = [
      { ...goodHeader, alg: 'A256KW' },
      { ...goodHeader, alg: 'none' },
      { ...goodHeader, alg: 'PBES2-HS256+A128KW', p2c: 1_000_000, p2s: 'AAAA' },
      { ...goodHeader, enc: 'A128GCM' },
      { ...goodHeader, crit: ['exp'] },
      { ...goodHeader, epk: {} },
      { ...goodHeader, jwk: {} },
      { ...goodHeader, jku: 'https://evil.example/' },
      { ...goodHeader, x5u: 'https://evil.example/' },
      { alg: 'dir', enc: 'A256GCM' },
      { ...goodHeader, kid: 'unknown' },
      { ...goodHeader, kid: '__proto__' },
      [],
    ];
    for (const header of headers) expect(await refusalOf(jweWith(header)), JSON.stringify(header)).toEqual(refused);
  });

  test('JWE-02 a compressed token is refused, even with the right key', async () => {
    const plain = deflateRawSync(Buffer.from(JSON.stringify({ secret: 's', ...claims })));
    expect(await refusalOf(jweWith({ ...goodHeader, zip: 'DEF' }, {}, plain))).toEqual(refused);
    const bomb = await new CompactEncrypt(new TextEncoder().encode('a'.repeat(5000)))
      .setProtectedHeader({ ...goodHeader, zip: 'DEF' })
      .encrypt(derivedKey('access'));
    expect(bomb.length).toBeLessThan(1000);
    expect(await refusalOf(bomb)).toEqual(refused);
  });

  test('JWE-03 a value of one type is refused as another, by its key and by its typ', async () => {
    const types = ['client_id', 'transaction', 'code', 'access', 'refresh'];
    const all = types.map((typ) => createSealer(keyring, { ...type, typ }));
    for (const [made, maker] of all.entries()) {
      const token = await maker.seal({ secret: 's' }, now);
      for (const [read, reader] of all.entries()) {
        const opened = await reader.unseal(token, now).then(
          () => true,
          () => false,
        );
        expect(opened, `${types[made]} as ${types[read]}`).toBe(made === read);
      }
    }
    expect(await refusalOf(jweWith(goodHeader, { secret: 's', ...claims, typ: 'refresh' }))).toEqual(refused);
  });

  test('JWE-04 equal contents never give equal tokens, and a key of another length is refused', async () => {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => things.seal({ secret: 's' }, now)));
    expect(new Set(tokens.map((token) => token.split('.')[2])).size).toBe(100);
    expect(() => createKeyring({ current: Buffer.alloc(31, 7), previous: [] })).toThrow(RangeError);
    expect(() => createKeyring({ current: testKey(), previous: [Buffer.alloc(16)] })).toThrow(RangeError);
  });

  test('JWE-05 a value other than five parts of canonical base64url is refused', async () => {
    const token = await things.seal({ secret: 's' }, now);
    const [header = '', , iv = '', text = '', tag = ''] = token.split('.');
    const variants = [
      '',
      '....',
      'a.b.c',
      `${token}.`,
      `.${token}`,
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      [header, 'AAAA', iv, text, tag].join('.'),
      [header, '', iv, text, `${tag}==`].join('.'),
      [header, '', iv, text.replace(/.$/, '+'), tag].join('.'),
      [header, '', iv, '', tag].join('.'),
      'a'.repeat(1001),
      `${'a'.repeat(1_000_000)}....`,
    ];
    for (const variant of variants) expect(await refusalOf(variant), variant.slice(0, 40)).toEqual(refused);
  });

  test('JWE-05 every change of a single character is refused', async () => {
    const token = await things.seal({ secret: 's' }, now);
    for (let index = 0; index < token.length; index++) {
      for (const other of ['A', 'B', '_', '.']) {
        if (token[index] === other) continue;
        const changed = token.slice(0, index) + other + token.slice(index + 1);
        expect(await refusalOf(changed), `character ${index}`).toEqual(refused);
      }
    }
  });

  test('JWE-06 every other fault is reported in the same way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        expect(await refusalOf(text)).toEqual(refused);
      }),
    );
    const contents = [{}, { ...claims }, { secret: 1, ...claims }, { secret: 's', ...claims, exp: undefined }];
    for (const content of contents) expect(await refusalOf(jweWith(goodHeader, content))).toEqual(refused);
    expect(await refusalOf(jweWith(goodHeader, {}, Buffer.from('not JSON')))).toEqual(refused);
    expect(await refusalOf(jweWith(goodHeader, {}, Buffer.from([0xff, 0xfe])))).toEqual(refused);
  });

  test('BEAR-06 a value expires with its lifetime, and one from the future is refused beyond five minutes of clock skew', async () => {
    const token = await things.seal({ secret: 's' }, now);
    await expect(things.unseal(token, later(59))).resolves.toMatchObject({ secret: 's' });
    expect(await refusalOf(token, later(60))).toEqual(refused);
    await expect(things.unseal(token, later(-300))).resolves.toMatchObject({ secret: 's' });
    expect(await refusalOf(token, later(-301))).toEqual(refused);
  });

  test('a value from more than a minute ahead is accepted and reported, up to five minutes', async () => {
    const skews: number[] = [];
    const current = randomBytes(32);
    const ours = { ...createKeyring({ current, previous: [], onSkew: (by) => void skews.push(by) }) };
    const sealer = createSealer(ours, type);
    const token = await sealer.seal({ secret: 's' }, now);
    for (const late of [-60, -61, -300]) await sealer.unseal(token, later(late));
    expect(skews).toEqual([61, 300]);
  });

  test('notAfter shortens a lifetime and never lengthens it', async () => {
    const short = await things.seal({ secret: 's' }, now, later(10));
    expect((await things.unseal(short, now)).exp).toBe(seconds + 10);
    const long = await things.seal({ secret: 's' }, now, later(600));
    expect((await things.unseal(long, now)).exp).toBe(seconds + 60);
  });

  test('JWE-05 BEAR-08 a valid token that is longer than its type allows is refused', async () => {
    const roomy = createSealer(keyring, { ...type, maxLength: 2000 });
    const long = await roomy.seal({ secret: 's'.repeat(1000) }, now);
    await expect(roomy.unseal(long, now)).resolves.toMatchObject({ jti: expect.any(String) });
    expect(await refusalOf(long)).toEqual(refused);
  });

  test('a payload that would be longer than its type allows is not sealed', async () => {
    await expect(things.seal({ secret: 's'.repeat(1000) }, now)).rejects.toThrow(RangeError);
  });

  test('CLI-06 a previous key decrypts what it sealed and seals nothing; without it the value is not valid', async () => {
    const old = createSealer(createKeyring({ current: testKey(9), previous: [] }), type);
    const token = await old.seal({ secret: 's' }, now);
    const rotated = createSealer(createKeyring({ current: testKey(), previous: [testKey(9)] }), type);
    await expect(rotated.unseal(token, now)).resolves.toMatchObject({ secret: 's' });
    await expect(old.unseal(await rotated.seal({ secret: 's' }, now), now)).rejects.toMatchObject(refused);
    expect(await refusalOf(token)).toEqual(refused);
  });

  test('values of every type that were sealed before TOKENS_NOT_BEFORE are refused', async () => {
    const keys = { current: testKey(), previous: [] };
    const notBefore = new Date(now.getTime() + 10_000);
    const later = new Date(now.getTime() + 20_000);
    for (const lifetimeSeconds of [60, null]) {
      const before = await createSealer(createKeyring(keys), { ...type, lifetimeSeconds }).seal({ secret: 's' }, now);
      const strict = createSealer(createKeyring({ ...keys, notBefore }), { ...type, lifetimeSeconds });
      await expect(strict.unseal(before, later)).rejects.toMatchObject(refused);
      const at = await strict.seal({ secret: 's' }, notBefore);
      await expect(strict.unseal(at, later)).resolves.toMatchObject({ secret: 's' });
    }
  });
});
