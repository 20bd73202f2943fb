/** Builds messages that are made to take long to read. A shape is plain data, so that the fuzzer can change and save it. */
import { z } from 'zod';
import type { Part } from '../../../src/mail/mime/body-structure.ts';

export const HostileShape = z.object({
  type: z.enum(['text/plain', 'text/html']),
  encoding: z.enum(['7bit', '8bit', 'quoted-printable', 'base64']),
  charset: z.string().nullable(),
  /** `format=flowed`. */
  isFlowed: z.boolean(),
  /** Each part is `start`, then `unit` again and again up to `partBytes`, then `end`; one character is one byte (latin1). */
  start: z.string(),
  unit: z.string(),
  end: z.string(),
  partBytes: z.number(),
  parts: z.number(),
  /** Header fields of the message, by name. */
  headers: z.record(z.string(), z.object({ start: z.string(), unit: z.string(), bytes: z.number() })),
});
export type HostileShape = z.output<typeof HostileShape>;

const MB = 1024 * 1024;
const KB = 1024;

export function shape(given: Partial<HostileShape> & Pick<HostileShape, 'unit'>): HostileShape {
  const plain = { type: 'text/plain', encoding: '8bit', charset: 'utf-8', isFlowed: false, headers: {} } as const;
  return { ...plain, start: '', end: '', partBytes: MB, parts: 1, ...given };
}

const html = (unit: string, given: Partial<HostileShape> = {}) => shape({ type: 'text/html', unit, ...given });

/** Messages that took between half a second and ten seconds of the event loop when all was converted there. */
export const HOSTILE_SHAPES: Readonly<Record<string, HostileShape>> = {
  'fifty HTML parts of quotations': html('<blockquote>x</blockquote>', { partBytes: 160 * KB, parts: 50 }),
  'fifty HTML parts of paragraphs': html('<p>x</p>', { partBytes: 160 * KB, parts: 50 }),
  'HTML of line breaks': html('<br>'),
  'HTML of cells': html('<td>x</td>'),
  'HTML of tables that span': html('<table><tr><td colspan=1000000000 rowspan=1000000000>x</table>'),
  'HTML of links': html('<a href=https://example.test/>y</a>'),
  'HTML of list items': html('<ol><li>x</ol>'),
  'HTML of rules': html('<hr>'),
  'HTML of entities': html('&amp;&#x41;&nosuch'),
  'HTML of open comments': html('<!--'),
  'HTML that only opens elements': html('<div><b>'),
  'HTML that only closes elements': html('</b></div>'),
  'HTML with a long style': html('color:red;', { start: '<p style="', end: '">x</p>' }),
  'HTML with long style sheets': html('<style>a{color:red}</style>'),
  'HTML of zero-width characters': html('\xe2\x80\x8b'),
  'HTML of nested tables': html('<table><tr><td>x'),
  'HTML with sibling selectors': html('<i></i>', { start: `<style>${'i~i~i~i~b{top:0}'.repeat(200)}</style>` }),
  'HTML with selectors of contents': html('<i>x</i>', { start: `<style>${'*:has(u){top:0}'.repeat(500)}</style>` }),
  'HTML with many rules for everything': html('<i>x</i>', { start: `<style>${'*{top:0}'.repeat(5_000)}</style>` }),
  'fifty parts of UTF-7': shape({ unit: '+AGE-', charset: 'utf-7', partBytes: 20 * KB, parts: 50 }),
  'one part of UTF-7': shape({ unit: '+AGE-', charset: 'utf-7' }),
  'escapes of ISO-2022-JP': shape({ unit: '\x1b$B$"\x1b(B', charset: 'iso-2022-jp' }),
  'text of GB18030': shape({ unit: '\x81\x30\x81\x30', charset: 'gb18030' }),
  'bytes of no charset': shape({ unit: '\xff', charset: null }),
  'base64 of padding': shape({ unit: 'a=', encoding: 'base64' }),
  'base64 of junk': shape({ unit: 'A!', encoding: 'base64' }),
  'quoted-printable of open lines': shape({ unit: '= \t', encoding: 'quoted-printable' }),
  'quoted-printable of escapes': shape({ unit: '=3D', encoding: 'quoted-printable' }),
  'flowed empty lines': shape({ unit: ' \n', isFlowed: true }),
  'flowed quotations': shape({ unit: '> x \n', isFlowed: true }),
  'one line of a megabyte': shape({ unit: 'x' }),
  'a million empty lines': shape({ unit: '\r' }),
};

function repeated(start: string, unit: string, bytes: number, end = ''): string {
  return start + unit.repeat(Math.max(0, Math.floor((bytes - start.length - end.length) / unit.length))) + end;
}

export function bytesOfPart({ start, unit, partBytes, end }: HostileShape): Buffer {
  return Buffer.from(repeated(start, unit, partBytes, end), 'latin1');
}

/** The parts as BODYSTRUCTURE would describe them. */
export function structureOf(hostile: HostileShape): Part {
  const { length } = bytesOfPart(hostile);
  const leaf = (number: string): Part => ({
    number,
    type: hostile.type,
    parameters: new Map([
      ...(hostile.charset === null ? [] : [['charset', hostile.charset] as const]),
      ...(hostile.isFlowed ? [['format', 'flowed'] as const] : []),
    ]),
    contentId: null,
    encoding: hostile.encoding,
    sizeBytes: length,
    disposition: null,
    filename: null,
    children: [],
    subject: null,
  });
  const children = Array.from({ length: hostile.parts }, (_, index) => leaf(`${index + 1}`));
  return { ...leaf(''), type: 'multipart/mixed', parameters: new Map(), children };
}

/** The whole message. Lines are as long as the shape makes them. */
export function rawMessage(hostile: HostileShape, subject = 'hostile'): Buffer {
  const { type, encoding, charset, isFlowed, headers } = hostile;
  const more = Object.entries(headers).map(
    ([name, { start, unit, bytes }]) => `${name}: ${repeated(start, unit, bytes)}`,
  );
  const head = ['From: eve@example.test', 'To: ada@example.test', `Subject: ${subject}`, ...more];
  const contentType = `${type}${charset === null ? '' : `; charset=${charset}`}${isFlowed ? '; format=flowed' : ''}`;
  const body = bytesOfPart(hostile);
  const parts = Array.from({ length: hostile.parts }, () => [
    Buffer.from(`\r\n--b\r\nContent-Type: ${contentType}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`),
    body,
  ]);
  const opening = `${head.join('\r\n')}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n`;
  return Buffer.concat([Buffer.from(opening, 'latin1'), ...parts.flat(), Buffer.from('\r\n--b--\r\n')]);
}
