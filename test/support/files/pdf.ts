/** Writes small PDFs from the operators of their pages. */
import { deflateSync } from 'node:zlib';

export interface PdfOptions {
  /** Further objects, from number 4 + 2 × pages on. */
  objects?: readonly (string | Buffer)[];
  /** More entries of the trailer, such as `/Encrypt 9 0 R`. */
  trailer?: string;
  /** Entries of the resources of each page beside the font `/F1`. */
  resources?: string;
  isCompressed?: boolean;
}

/** @param pages operators of each page (ISO 32000-2 §8.2), with Helvetica as `/F1` */
export function toPdf(
  pages: readonly string[],
  { objects = [], trailer = '', resources = '', isCompressed }: PdfOptions = {},
): Buffer {
  const pageNumber = (index: number) => 4 + 2 * index;
  const kids = pages.map((_, index) => `${pageNumber(index)} 0 R`);
  const all: (string | Buffer)[] = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    ...pages.flatMap((operators, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${pageNumber(index) + 1} 0 R /Resources << /Font << /F1 3 0 R >> ${resources} >> >>`,
      pdfStream(Buffer.from(operators, 'latin1'), { isCompressed: isCompressed ?? false }),
    ]),
    ...objects,
  ];
  const pieces: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let length = pieces[0]?.length ?? 0;
  const add = (piece: Buffer) => {
    pieces.push(piece);
    length += piece.length;
  };
  for (const [index, object] of all.entries()) {
    offsets.push(length);
    add(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')]));
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = all.length + 1;
  add(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(pieces);
}

/** @param entries of its dictionary */
export function pdfStream(bytes: Buffer, { entries = '', isCompressed = false } = {}): Buffer {
  const data = isCompressed ? deflateSync(bytes, { level: 9 }) : bytes;
  const filter = isCompressed ? '/Filter /FlateDecode' : '';
  return Buffer.concat([
    Buffer.from(`<< /Length ${data.length} ${filter} ${entries} >>\nstream\n`),
    data,
    Buffer.from('\nendstream'),
  ]);
}

/** A line of text at a height. */
export function pdfLine(text: string, y: number, before = ''): string {
  return `BT ${before} /F1 12 Tf 72 ${y} Td (${text}) Tj ET\n`;
}
