/** Writes files that are made to exhaust, to crash or to mislead what reads them. */
import { Buffer } from 'node:buffer';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { sheetRows, toDocx, toOdf, toPptx, toXlsx, toZip, wordParagraph } from './office.ts';
import { pdfLine, pdfStream, toPdf } from './pdf.ts';

const MB = 1024 * 1024;
const ENTRY_SIGNATURE = 0x02014b50;

export interface HostileFile {
  name: string;
  type?: string;
  bytes: () => Buffer;
  /** What reading it may end with: faults, or `text`. */
  ends: readonly string[];
}

/** The same archive, of which the directory declares other sizes. */
function declaring(zip: Buffer, sizeBytes: number): Buffer {
  const changed = Buffer.from(zip);
  for (let at = 0; at + 46 < changed.length; at += 1) {
    if (changed.readUInt32LE(at) === ENTRY_SIGNATURE) changed.writeUInt32LE(sizeBytes, at + 24);
  }
  return changed;
}

function encryptedZip(): Buffer {
  const zip = Buffer.from(toDocx(wordParagraph('secret')));
  for (let at = 0; at + 46 < zip.length; at += 1) {
    if (zip.readUInt32LE(at) === ENTRY_SIGNATURE) zip.writeUInt16LE(1, at + 8);
  }
  return zip;
}

/** A file of the old container format with streams of these names. */
function compoundFile(stream: string): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write('d0cf11e0a1b11ae1', 'hex');
  bytes.write(stream, 1024, 'utf16le');
  return bytes;
}

/** A page whose content unpacks to so many blanks, packed several times. */
function bombPdf(bytes: number, times = 1): Buffer {
  let data = Buffer.alloc(bytes, 0x20);
  for (let count = 0; count < times; count += 1) data = deflateSync(data, { level: 9 });
  const head = `<< /Length ${data.length} /Filter [${'/FlateDecode '.repeat(times)}] >>\nstream\n`;
  const stream = Buffer.concat([Buffer.from(head), data, Buffer.from('\nendstream')]);
  return replaced(toPdf([''], { objects: [stream] }), '/Contents 5 0 R', '/Contents 6 0 R');
}

function replaced(bytes: Buffer, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');
}

const nested = (open: string, close: string, count: number, inner = '') =>
  open.repeat(count) + inner + close.repeat(count);

