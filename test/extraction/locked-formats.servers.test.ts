import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { sheetRows, slideText, toDocx, toOdf, toPptx, toXlsx, toZip, wordParagraph } from '../support/files/office.ts';
import { pdfLine, toPdf } from '../support/files/pdf.ts';
import { type ReadFileOptions, readFile } from '../support/files/read-file.ts';

const html = (charset: string, words: string) =>
  iconv.encode(`<meta charset="${charset}"><p style="color:navy">${words}</p>`, charset);
const zone =
  'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Review\r\nDTSTART;TZID=W. Europe Standard Time:20260317T143000\r\nEND:VEVENT\r\nEND:VCALENDAR';

const FILES: readonly [name: string, bytes: Buffer, words: string, options?: ReadFileOptions][] = [
  ['a.pdf', toPdf([pdfLine('Harbour', 700)]), 'Harbour'],
  ['a.docx', toDocx(wordParagraph('Harbour')), 'Harbour'],
  ['a.xlsx', toXlsx([{ name: 'S', xml: sheetRows([['Harbour']]) }]), 'Harbour'],
  ['a.pptx', toPptx([{ xml: slideText('Harbour') }]), 'Harbour'],
  ['a.odt', toOdf('text', '<text:p>Harbour</text:p>'), 'Harbour'],
  ['a.zip', toZip({ harbour: 'x' }), 'harbour'],
  ['a.csv', Buffer.from('a,Harbour'), 'Harbour'],
  ['windows-1252.txt', Buffer.from('Gr\xfc\xdfe', 'latin1'), 'Grüße', { charset: 'iso-8859-1' }],
  ['undeclared.txt', Buffer.from('Gr\xfc\xdfe aus Kiel', 'latin1'), 'Grüße'],
  ...(['shift_jis', 'euc-jp', 'gb18030', 'big5', 'euc-kr'] as const).map(
    (charset): [string, Buffer, string, ReadFileOptions] => [
      `${charset}.txt`,
      iconv.encode('港', charset),
      '港',
      { charset },
    ],
  ),
  ['koi8-r.html', html('koi8-r', 'Гавань'), 'Гавань'],
  ['gbk.html', html('gbk', '港口'), '港口'],
  ['a.ics', Buffer.from(zone), 'Tue 2026-03-17T14:30:00+01:00'],
  ['a.vcf', Buffer.from('BEGIN:VCARD\r\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=iso-8859-15:J=F6rg\r\nEND:VCARD'), 'Jörg'],
  [
    'a.eml',
    Buffer.from(
      'Subject: =?iso-2022-jp?B?GyRCOUEbKEI=?=\r\nContent-Type: text/html; charset=euc-kr\r\n\r\n<b>Harbour</b>',
    ),
    'Subject: 港',
  ],
  [
    'report',
    Buffer.from('Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\n'),
    'a@b.test',
    { type: 'message/delivery-status' },
  ],
];

describe('in a process that is locked down and has 128 MB', () => {
  test.each(FILES)('%s is read', { timeout: 60_000 }, async (name, bytes, words, options = {}) => {
    expect(await readFile(bytes, { name, ...options })).toMatchObject({ text: expect.stringContaining(words) });
  });
});
