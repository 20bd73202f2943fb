import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textOfHtml } from '../../../src/mail/html/html-text.ts';
import type { Item } from '../../../src/mail/imap/data-formats.ts';
import { attachmentName } from '../../../src/mail/mime/attachment-name.ts';
import { type Part, readBodyStructure } from '../../../src/mail/mime/body-structure.ts';
import { decodeHeader, decodeText } from '../../../src/mail/mime/charset.ts';
import { parseDate } from '../../../src/mail/mime/dates.ts';
import { createTransferDecoder, decodeTransfer } from '../../../src/mail/mime/transfer-encoding.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';

describe('transfer encodings', () => {
  test('base64 is decoded however it is divided into chunks', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(400), { maxLength: 6 }), (content, cuts) => {
        const encoded = Buffer.from(content).toString('base64').replace(/.{20}/g, '$&\r\n');
        expect(decodeInPieces(Buffer.from(encoded), 'base64', cuts)).toEqual(Buffer.from(content));
      }),
    );
  });

  test('quoted-printable is decoded however it is divided into chunks', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(900), { maxLength: 6 }), (content, cuts) => {
        const encoded = [...content].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
        const folded = encoded.replace(/.{60}/g, '$&=\r\n');
        expect(decodeInPieces(Buffer.from(folded), 'quoted-printable', cuts)).toEqual(Buffer.from(content));
      }),
    );
  });

  test('several padded runs of base64 in one part are all decoded', () => {
    expect(decodeTransfer(Buffer.from('YQ==\r\nYmM=\r\nZGVm'), 'base64').toString()).toBe('abcdef');
  });
});

describe('dates', () => {
  test.each([
    ['Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T15:55:06Z'],
    ['21 Nov 97 09:55 GMT', '1997-11-21T09:55:00Z'],
    ['Thu, 1 Jan 2026 00:00:00 +0530 (IST)', '2025-12-31T18:30:00Z'],
    ['17-Jul-1996 02:44:25 -0700', '1996-07-17T09:44:25Z'],
    ['Mon, 05 May 2025 10:00:00', '2025-05-05T10:00:00Z'],
    ['Mon, 05 May 2025 10:00:00 Mars/Standard', '2025-05-05T10:00:00Z'],
    ['soon', null],
    ['', null],
    ['32 Foo 2025 10:00:00 +0000', null],
  ])('%j is %j', (text, expected) => expect(parseDate(text)).toBe(expected));
});