export const HOSTILE_FILES: readonly HostileFile[] = [
  // Word
  { name: 'bomb.docx', bytes: () => toDocx(' '.repeat(24 * MB)), ends: ['bomb'] },
  { name: 'bomb with a false size.docx', bytes: () => declaring(toDocx(' '.repeat(12 * MB)), 5_000), ends: ['bomb'] },
  {
    name: 'text without end.docx',
    bytes: () => toDocx(wordParagraph('ab'.repeat(12 * MB))),
    ends: ['bomb', 'complex'],
  },
  { name: 'deep.docx', bytes: () => toDocx(nested('<w:p>', '</w:p>', 100_000)), ends: ['complex', 'bomb'] },
  {
    name: 'deep tables.docx',
    bytes: () => toDocx(nested('<w:tbl><w:tr><w:tc>', '</w:tc></w:tr></w:tbl>', 600, wordParagraph('in'))),
    ends: ['text'],
  },
  {
    name: 'laughs.docx',
    bytes: () =>
      toZip({
        'word/document.xml': `<!DOCTYPE d [<!ENTITY a "ha">${Array.from({ length: 30 }, (_, index) => `<!ENTITY ${String.fromCharCode(98 + index)} "${`&${String.fromCharCode(97 + index)};`.repeat(20)}">`).join('')}]><w:document xmlns:w="w"><w:body>${wordParagraph('&z;seen')}</w:body></w:document>`,
      }),
    ends: ['text'],
  },
  {
    name: 'external.docx',
    bytes: () =>
      toZip({
        'word/document.xml': `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"><w:body>${wordParagraph('&x;seen')}</w:body></w:document>`,
      }),
    ends: ['text'],
  },
  {
    name: 'many attributes.docx',
    bytes: () =>
      toDocx(`<w:p ${Array.from({ length: 200_000 }, (_, index) => `a${index}="1"`).join(' ')}/>${wordParagraph('x')}`),
    ends: ['text', 'complex', 'memory'],
  },
  {
    name: 'styles in a circle.docx',
    bytes: () =>
      toDocx(wordParagraph('x', '<w:rStyle w:val="A"/>'), {
        'word/styles.xml':
          '<w:styles><w:style w:styleId="A"><w:basedOn w:val="B"/></w:style><w:style w:styleId="B"><w:basedOn w:val="A"/></w:style></w:styles>',
      }),
    ends: ['text'],
  },
  { name: 'cut off.docx', bytes: () => toDocx(wordParagraph('x'.repeat(9_000))).subarray(0, 200), ends: ['damaged'] },
  { name: 'encrypted.docx', bytes: () => compoundFile('EncryptedPackage'), ends: ['password'] },
  { name: 'encrypted entries.docx', bytes: encryptedZip, ends: ['password'] },
  { name: 'program.docx', bytes: () => Buffer.from('MZ\x90\0'.repeat(1000), 'latin1'), ends: ['mismatch'] },
  { name: 'old.doc', bytes: () => compoundFile('WordDocument'), ends: ['old office'] },
  // Excel
  {
    name: 'sheets.xlsx',
    bytes: () => toXlsx(Array.from({ length: 5_000 }, (_, index) => ({ name: `S${index}`, xml: sheetRows([['x']]) }))),
    ends: ['text'],
  },
  {
    name: 'hidden sheets.xlsx',
    bytes: () =>
      toXlsx(
        Array.from({ length: 5_000 }, (_, index) => ({ name: `S${index}`, state: 'hidden', xml: sheetRows([['x']]) })),
      ),
    ends: ['text', 'empty'],
  },
  {
    name: 'wide rows.xlsx',
    bytes: () =>
      toXlsx([{ name: 'S', xml: `<sheetData>${'<row><c r="XFD1"><v>1</v></c></row>'.repeat(100_000)}</sheetData>` }]),
    ends: ['text'],
  },
  {
    name: 'empty cells.xlsx',
    bytes: () => toXlsx([{ name: 'S', xml: `<sheetData>${'<row/>'.repeat(1_500_000)}</sheetData>` }]),
    ends: ['text', 'bomb', 'empty'],
  },
  {
    name: 'shared bomb.xlsx',
    bytes: () =>
      toXlsx([{ name: 'S', xml: '<sheetData/>' }], {
        'xl/sharedStrings.xml': `<sst>${'<si><t>aaaaaaaaaaaaaaaa</t></si>'.repeat(800_000)}</sst>`,
      }),
    ends: ['bomb'],
  },
  {
    name: 'shared strings.xlsx',
    bytes: () =>
      toXlsx([{ name: 'S', xml: '<sheetData><row><c t="s"><v>1</v></c></row></sheetData>' }], {
        'xl/sharedStrings.xml': `<sst>${Array.from({ length: 300_000 }, (_, index) => `<si><t>${index * 7919}</t></si>`).join('')}</sst>`,
      }),
    ends: ['text'],
  },
  // PowerPoint and OpenDocument
  { name: 'slides.pptx', bytes: () => toPptx(Array.from({ length: 3_000 }, () => ({ xml: '' }))), ends: ['text'] },
  { name: 'deep.pptx', bytes: () => toPptx([{ xml: nested('<a:p>', '</a:p>', 100_000) }]), ends: ['complex', 'bomb'] },
  {
    name: 'repeated.ods',
    bytes: () =>
      toOdf(
        'spreadsheet',
        '<table:table table:name="S"><table:table-row table:number-rows-repeated="1000000000"><table:table-cell table:number-columns-repeated="1000000000"><text:p>x</text:p></table:table-cell></table:table-row></table:table>',
      ),
    ends: ['text'],
  },
  {
    name: 'blanks.odt',
    bytes: () => toOdf('text', `<text:p>${'<text:s text:c="999999999"/>'.repeat(1000)}x</text:p>`),
    ends: ['text'],
  },
  {
    name: 'encrypted.odt',
    bytes: () => toOdf('text', '<text:p>x</text:p>', { manifest: '<manifest:encryption-data/>' }),
    ends: ['password'],
  },
  // ZIP
  {
    name: 'many.zip',
    bytes: () => toZip(Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`${index}.txt`, ''])), 0),
    ends: ['text'],
  },
  { name: 'cut off.zip', bytes: () => toZip({ a: 'x'.repeat(1000) }).subarray(0, 60), ends: ['damaged'] },
  { name: 'only a start.zip', bytes: () => Buffer.from('PK\x03\x04'), ends: ['damaged'] },
  // PDF
  { name: 'bomb.pdf', bytes: () => bombPdf(150 * MB), ends: ['memory', 'time', 'scan', 'damaged'] },
  { name: 'bomb in a bomb.pdf', bytes: () => bombPdf(150 * MB, 3), ends: ['memory', 'time', 'scan', 'damaged'] },
  {
    name: 'pages.pdf',
    bytes: () => replaced(toPdf([pdfLine('x', 700)]), '/Count 1', '/Count 99999999'),
    ends: ['text'],
  },
  {
    name: 'circle.pdf',
    bytes: () => replaced(toPdf([pdfLine('x', 700)]), '/Kids [4 0 R]', '/Kids [2 0 R]'),
    ends: ['text', 'scan', 'damaged'],
  },
  {
    name: 'deep.pdf',
    bytes: () => toPdf([pdfLine('x', 700)], { objects: [nested('[', ']', 1_000_000)], trailer: '/Info 6 0 R' }),
    ends: ['text', 'damaged', 'memory', 'scan'],
  },
  {
    name: 'deep operators.pdf',
    bytes: () => toPdf([nested('q ', 'Q ', 500_000, pdfLine('x', 700))]),
    ends: ['text', 'time', 'memory', 'scan'],
  },
  {
    name: 'runs.pdf',
    bytes: () =>
      toPdf([
        `${Array.from({ length: 40_000 }, (_, index) => `1 1 1 rg ${index % 500} ${index % 800} 9 9 re f BT /F1 9 Tf ${index % 500} ${index % 800} Td (a) Tj ET`).join('\n')}`,
      ]),
    ends: ['text', 'time', 'memory'],
  },
  {
    name: 'form in itself.pdf',
    bytes: () =>
      toPdf(['/X1 Do'], {
        resources: '/XObject << /X1 6 0 R >>',
        objects: [
          pdfStream(Buffer.from('/X1 Do'), {
            entries: '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X1 6 0 R >> >>',
          }),
        ],
      }),
    ends: ['scan', 'damaged', 'time', 'memory'],
  },
  {
    name: 'password.pdf',
    bytes: () =>
      toPdf([pdfLine('x', 700)], {
        trailer: `/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${'41'.repeat(32)}> /U <${'42'.repeat(32)}> >> /ID [<00><00>]`,
      }),
    ends: ['password'],
  },
  { name: 'cut off.pdf', bytes: () => toPdf([pdfLine('x', 700)]).subarray(0, 120), ends: ['damaged', 'scan'] },
  {
    name: 'page of links.pdf',
    bytes: () => Buffer.from('<html><a href="https://example.test">Open</a></html>'),
    ends: ['mismatch'],
  },
  {
    name: 'picture.pdf',
    bytes: () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(1000)]),
    ends: ['mismatch'],
  },
  { name: 'archive.pdf', bytes: () => toZip({ a: 'b' }), ends: ['mismatch'] },
  // Texts
  { name: 'line.txt', bytes: () => Buffer.alloc(19 * MB, 0x61), ends: ['text'] },
  { name: 'blanks.txt', bytes: () => Buffer.alloc(19 * MB, 0x20), ends: ['text', 'empty'] },
  { name: 'lines.txt', bytes: () => Buffer.alloc(19 * MB, 0x0a), ends: ['text', 'empty'] },
  { name: 'quotes.csv', bytes: () => Buffer.alloc(19 * MB, 0x22), ends: ['text', 'empty'] },
  { name: 'commas.csv', bytes: () => Buffer.alloc(19 * MB, 0x2c), ends: ['text', 'empty'] },
  { name: 'deep.html', bytes: () => Buffer.from(nested('<div>', '</div>', 2_000_000, 'x')), ends: ['text', 'empty'] },
  { name: 'tags.html', bytes: () => Buffer.alloc(19 * MB, '<a '), ends: ['text', 'empty'] },
  {
    name: 'rules.html',
    bytes: () =>
      Buffer.from(
        `<style>${':is(a,b) '.repeat(40)}{} ${'a b c d e{display:none}'.repeat(200_000)}</style>${'<i>x</i>'.repeat(9_000)}`,
      ),
    ends: ['text', 'empty', 'memory'],
  },
  {
    name: 'often.ics',
    bytes: () =>
      Buffer.from(
        `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n${'BEGIN:VEVENT\r\n'.repeat(900_000)}`,
      ),
    ends: ['text'],
  },
  {
    name: 'equal signs.vcf',
    bytes: () => Buffer.from(`BEGIN:VCARD\r\nNOTE;QUOTED-PRINTABLE:${'a=\r\n'.repeat(2_000_000)}`),
    ends: ['text', 'empty'],
  },
  {
    name: 'nested.eml',
    type: 'message/rfc822',
    bytes: () => Buffer.from('Content-Type: message/rfc822\r\n\r\n'.repeat(300_000)),
    ends: ['text', 'empty'],
  },
  {
    name: 'boundaries.eml',
    type: 'message/rfc822',
    bytes: () => Buffer.from(`Content-Type: multipart/mixed; boundary=a\r\n\r\n${'--a\r\n\r\n'.repeat(1_500_000)}`),
    ends: ['text', 'empty'],
  },
  {
    name: 'header.eml',
    type: 'message/rfc822',
    bytes: () => Buffer.alloc(12 * MB, 'a: b\r\n'),
    ends: ['text', 'empty'],
  },
  {
    name: 'report',
    type: 'message/delivery-status',
    bytes: () => Buffer.alloc(12 * MB, 'Final-Recipient: a\r\n\r\n'),
    ends: ['text'],
  },
  {
    name: 'smime.p7m',
    bytes: () => Buffer.from(nested('3080', '0000', 500_000), 'hex'),
    ends: ['certificates', 'encrypted', 'unknown'],
  },
  {
    name: 'winmail.dat',
    bytes: () => Buffer.concat([Buffer.from('789f3e220100', 'hex'), Buffer.alloc(4 * MB, 1)]),
    ends: ['text', 'damaged', 'empty'],
  },
  { name: 'noise', bytes: () => deflateRawSync(Buffer.from('noise'.repeat(5000))), ends: ['unknown', 'text'] },
  { name: 'nothing.pdf', bytes: () => Buffer.alloc(0), ends: ['empty', 'damaged', 'mismatch'] },
];
