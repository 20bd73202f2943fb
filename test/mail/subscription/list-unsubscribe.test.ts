import { describe, expect, test } from 'vitest';
import { oneClickUrl, unsubscribeUris, webPage } from '../../../src/mail/subscription/list-unsubscribe.ts';

describe('the URIs of List-Unsubscribe (RFC 2369 §2)', () => {
  test.each<[string, string, string[]]>([
    ['one', ' <https://x.example/u>', ['https://x.example/u']],
    ['several', ' <mailto:a@x.example>, <https://x.example/u>', ['mailto:a@x.example', 'https://x.example/u']],
    ['without blanks', '<mailto:a@x.example>,<https://x.example/u>', ['mailto:a@x.example', 'https://x.example/u']],
    ['folded', ' <mailto:a@x.example>,\r\n\t<https://x.example/u>', ['mailto:a@x.example', 'https://x.example/u']],
    ['folded within a URI', ' <https://x.example/a\r\n /b?c=\r\n\td>', ['https://x.example/a/b?c=d']],
    [
      'with comments',
      ' (by mail) <mailto:a@x.example> (or (the) page), <https://x.example/u>(!)',
      ['mailto:a@x.example', 'https://x.example/u'],
    ],
    ['with an escaped parenthesis in a comment', ' (a \\) <b>) <mailto:a@x.example>', ['mailto:a@x.example']],
    ['with a comma in a URI', ' <https://x.example/a,b>', ['https://x.example/a,b']],
    ['with an empty one', ' <>, <https://x.example/u>', ['https://x.example/u']],
    ['without brackets', ' https://x.example/u', []],
    ['with a word before the first', ' see <https://x.example/u>', []],
    ['with a word after one', ' <mailto:a@x.example> or <https://x.example/u>', ['mailto:a@x.example']],
    ['without a comma', ' <mailto:a@x.example> <https://x.example/u>', ['mailto:a@x.example']],
    ['without an end', ' <https://x.example/u', []],
    ['in a comment without an end', ' (<https://x.example/u>', []],
    ['in an encoded word', ' =?us-ascii?Q?=3Chttps=3A=2F=2Fx.example=2Fu=3E?=', []],
    ['with a letter outside ASCII', ' <https://b\u00fccher.example/u>, <mailto:a@x.example>', ['mailto:a@x.example']],
    ['with a control character', ' <https://x.example/\u0000u>, <mailto:a@x.example>', ['mailto:a@x.example']],
    ['nothing', '', []],
  ])('%s', (_, body, uris) => {
    expect(unsubscribeUris(body)).toEqual(uris);
  });

  test('of many, twenty are read, and of long ones none', () => {
    const many = Array.from({ length: 30 }, (_, n) => `<mailto:${n}@x.example>`).join(', ');
    expect(unsubscribeUris(many)).toHaveLength(20);
    expect(unsubscribeUris(`<https://x.example/${'a'.repeat(5_000)}>, <mailto:a@x.example>`)).toEqual([
      'mailto:a@x.example',
    ]);
    expect(unsubscribeUris(`<https://x.example/${'a'.repeat(100_000)}>`)).toEqual([]);
  });

  test.each(['<', '(', '<>,', '()', '\\(', '<a>,('])('a long field of %s takes no time', (piece) => {
    const body = piece.repeat(16_000 / piece.length);
    const startedAt = performance.now();
    unsubscribeUris(body);
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});

describe('the URL of a one-click request (RFC 8058 §3.1)', () => {
  test.each<[string, string[], string | undefined]>([
    ['https', ['https://x.example/u?t=1'], 'https://x.example/u?t=1'],
    ['https beside mailto', ['mailto:a@x.example', 'HTTPS://X.example/u'], 'https://x.example/u'],
    ['a port', ['https://x.example:8443/u'], 'https://x.example:8443/u'],
    ['a fragment', ['https://x.example/u#here'], 'https://x.example/u'],
    ['punycode', ['https://xn--bcher-kva.example/u'], 'https://xn--bcher-kva.example/u'],
    ['two https', ['https://x.example/u', 'https://y.example/u'], undefined],
    ['http', ['http://x.example/u'], undefined],
    ['javascript', ['javascript:alert(1)'], undefined],
    ['data', ['data:text/html,x'], undefined],
    ['file', ['file:///etc/passwd'], undefined],
    ['ftp', ['ftp://x.example/u'], undefined],
    ['a user', ['https://bank.example@x.example/u'], undefined],
    ['a user and a password', ['https://a:b@x.example/u'], undefined],
    ['an IPv4 address', ['https://192.0.2.1/u'], undefined],
    ['an IPv4 address as a number', ['https://2130706433/u'], undefined],
    ['an IPv4 address in hexadecimal', ['https://0x7f.1/u'], undefined],
    ['an IPv6 address', ['https://[::1]/u'], undefined],
    ['no host', ['https:///u'], undefined],
    ['one slash', ['https:/x.example/u'], undefined],
    ['a backslash', ['https:\\\\x.example/u'], undefined],
    ['a port that is none', ['https://x.example:99999/u'], undefined],
    ['nothing', [], undefined],
  ])('%s', (_, uris, url) => {
    expect(oneClickUrl(uris)).toBe(url);
  });
});

test('only http and https URLs without a user are shown as web pages', () => {
  expect(webPage(['mailto:a@x.example', 'http://x.example/u'])).toBe('http://x.example/u');
  expect(webPage(['javascript:alert(1)', 'https://a@x.example/', 'file:///etc/passwd', 'data:text/html,x'])).toBe(
    undefined,
  );
});
