import { describe, expect, test } from 'vitest';
import { readHeaderFields } from '../../../src/mail/sender/header-fields.ts';
import { readVerdict } from '../../../src/mail/sender/verdict.ts';
import { readSubscription } from '../../../src/mail/subscription/subscription.ts';

const SERVER = 'mx.own.example';
const COVERING = 'from:to:subject:list-unsubscribe:list-unsubscribe-post';

const signature = (tags: Record<string, string> = {}) =>
  `DKIM-Signature: ${Object.entries({
    v: '1',
    a: 'rsa-sha256',
    d: 'news.example',
    s: 's1',
    h: COVERING,
    bh: 'x',
    b: 'AbCd1234efgh',
    ...tags,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')}`;

const results = (...methods: string[]) => `Authentication-Results: ${[SERVER, ...methods].join('; ')}`;

const URIS = '<https://go.example/u>, <mailto:leave@news.example>';
const POST = 'List-Unsubscribe-Post: List-Unsubscribe=One-Click';

interface Header {
  results?: string;
  signatures?: string[];
  from?: string;
  unsubscribe?: string[];
  post?: string[];
  more?: string[];
}

function read(
  {
    results: found = results('dkim=pass header.d=news.example'),
    signatures = [signature()],
    from = 'letter@news.example',
    unsubscribe = [`List-Unsubscribe: ${URIS}`],
    post = [POST],
    more = [],
  }: Header = {},
  authservIds: string[] = [SERVER],
) {
  const lines = [found, `Received: from a.example by ${SERVER}`, ...signatures, `From: <${from}>`];
  const header = [...lines, ...unsubscribe, ...post, ...more, '', ''].join('\r\n');
  const verdict = readVerdict(Buffer.from(header), { authservIds, imapHost: 'imap.own.example' });
  return readSubscription(readHeaderFields(header), { author: from, verdict });
}

const waysOf = (header: Header, authservIds?: string[]) => read(header, authservIds).ways.map(({ how }) => how);
const BOTH = ['one-click', 'mail'];

