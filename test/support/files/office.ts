/** Writes small documents of office programs: only what readers need. */
import { strToU8, type Zippable, zipSync } from 'fflate';

/** A ZIP archive with these entries. */
export function toZip(entries: Readonly<Record<string, string | Uint8Array>>, level: 0 | 9 = 9): Buffer {
  const files: Zippable = Object.fromEntries(
    Object.entries(entries).map(([name, content]) => [name, typeof content === 'string' ? strToU8(content) : content]),
  );
  return Buffer.from(zipSync(files, { level }));
}

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';

/** @param body elements of the body @param others more entries, such as `word/styles.xml` */
export function toDocx(body: string, others: Readonly<Record<string, string>> = {}): Buffer {
  return toZip({
    'word/document.xml': `<?xml version="1.0"?><w:document ${W}><w:body>${body}</w:body></w:document>`,
    ...others,
  });
}

/** A paragraph of Word with one run. @param properties of the run */
export function wordParagraph(text: string, properties = ''): string {
  return `<w:p><w:r><w:rPr>${properties}</w:rPr><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
}

export interface SheetSample {
  name: string;
  state?: 'hidden' | 'veryHidden';
  /** Content of `worksheet`. */
  xml: string;
}

export function toXlsx(sheets: readonly SheetSample[], others: Readonly<Record<string, string>> = {}): Buffer {
  const list = sheets.map(
    ({ name, state = 'visible' }, index) =>
      `<sheet name="${name}" sheetId="${index + 1}" state="${state}" r:id="rId${index + 1}"/>`,
  );
  const relations = sheets.map(
    (_, index) => `<Relationship Id="rId${index + 1}" Target="worksheets/sheet${index + 1}.xml"/>`,
  );
  const parts = sheets.map(({ xml }, index) => [
    `xl/worksheets/sheet${index + 1}.xml`,
    `<worksheet>${xml}</worksheet>`,
  ]);
  return toZip({
    'xl/workbook.xml': `<workbook xmlns:r="r"><sheets>${list.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${relations.join('')}</Relationships>`,
    ...Object.fromEntries(parts),
    ...others,
  });
}

/** Rows of inline texts. */
export function sheetRows(rows: readonly (readonly string[])[]): string {
  const xml = rows.map(
    (cells) => `<row>${cells.map((cell) => `<c t="inlineStr"><is><t>${cell}</t></is></c>`).join('')}</row>`,
  );
  return `<sheetData>${xml.join('')}</sheetData>`;
}

/** @param slides contents of `p:spTree`, with the attributes of the slide */
export function toPptx(
  slides: readonly { xml: string; attributes?: string }[],
  others: Readonly<Record<string, string>> = {},
): Buffer {
  const list = slides.map((_, index) => `<p:sldId id="${256 + index}" r:id="rId${index + 1}"/>`);
  const relations = slides.map(
    (_, index) => `<Relationship Id="rId${index + 1}" Target="slides/slide${index + 1}.xml"/>`,
  );
  const parts = slides.map(({ xml, attributes = '' }, index) => [
    `ppt/slides/slide${index + 1}.xml`,
    `<p:sld xmlns:p="p" xmlns:a="a" ${attributes}><p:cSld><p:spTree>${xml}</p:spTree></p:cSld></p:sld>`,
  ]);
  return toZip({
    'ppt/presentation.xml': `<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst>${list.join('')}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': `<Relationships>${relations.join('')}</Relationships>`,
    ...Object.fromEntries(parts),
    ...others,
  });
}

export function slideText(text: string, properties = ''): string {
  return `<p:sp><p:txBody><a:p><a:r><a:rPr>${properties}</a:rPr><a:t>${text}</a:t></a:r></a:p></p:txBody></p:sp>`;
}

/** @param body of the kind `text`, `spreadsheet` or `presentation` */
export function toOdf(kind: string, body: string, { styles = '', manifest = '' } = {}): Buffer {
  const names = ['office', 'text', 'table', 'draw', 'style', 'fo', 'presentation', 'dc'].map(
    (name) => `xmlns:${name}="${name}"`,
  );
  return toZip({
    mimetype: `application/vnd.oasis.opendocument.${kind}`,
    'content.xml': `<office:document-content ${names.join(' ')}><office:automatic-styles>${styles}</office:automatic-styles><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
    'META-INF/manifest.xml': `<manifest:manifest xmlns:manifest="m">${manifest}</manifest:manifest>`,
  });
}
