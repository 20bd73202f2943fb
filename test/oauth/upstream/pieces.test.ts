/** Keeps sealed values in the cookies of a browser that leaves for a provider. */
import type { Request, Response } from 'express';
import { describe, expect, test } from 'vitest';
import { createCookiePieces, leftConnection } from '../../../src/oauth/upstream/pieces.ts';

/** A browser that keeps cookies as RFC 6265 says: one by one, and none above 4,096 bytes. */
function createJar(issuer = 'https://mail.example.com') {
  const pieces = createCookiePieces(issuer);
  const cookies = new Map<string, string>();
  const set: { name: string; options: Record<string, unknown> }[] = [];
  const response = {
    cookie(name: string, value: string, options: Record<string, unknown>) {
      set.push({ name, options });
      if (`${name}=${value}`.length + 100 <= 4_096) cookies.set(name, value);
    },
    clearCookie: (name: string) => void cookies.delete(name),
  } as unknown as Response;
  const request = (): Request =>
    ({ headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') } }) as Request;
  return {
    ...{ cookies, set },
    put: (sealed: string) => pieces.put(request(), response, sealed),
    take: (hash: string) => pieces.take(request(), response, hash),
  };
}

const sealed = (letter: string, length = 9_000) => letter.repeat(length);

describe('pieces of a sealed value', () => {
  test.each([1, 3_800, 3_801, 14_000])('%i characters are found again once, whole', (length) => {
    const jar = createJar();
    const hash = jar.put(sealed('a', length));
    expect(jar.take(hash)).toBe(sealed('a', length));
    expect(jar.cookies.size).toBe(0);
    expect(jar.take(hash)).toBeUndefined();
  });

  test('two values do not disturb each other', () => {
    const jar = createJar();
    const [one, two] = [jar.put(sealed('a', 5_000)), jar.put(sealed('b', 5_000))];
    expect(jar.take(two)).toBe(sealed('b', 5_000));
    expect(jar.take(one)).toBe(sealed('a', 5_000));
  });

  test('older values are removed where all together would be too long for a request', () => {
    const jar = createJar();
    const [one, two] = [jar.put(sealed('a')), jar.put(sealed('b'))];
    expect([...jar.cookies.values()].join('').length).toBeLessThan(14_500);
    expect(jar.take(one)).toBeUndefined();
    expect(jar.take(two)).toBe(sealed('b'));
  });

  test('older values are removed at a connection in a path too, whose name counts', () => {
    const jar = createJar(`https://mail.example.com/c/${'c'.repeat(2_000)}`);
    for (const letter of 'abcdef') jar.put(sealed(letter, 4_000));
    expect([...jar.cookies].flat().join('').length).toBeLessThan(15_000);
  });

  test('a piece that is missing, replaced or added makes the value invalid', () => {
    for (const change of [
      (jar: ReturnType<typeof createJar>, name: string) => jar.cookies.delete(name),
      (jar: ReturnType<typeof createJar>, name: string) => jar.cookies.set(name, 'other'),
      (jar: ReturnType<typeof createJar>, name: string) => jar.cookies.set(name.replace(/-\d$/, '-3'), 'more'),
    ]) {
      const jar = createJar();
      const hash = jar.put(sealed('a'));
      change(jar, [...jar.cookies.keys()].at(-1) ?? '');
      expect(jar.take(hash)).toBeUndefined();
    }
  });

  test.each(['', 'x'.repeat(43), '__proto__', 'a; b'])('the hash "%s" finds nothing', (hash) => {
    const jar = createJar();
    jar.put(sealed('a'));
    expect(jar.take(hash)).toBeUndefined();
  });

  test('a hash that begins alike finds nothing, and leaves no other value usable', () => {
    const jar = createJar();
    const hash = jar.put(sealed('a'));
    expect(jar.take(`${hash.slice(0, 20)}${'x'.repeat(hash.length - 20)}`)).toBeUndefined();
  });

  test.each([
    ['https://mail.example.com', '__Host-mail-mcp-up-', true],
    ['http://localhost:3000', 'mail-mcp-up-', false],
  ])('cookies of %s are for all its pages that leave for a provider, and not for scripts', (issuer, prefix, secure) => {
    const jar = createJar(issuer);
    jar.put(sealed('a'));
    for (const { name, options } of jar.set) {
      expect(name.startsWith(prefix)).toBe(true);
      expect(options).toEqual({ httpOnly: true, secure, sameSite: 'lax', path: '/', maxAge: 600_000 });
    }
  });

  test('on https, a cookie that a sister host could have set names no connection', () => {
    const of = (name: string, issuer: string) =>
      leftConnection(
        { originalUrl: `/?state=${'h'.repeat(43)}`, headers: { cookie: `${name}=left` } } as Request,
        issuer,
      );
    const plain = `mail-mcp-up-${'h'.repeat(16)}-c`;
    expect(of(plain, 'https://mail.example.com')).toBeUndefined();
    expect(of(`__Secure-${plain}`, 'https://mail.example.com')).toBeUndefined();
    expect(of(`__Host-${plain}`, 'https://mail.example.com')).toBe('left');
    expect(of(plain, 'http://localhost:3000')).toBe('left');
  });
});