describe('UNSUB-01 one-click is offered if the own server has found a signature over both fields (RFC 8058 §4)', () => {
  test.each<[string, Header]>([
    ['of the domain of From', {}],
    [
      'of a domain below it',
      { results: results('dkim=pass header.d=m.news.example'), signatures: [signature({ d: 'm.news.example' })] },
    ],
    ['of a domain above it', { from: 'letter@m.news.example' }],
    ['named by d, s and b', { results: results('dkim=pass header.d=news.example header.s=S1 header.b="AbCd1234"') }],
    ['named by i, s and b', { results: results('dkim=pass header.i=@m.news.example header.s=s1 header.b=AbCd1234') }],
    ['named by s', { results: results('dkim=pass header.s=s1') }],
    ['named by b', { results: results('dkim=pass header.b=AbCd1234') }],
    ['with folded tags', { signatures: [signature({ h: 'From:\r\n List-Unsubscribe :\r\n\tList-Unsubscribe-Post' })] }],
    ['oversigned', { signatures: [signature({ h: `${COVERING}:list-unsubscribe:list-unsubscribe-post:from` })] }],
    ['of a part of the text, which does not matter to the header', { signatures: [signature({ l: '0' })] }],
    [
      'of the domain of the list',
      {
        from: 'ann@elsewhere.example',
        more: ['List-Id: The letter <letter.news.example>'],
      },
    ],
    [
      'beside another that passes',
      {
        results: results('dkim=pass header.d=esp.example', 'dkim=pass header.d=news.example'),
        signatures: [signature({ d: 'esp.example', h: 'from', b: 'zz' }), signature()],
      },
    ],
    ['beside a forged one of another domain', { signatures: [signature({ d: 'evil.example' }), signature()] }],
    ['in any case of the value', { post: ['List-Unsubscribe-Post:  list-unsubscribe=one-click '] }],
  ])('%s', (_, header) => {
    expect(waysOf(header)).toEqual(BOTH);
  });

  test.each<[string, Header]>([
    ['no List-Unsubscribe-Post', { post: [] }],
    ['another value of it', { post: ['List-Unsubscribe-Post: List-Unsubscribe=Two-Clicks'] }],
    ['two of it', { post: [POST, POST] }],
    ['no result', { results: 'X-Nothing: here' }],
    ['the signature failed', { results: results('dkim=fail header.d=news.example') }],
    ['the result names nothing', { results: results('dkim=pass') }],
    ['the result names another domain', { results: results('dkim=pass header.d=evil.example') }],
    ['the result names another selector', { results: results('dkim=pass header.d=news.example header.s=s2') }],
    ['the result names another value', { results: results('dkim=pass header.d=news.example header.b=ZZZZ1234') }],
    ['the value differs in case', { results: results('dkim=pass header.d=news.example header.b=abcd1234') }],
    ['no signature field', { signatures: [] }],
    ['h lacks the first', { signatures: [signature({ h: 'from:list-unsubscribe-post' })] }],
    ['h lacks the second', { signatures: [signature({ h: 'from:list-unsubscribe' })] }],
    ['h has a longer name', { signatures: [signature({ h: 'from:x-list-unsubscribe:list-unsubscribe-post' })] }],
    ['h is there twice', { signatures: [`${signature()}; h=${COVERING}`] }],
    ['d is not that of From', { from: 'ann@elsewhere.example' }],
    [
      'd is on the same public suffix',
      {
        results: results('dkim=pass header.d=evil.co.uk'),
        signatures: [signature({ d: 'evil.co.uk' })],
        from: 'letter@news.co.uk',
      },
    ],
    [
      'd is a neighbour on a host for many',
      {
        results: results('dkim=pass header.d=evil.github.io'),
        signatures: [signature({ d: 'evil.github.io' })],
        from: 'letter@news.github.io',
      },
    ],
    ['there are two From fields', { more: ['From: <boss@own.example>'] }],
    [
      'a forged signature has the same names as the honest one',
      {
        results: results('dkim=pass header.d=news.example header.s=s1 header.b=AbCd1234'),
        signatures: [signature({ b: 'AbCd1234zzzz' }), signature({ h: 'from:to:subject' })],
      },
    ],
    [
      'a forged signature has the same selector and another domain',
      {
        results: results('dkim=pass header.s=s1'),
        signatures: [signature(), signature({ d: 'evil.example', b: 'zz' })],
      },
    ],
    [
      'beside a signature that cannot be read, and may be the valid one',
      { signatures: [signature(), `${signature({ h: 'from' })}; h=from`] },
    ],
    [
      'a signature of no domain',
      { results: results('dkim=pass header.s=s1'), signatures: [signature({ d: '' })], from: '' },
    ],
    [
      'the list has two identifiers',
      {
        from: 'ann@elsewhere.example',
        more: ['List-Id: <letter.news.example>', 'List-Id: <other.example>'],
      },
    ],
    [
      'two https URLs',
      { unsubscribe: ['List-Unsubscribe: <https://a.example/>, <mailto:leave@news.example>, <https://b.example/>'] },
    ],
  ])('not offered: %s', (_, header) => {
    expect(waysOf(header)).toEqual(['mail']);
  });

  test('not offered on the word of a server that the sender may have invented', () => {
    expect(waysOf({}, [])).toEqual(['mail']);
    expect(waysOf({ results: 'Authentication-Results: mx.evil.example; dkim=pass header.d=news.example' })).toEqual([
      'mail',
    ]);
  });
});

describe('what is left without one-click', () => {
  test('the first mailto URI that can be used', () => {
    const unsubscribe = ['List-Unsubscribe: <mailto:a@x.example?cc=b@x.example>, <mailto:c@x.example?subject=go>'];
    expect(read({ unsubscribe }).ways).toEqual([{ how: 'mail', to: 'c@x.example', subject: 'go', text: '' }]);
  });

  test('a web page', () => {
    const unsubscribe = ['List-Unsubscribe: <https://go.example/u#top>'];
    expect(read({ unsubscribe, post: [] })).toEqual({ ways: [], page: 'https://go.example/u', lacks: 'way' });
  });

  test('nothing', () => {
    expect(read({ unsubscribe: [] })).toEqual({ ways: [], page: undefined, lacks: 'field' });
    expect(read({ unsubscribe: ['List-Unsubscribe: <javascript:alert(1)>'] })).toMatchObject({
      ways: [],
      page: undefined,
    });
  });

  test('nothing, if there are two fields: a list adds its own, and a forger too', () => {
    const unsubscribe = [`List-Unsubscribe: ${URIS}`, 'List-Unsubscribe: <mailto:x@evil.example>'];
    expect(read({ unsubscribe })).toEqual({ ways: [], page: undefined, lacks: 'single_field' });
  });
});
