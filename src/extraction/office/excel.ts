/** Reads an Excel workbook (ECMA-376): the cells of each visible sheet, separated by tabs, below its name. */

import { CellRow } from '../formats/cell-row.ts';
import type { TextSink } from '../formats/text-sink.ts';
import { UnreadableFile } from '../formats/unreadable-file.ts';
import { type CellFormat, readSheetFormats, writeNumber } from './sheet-formats.ts';
import { type Attributes, readXmlEntry, type XmlReader } from './xml.ts';
import type { Zip } from './zip.ts';

interface Workbook {
  sheets: readonly { name: string; relation: string; isHidden: boolean }[];
  base: 1900 | 1904;
}

const MAX_SHEETS = 10_000;

export function readExcel(zip: Zip, sink: TextSink): void {
  if (zip.entries.some(({ name }) => /^xl\/workbook\.bin$/i.test(name))) throw new UnreadableFile('unknown');
  const { sheets, base } = readWorkbook(zip);
  const targets = readRelations(zip, 'xl/_rels/workbook.xml.rels', 'xl/');
  const visible = sheets.filter(({ isHidden }) => !isHidden);
  sink.leaveOut('hidden sheet', sheets.length - visible.length);
  const formatOf = readSheetFormats(zip);
  const strings = readStrings(zip);
  for (const { name, relation } of visible) {
    if (sink.isFull) return;
    const target = targets.get(relation);
    if (target === undefined) continue;
    sink.endBlock();
    if (sheets.length > 1) sink.add(`Sheet: ${name.replace(/\s+/g, ' ')}\n`);
    readXmlEntry(zip, target, new SheetReader(sink, { strings, formatOf, base }));
  }
  sink.endBlock();
  for (const { name } of zip.entries)
    if (/^xl\/(?:threaded)?comments\/?[^/]*\.xml$/i.test(name)) countComments(zip, name, sink);
}

function readWorkbook(zip: Zip): Workbook {
  const sheets: { name: string; relation: string; isHidden: boolean }[] = [];
  let base: 1900 | 1904 = 1900;
  readXmlEntry(zip, 'xl/workbook.xml', {
    open(name, attributes) {
      if (name === 'workbookPr' && /^(?:1|true)$/.test(attributes.date1904 ?? '')) base = 1904;
      if (name !== 'sheet' || sheets.length >= MAX_SHEETS) return;
      const isHidden = /hidden$/i.test(attributes.state ?? '');
      sheets.push({ name: attributes.name ?? '', relation: attributes.id ?? '', isHidden });
    },
  });
  return { sheets, base };
}

/** @param base of relative targets @returns names of entries by id */
export function readRelations(zip: Zip, entry: string, base: string): ReadonlyMap<string, string> {
  const targets = new Map<string, string>();
  readXmlEntry(zip, entry, {
    open(name, { Id: id, Target: target, TargetMode: mode }) {
      if (name !== 'Relationship' || id === undefined || target === undefined || mode === 'External') return;
      targets.set(id, target.startsWith('/') ? target.slice(1) : `${base}${target.replace(/^\.\//, '')}`);
    },
  });
  return targets;
}

/** Characters of the strings that cells share, which are kept. */
const MAX_STRING_CHARS = 6_000_000;
const MAX_CELL_CHARS = 32_768;

interface Strings {
  all: readonly string[];
  isCut: boolean;
}

function readStrings(zip: Zip): Strings {
  const reader = new StringReader();
  readXmlEntry(zip, 'xl/sharedStrings.xml', reader);
  return { all: reader.all, isCut: reader.isDone };
}

/** Texts of `si` elements, without the pronunciation of Japanese text. */
class StringReader implements XmlReader {
  readonly all: string[] = [];
  #chars = 0;
  #text = '';
  #isInText = false;
  #phonetic = 0;

  get isDone(): boolean {
    return this.#chars > MAX_STRING_CHARS;
  }

  open(name: string): void {
    if (name === 'si') this.#text = '';
    if (name === 't') this.#isInText = true;
    if (name === 'rPh') this.#phonetic += 1;
  }

