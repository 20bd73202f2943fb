import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readContainer } from '../../../src/mail/parts/signed-data.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';

/** How lengths are written: known beforehand, or not (X.690 §8.1.3). */
type Form = 'definite' | 'indefinite';

function element(tag: number, content: Buffer, form: Form = 'definite'): Buffer {
  if (form === 'indefinite') return Buffer.concat([Buffer.from([tag, 0x80]), content, Buffer.from([0, 0])]);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const oid = (hex: string) => element(0x06, Buffer.from(hex, 'hex'));
const SIGNED = '2a864886f70d010702';
const DATA = '2a864886f70d010701';

/** OCTET STRING in pieces of `size` bytes; in one piece if it is 0. */
function octets(content: Buffer, size: number, form: Form): Buffer {
  if (size === 0) return element(0x04, content);
  const count = Math.ceil(content.length / size);
  const pieces = Array.from({ length: count }, (_, n) => element(0x04, content.subarray(n * size, (n + 1) * size)));
  return element(0x24, Buffer.concat(pieces), form);
}

function signed(content: Buffer | null, { form = 'definite' as Form, size = 0 } = {}): Buffer {
  const info =
    content === null ? oid(DATA) : Buffer.concat([oid(DATA), element(0xa0, octets(content, size, form), form)]);
  const data = [
    element(0x02, Buffer.from([1])),
    element(0x31, element(0x30, oid('608648016503040201')), form),
    element(0x30, info, form),
    element(0xa0, Buffer.from('3003020101', 'hex')),
    element(0x31, Buffer.alloc(0)),
  ];
  return element(
    0x30,
    Buffer.concat([oid(SIGNED), element(0xa0, element(0x30, Buffer.concat(data), form), form)]),
    form,
  );
}

const TEXT = Buffer.from('Content-Type: text/plain\r\n\r\nThe night shift starts at ten.\r\n'.repeat(20));

describe('a signed container (RFC 5652 §5)', () => {
  test.each([
    ['DER', {}],
    ['BER with indefinite lengths', { form: 'indefinite' as const, size: 100 }],
    ['BER in pieces of known length', { size: 64 }],
    ['BER in pieces of one byte', { form: 'indefinite' as const, size: 1 }],
  ])('in %s gives its content', (_form, options) => {
    expect(readContainer(signed(TEXT, options))).toEqual({ kind: 'signed', content: TEXT });
  });

  test('in base64 that is not declared, and in PEM, gives its content', () => {
    const base64 = signed(TEXT).toString('base64').replace(/.{64}/g, '$&\r\n');
    expect(readContainer(Buffer.from(base64))).toEqual({ kind: 'signed', content: TEXT });
    const pem = `-----BEGIN PKCS7-----\r\n${base64}\r\n-----END PKCS7-----\r\n`;
    expect(readContainer(Buffer.from(pem))).toEqual({ kind: 'signed', content: TEXT });
  });

  test.each(['definite', 'indefinite'] as const)('whose end is missing gives the start of its content (%s)', (form) => {
    const bytes = signed(TEXT, { form, size: form === 'definite' ? 0 : 50 });
    const { kind, ...rest } = readContainer(bytes.subarray(0, 300));
    expect(kind).toBe('signed');
    const content = 'content' in rest ? rest.content : Buffer.alloc(0);
    expect(content.length).toBeGreaterThan(150);
    expect(TEXT.subarray(0, content.length).equals(content)).toBe(true);
  });

  test('without a content brings certificates only', () => {
    expect(readContainer(signed(null))).toEqual({ kind: 'certificates' });
    expect(readContainer(signed(null, { form: 'indefinite' }))).toEqual({ kind: 'certificates' });
  });

  test('has any content, in any form', () => {
    const options = fc.record({
      form: fc.constantFrom<Form>('definite', 'indefinite'),
      size: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), options, (bytes, each) => {
        const content = Buffer.from(bytes);
        expect(readContainer(signed(content, each))).toEqual({ kind: 'signed', content });
      }),
    );
  });
});

test.each([
  ['2a864886f70d010703', 'encrypted'],
  ['2a864886f70d0109100117', 'encrypted'],
  ['2a864886f70d0109100109', 'compressed'],
  ['2a864886f70d010705', 'unknown'],
])('a container of type %s is %s', (type, kind) => {
  expect(readContainer(element(0x30, Buffer.concat([oid(type), element(0xa0, Buffer.alloc(40, 1))])))).toEqual({
    kind,
  });
});

describe('bytes that are no container', () => {
  test('have an unknown kind, whatever they are', () => {
    const der = fc.constantFrom(0x30, 0x80, 0xa0, 0x24, 0x04, 0x06, 0x02, 0x31, 0x00, 0x84, 0xff, 0x09, 0x7f);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(der, fc.nat(255)), { maxLength: 80 }),
        (bytes) => void readContainer(Buffer.from(bytes)),
      ),
    );
    const head = signed(Buffer.from('x')).subarray(0, 30);
    fc.assert(
      fc.property(fc.array(der, { maxLength: 60 }), fc.nat(30), (bytes, length) => {
        readContainer(Buffer.concat([head.subarray(0, length), Buffer.from(bytes)]));
      }),
    );
    expect(readContainer(Buffer.alloc(0))).toEqual({ kind: 'unknown' });
  });

  test.each([
    ['open sequences', Buffer.alloc(1024 * 1024, Buffer.from([0x30, 0x80]))],
    [
      'open octets',
      Buffer.concat([signed(Buffer.from('x')).subarray(0, 44), Buffer.alloc(1024 * 1024, Buffer.from([0x24, 0x80]))]),
    ],
    ['empty pieces', signed(Buffer.alloc(0), { form: 'indefinite', size: 1 })],
    ['pieces of one byte', signed(Buffer.alloc(300_000, 1), { form: 'indefinite', size: 1 })],
    ['base64', Buffer.alloc(1024 * 1024, 'MIAG')],
  ])('a megabyte of %s takes little time', async (_what, bytes) => {
    readContainer(bytes);
    expect(Math.min(await cpuMs(() => readContainer(bytes)), await cpuMs(() => readContainer(bytes)))).toBeLessThan(
      100,
    );
  });
});