describe('character sets', () => {
  test.each([
    ['shift_jis', '93fa967b', '日本'],
    ['euc-jp', 'c6fccbdc', '日本'],
    ['gb2312', 'c4e3bac3', '你好'],
    ['big5', 'a741a66e', '你好'],
    ['euc-kr', 'bec8b3e7', '안녕'],
    ['koi8-r', 'f0d2c9d7c5d4', 'Привет'],
    ['windows-1257', 'e2e8ee', 'āčī'],
    ['iso-8859-1', '80', '€'],
    ['utf-16le', '48006900', 'Hi'],
  ])('%s', (charset, hex, text) => expect(decodeText(Buffer.from(hex, 'hex'), charset)).toBe(text));

  test('decoding any bytes with any charset name does not throw', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (content, charset) => void decodeText(Buffer.from(content), charset)),
    );
  });

  test('every header value is decoded to one line', () => {
    expect(decodeHeader(Buffer.from('=?utf-8?Q?one=0D=0ABcc:_two=00?='))).toBe('one Bcc: two');
    fc.assert(
      fc.property(fc.uint8Array(), (content) => {
        expect(decodeHeader(Buffer.from(content))).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe('names of attachments', () => {
  test.each([
    ['../../etc/passwd', '_.._etc_passwd'],
    ['C:\\Windows\\x.exe', 'C__Windows_x.exe'],
    ['in\r\nvoice\0.pdf', 'in voice .pdf'],
    ['evil\u202Egpj.exe', 'evilgpj.exe'],
    ['.hidden', 'hidden'],
    ['', 'attachment-2.pdf'],
    [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(196)}.pdf`],
  ])('%j becomes %j', (filename, expected) => {
    expect(attachmentName({ ...somePart, filename })).toBe(expected);
  });
});

test.each([
  ['message/rfc822', 'attachment-2.eml'],
  ['message/delivery-status', 'attachment-2.txt'],
  ['message/global-disposition-notification', 'attachment-2.txt'],
  ['text/calendar', 'attachment-2.ics'],
  ['application/ics', 'attachment-2.ics'],
  ['application/octet-stream', 'attachment-2.bin'],
])('a part of type %s without a name becomes %s', (type, name) => {
  expect(attachmentName({ ...somePart, type })).toBe(name);
});

describe('body structures', () => {
  test('parameters in pieces are joined in order, in their charset', () => {
    const parameters = ['filename*1*', '%E4rz.pdf', 'filename*0*', "iso-8859-1'de'M", 'filename', 'plain.pdf'];
    const part = readBodyStructure([
      ...['application', 'pdf', null, null, null, 'BASE64', '10', null].map(item),
      [item('attachment'), parameters.map(item)],
    ]);
    expect(part.filename).toBe('März.pdf');
  });

  test('parsing any response does not throw', () => {
    const { tree } = fc.letrec<{ tree: Item }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.constantFrom('text', 'plain', 'mixed', 'alternative', '7').map(item),
        fc.array(tie('tree'), { maxLength: 12 }),
      ),
    }));
    fc.assert(fc.property(tree, (answer) => void readBodyStructure(answer)));
  });
});

describe('text of HTML', () => {
  test.each([
    ['elements nested deep', '<div>'.repeat(200_000)],
    ['tables nested deep', '<table><tr><td>'.repeat(60_000)],
    ['tags that never close', '<a href="'.repeat(100_000)],
    ['comments in styles', `<p style="${'/*'.repeat(4_000)}">x</p>`.repeat(120)],
    ['a long gap', `x${'&nbsp;'.repeat(160_000)}y`],
    ['entities', '&amp;'.repeat(200_000)],
    ['lists nested deep', '<ul><li>'.repeat(100_000)],
    ['one long list', '<li>x'.repeat(150_000)],
    ['links', '<a href=x>'.repeat(90_000)],
    ['paragraphs in cells', '<td><p>'.repeat(140_000)],
    ['items in items', '<li><p><dd>'.repeat(90_000)],
  ])('a megabyte of %s is converted within five seconds', async (_name, html) => {
    expect(await cpuMs(() => textOfHtml(html))).toBeLessThan(5_000);
  });

  test.each([
    ['<p>one</p><p>two</p>', 'one\n\ntwo'],
    ['<ol><li>a</li><li>b</li></ol>', '1. a\n2. b'],
    ['<a href="https://example.test/">https://example.test/</a>', 'https://example.test/'],
    ['<img src="https://tracker.test/x" alt="Logo"> hi', '[Logo] hi'],
    ['<h1>Title</h1>text', 'Title\n\ntext'],
    ['a&nbsp;&amp;&#8203;b', 'a &b'],
    ['before<body>in</body>after', 'beforeinafter'],
  ])('%j is %j', (html, text) => expect(textOfHtml(html).text).toBe(text));
});

const somePart: Part = {
  number: '2',
  type: 'application/pdf',
  parameters: new Map(),
  contentId: null,
  encoding: 'base64',
  sizeBytes: 0,
  disposition: 'attachment',
  filename: null,
  children: [],
  subject: null,
};

function item(value: string | null): Item {
  return value === null ? null : { type: 'STRING', value };
}

function decodeInPieces(encoded: Buffer, encoding: string, cuts: number[]): Buffer {
  const decoder = createTransferDecoder(encoding);
  const ends = [...cuts.map((cut) => Math.min(cut, encoded.length)).sort((a, b) => a - b), encoded.length];
  const pieces = ends.map((end, index) => decoder.push(encoded.subarray(ends[index - 1] ?? 0, end)));
  return Buffer.concat([...pieces, decoder.end()]);
}