  close(name: string): void {
    if (name === 't') this.#isInText = false;
    if (name === 'rPh') this.#phonetic -= 1;
    if (name !== 'si') return;
    this.all.push(this.#text);
    // An empty string takes memory too.
    this.#chars += this.#text.length + 8;
  }

  text(text: string): void {
    if (this.#isInText && this.#phonetic === 0 && this.#text.length < MAX_CELL_CHARS) this.#text += text;
  }
}

interface SheetContext {
  strings: Strings;
  formatOf(index: string | undefined): CellFormat;
  base: 1900 | 1904;
}

class SheetReader implements XmlReader {
  readonly #sink: TextSink;
  readonly #context: SheetContext;
  readonly #row: CellRow;
  readonly #hiddenColumns: [first: number, last: number][] = [];
  #isRowHidden = false;
  #column = 0;
  #type = '';
  #style: string | undefined;
  #value = '';
  #isInValue = false;

  constructor(sink: TextSink, context: SheetContext) {
    this.#sink = sink;
    this.#context = context;
    this.#row = new CellRow(sink);
  }

  get isDone(): boolean {
    return this.#sink.isFull;
  }

  open(name: string, attributes: Attributes): void {
    switch (name) {
      case 'col':
        if (isTrue(attributes.hidden)) this.#hideColumns(Number(attributes.min), Number(attributes.max));
        break;
      case 'row':
        this.#isRowHidden = isTrue(attributes.hidden);
        if (this.#isRowHidden) this.#sink.leaveOut('hidden row');
        this.#column = 0;
        break;
      case 'c':
        this.#column = columnOf(attributes.r) ?? this.#column + 1;
        this.#type = attributes.t ?? 'n';
        this.#style = attributes.s;
        this.#value = '';
        break;
      case 'v':
      case 't':
        this.#isInValue = true;
        break;
    }
  }

  close(name: string): void {
    if (name === 'v' || name === 't') this.#isInValue = false;
    if (name === 'c') this.#addCell();
    if (name === 'row' && !this.#isRowHidden) this.#row.end();
  }

  text(text: string): void {
    if (this.#isInValue && this.#value.length < MAX_CELL_CHARS) this.#value += text;
  }

  #hideColumns(first: number, last: number): void {
    if (!Number.isInteger(first) || !Number.isInteger(last) || this.#hiddenColumns.length > 1_000) return;
    this.#hiddenColumns.push([first, last]);
    // Programs hide all columns to the right of a table, which have nothing.
    if (last < 16_384) this.#sink.leaveOut('hidden column', Math.max(0, last - first + 1));
  }

  #addCell(): void {
    const isHidden = this.#hiddenColumns.some(([first, last]) => this.#column >= first && this.#column <= last);
    if (this.#isRowHidden || isHidden || this.#value === '') return;
    const format = this.#context.formatOf(this.#style);
    const text = this.#textOf(format);
    if (format.isUnseen) this.#sink.hide(text);
    else this.#row.add(this.#column, text);
  }

  #textOf(format: CellFormat): string {
    const { strings, base } = this.#context;
    switch (this.#type) {
      case 's': {
        const text = strings.all[Number(this.#value)];
        if (text === undefined && strings.isCut) this.#sink.remark('stopped');
        return text ?? '';
      }
      case 'b':
        return this.#value === '1' ? 'TRUE' : 'FALSE';
      case 'n':
        return writeNumber(this.#value, format, base);
      default:
        return this.#value;
    }
  }
}

const isTrue = (value: string | undefined): boolean => value === '1' || value === 'true';

/** `AB12` → 28 */
function columnOf(reference: string | undefined): number | null {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? '')?.[0];
  if (letters === undefined) return null;
  return [...letters].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0);
}

function countComments(zip: Zip, name: string, sink: TextSink): void {
  readXmlEntry(zip, name, {
    open(tag) {
      if (tag === 'comment' || tag === 'threadedComment') sink.leaveOut('comment');
    },
  });
}
