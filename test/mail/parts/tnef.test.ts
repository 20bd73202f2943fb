import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readWinmail } from '../../../src/mail/parts/tnef.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';

const u16 = (value: number) => Buffer.from([value & 0xff, value >> 8]);
const u32 = (value: number) =>
  Buffer.from([value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff]);

function attribute(level: 1 | 2, id: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  const checksum = bytes.reduce((sum, byte) => (sum + byte) & 0xffff, 0);
  return Buffer.concat([Buffer.from([level]), u32(id), u32(bytes.length), bytes, u16(checksum)]);
}

/** A property with one value of variable size. */
function property(type: number, id: number, value: Buffer): Buffer {
  return Buffer.concat([
    u16(type),
    u16(id),
    u32(1),
    u32(value.length),
    value,
    Buffer.alloc((4 - (value.length % 4)) % 4),
  ]);
}

const properties = (...all: Buffer[]) => Buffer.concat([u32(all.length), ...all]);
const utf16 = (text: string) => Buffer.from(`${text}\0`, 'utf16le');
const tnef = (...attributes: Buffer[]) => Buffer.concat([u32(0x223e9f78), u16(1), ...attributes]);

const [BODY, CODE_PAGE, PROPERTIES, NEW_FILE, TITLE, FILE_PROPERTIES] = [
  0x2800c, 0x69007, 0x69003, 0x69002, 0x18010, 0x69005,
];
const numbered = Buffer.concat([u16(3), u16(0x8001), Buffer.alloc(16, 7), u32(0), u32(42), u32(1)]);
const named = Buffer.concat([
  u16(0x1e),
  u16(0x8002),
  Buffer.alloc(16, 7),
  u32(1),
  u32(6),
  Buffer.from('k\0e\0y\0\0\0'),
  u32(1),
  u32(3),
  Buffer.from('abc\0'),
]);
const several = Buffer.concat([
  u16(0x101e),
  u16(0x1234),
  u32(2),
  u32(2),
  Buffer.from('a\0\0\0'),
  u32(6),
  Buffer.from('bcdef\0\0\0'),
]);

describe('winmail.dat', () => {
  test.each([
    [
      'an attribute',
      tnef(attribute(1, BODY, 'The minutes are in the blue folder.\r\n\0')),
      'text/plain',
      'The minutes are in the blue folder.',
    ],
    [
      'an attribute in a code page',
      tnef(
        attribute(1, CODE_PAGE, Buffer.concat([u32(1251), u32(0)])),
        attribute(1, BODY, Buffer.from('cff0e8e2e5f200', 'hex')),
      ),
      'text/plain',
      'Привет',
    ],
    [
      'a Unicode property behind others',
      tnef(attribute(1, PROPERTIES, properties(numbered, named, several, property(0x1f, 0x1000, utf16('Grüße 🎈'))))),
      'text/plain',
      'Grüße 🎈',
    ],
    [
      'HTML alone',
      tnef(attribute(1, PROPERTIES, properties(property(0x102, 0x1013, Buffer.from('<p>Hello</p>'))))),
      'text/html',
      '<p>Hello</p>',
    ],
  ])('with its text in %s gives the text', (_where, bytes, type, text) => {
    expect(readWinmail(bytes)?.body).toEqual({ type, text });
  });

  test('gives the names of its files, the long ones where there are any', () => {
    const bytes = tnef(
      attribute(2, NEW_FILE, Buffer.alloc(14)),
      attribute(2, TITLE, 'REPORT~1.PDF\0'),
      attribute(2, FILE_PROPERTIES, properties(property(0x1f, 0x3707, utf16('Report of März.pdf')))),
      attribute(2, NEW_FILE, Buffer.alloc(14)),
      attribute(2, TITLE, 'notes.txt\0'),
    );
    expect(readWinmail(bytes)).toEqual({ body: null, fileNames: ['Report of März.pdf', 'notes.txt'], isCut: false });
  });

  test('whose end is missing gives what is before it, and says so', () => {
    const bytes = tnef(
      attribute(1, BODY, 'Hello.\0'),
      attribute(2, NEW_FILE, Buffer.alloc(14)),
      attribute(2, TITLE, 'a.bin\0'),
      attribute(2, 0x6800f, Buffer.alloc(5_000)),
    );
    expect(readWinmail(bytes.subarray(0, 1_000))).toEqual({
      body: { type: 'text/plain', text: 'Hello.' },
      fileNames: ['a.bin'],
      isCut: true,
    });
  });

  test('that has another signature is none', () => {
    expect(readWinmail(Buffer.from('not a container'))).toBeNull();
    expect(readWinmail(Buffer.alloc(0))).toBeNull();
  });

  test('of any bytes is read without an error', () => {
    const ids = fc.constantFrom(BODY, CODE_PAGE, PROPERTIES, NEW_FILE, TITLE, FILE_PROPERTIES);
    const values = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => properties(numbered, Buffer.from(bytes))),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(ids, values), { maxLength: 8 }), fc.nat(400), (all, length) => {
        readWinmail(tnef(...all.map(([id, value]) => attribute(1, id, value))).subarray(0, length));
      }),
    );
  });

  const fill = (unit: Buffer) => Buffer.alloc(512 * 1024, unit);
  test.each([
    ['empty attributes', tnef(fill(attribute(1, BODY, '')))],
    [
      'files',
      tnef(
        fill(
          Buffer.concat([
            attribute(2, NEW_FILE, ''),
            attribute(2, TITLE, 'a'),
            attribute(2, FILE_PROPERTIES, properties(property(0x1e, 0x3707, Buffer.from('a')))),
          ]),
        ),
      ),
    ],
    [
      'properties',
      tnef(attribute(1, PROPERTIES, Buffer.concat([u32(0xffffffff), fill(property(0x1e, 1, Buffer.from('a')))]))),
    ],
    [
      'values',
      tnef(attribute(1, PROPERTIES, Buffer.concat([u32(1), u16(0x101e), u16(1), u32(0xffffffff), fill(u32(0))]))),
    ],
  ])('of half a megabyte of %s takes little time', async (_what, bytes) => {
    readWinmail(bytes);
    expect(Math.min(await cpuMs(() => readWinmail(bytes)), await cpuMs(() => readWinmail(bytes)))).toBeLessThan(100);
  });
});
