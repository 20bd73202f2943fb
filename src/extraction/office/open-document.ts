/** Reads documents, spreadsheets and presentations of LibreOffice and others (OpenDocument, ISO/IEC 26300). */

import type { LeftOut } from '../exchange.ts';
import { CellRow } from '../formats/cell-row.ts';
import type { TextSink } from '../formats/text-sink.ts';
import { UnreadableFile } from '../formats/unreadable-file.ts';
import { type Attributes, readXmlEntry, type XmlReader } from './xml.ts';
import type { Zip } from './zip.ts';

export function readOpenDocument(zip: Zip, sink: TextSink): void {
  requireUnencrypted(zip);
  const styles = new Map<string, OdfStyle>();
  readXmlEntry(zip, 'styles.xml', new StyleReader(styles));
  const reader = new ContentReader(sink, styles);
  readXmlEntry(zip, 'content.xml', reader);
  sink.endBlock();
  if (reader.pages > 0) sink.pages = reader.pages;
}

function requireUnencrypted(zip: Zip): void {
  let isEncrypted = false;
  readXmlEntry(zip, 'META-INF/manifest.xml', {
    open(name) {
      if (name === 'encryption-data') isEncrypted = true;
    },
  });
  if (isEncrypted) throw new UnreadableFile('password');
}

interface OdfStyle {
  parent: string | undefined;
  isUnseen: boolean;
  isTableHidden: boolean;
  hasBackground: boolean;
}

const MAX_STYLES = 20_000;
const MAX_INHERITED = 20;

/** Reads styles into a map, by family and name. */
class StyleReader implements XmlReader {
  readonly #styles: Map<string, OdfStyle>;
  #style: OdfStyle | null = null;

  constructor(styles: Map<string, OdfStyle>) {
    this.#styles = styles;
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'style') {
      const parent = attributes['parent-style-name'];
      this.#style = { parent, isUnseen: false, isTableHidden: false, hasBackground: false };
      if (this.#styles.size < MAX_STYLES) this.#styles.set(`${attributes.family} ${attributes.name}`, this.#style);
    }
    if (this.#style === null) return;
    if (name === 'text-properties') this.#style.isUnseen = isUnseenText(attributes);
    if (name === 'table-properties' && attributes.display === 'false') this.#style.isTableHidden = true;
    const background = attributes['background-color'];
    if (background !== undefined && background !== 'transparent' && !isWhite(background))
      this.#style.hasBackground = true;
  }

  close(name: string): void {
    if (name === 'style') this.#style = null;
  }
}

function isUnseenText(attributes: Attributes): boolean {
  const background = attributes['background-color'];
  const points = /^([\d.]+)pt$/.exec(attributes['font-size'] ?? '')?.[1];
  return (
    attributes.display === 'none' ||
    (points !== undefined && Number(points) <= 3.5) ||
    (isWhite(attributes.color) && (background === undefined || background === 'transparent' || isWhite(background)))
  );
}

/** A number of repetitions; one for what is none, as programs read it. */
const countIn = (written: string | undefined): number => (/^[1-9]\d{0,14}$/.test(written ?? '') ? Number(written) : 1);

const isWhite = (color: string | undefined): boolean => /^#f[\da-f]f[\da-f]f[\da-f]$/i.test(color ?? '');

/** Elements that are counted, and whose content is not shown. */
const LEFT_OUT: ReadonlyMap<string, LeftOut | null> = new Map([
  ['annotation', 'comment'],
  ['notes', 'speaker note'],
  ['desc', null],
  ['title', null],
  ['forms', null],
  ['scripts', null],
]);

const MAX_REPEATED_CELLS = 256;
const MAX_REPEATED_ROWS = 1_000;

class ContentReader implements XmlReader {
  pages = 0;
  readonly #sink: TextSink;
  readonly #styles: Map<string, OdfStyle>;
  readonly #styleReader: StyleReader;
  #skipped = 0;
  #isInStyles = false;
  /** The comment or note that is skipped. Programs add empty ones. */
  #counted: { what: LeftOut; hasText: boolean } | null = null;
  #paragraphs = 0;
  /** Whether each open paragraph, span or link is unseen. */
  readonly #unseen: boolean[] = [];
  #tables = 0;
  readonly #row: CellRow;
  #column = 0;
  #repeated = 1;
  #rowRepeated = 1;
  #rowCells: [column: number, text: string][] = [];
  #isRowHidden = false;
  #isSheet = false;
  #cell = '';
  #hasBackground = false;

  constructor(sink: TextSink, styles: Map<string, OdfStyle>) {
    this.#sink = sink;
    this.#styles = styles;
    this.#styleReader = new StyleReader(styles);
    this.#row = new CellRow(sink);
  }

  get isDone(): boolean {
    return this.#sink.isFull;
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'automatic-styles') this.#isInStyles = true;
    if (this.#isInStyles) {
      this.#styleReader.open(name, attributes);
      return;
    }
    if (this.#skipped > 0 || this.#isLeftOut(name, attributes)) {
      this.#skipped += 1;
      return;
    }
    this.#openContent(name, attributes);
  }

  #isLeftOut(name: string, attributes: Attributes): boolean {
    if (name === 'tracked-changes') {
      return true;
    }
    const what = LEFT_OUT.get(name);
    if (what) this.#counted = { what, hasText: false };
    if (what !== undefined) return true;
    if (name === 'table' && this.#tables === 0 && this.#styleOf('table', attributes)?.isTableHidden) {
      this.#sink.leaveOut('hidden sheet');
      return true;
    }
    if (name === 'hidden-text' || name === 'hidden-paragraph') this.#sink.leaveOut('hidden paragraph');
    return name === 'hidden-text' || name === 'hidden-paragraph';
  }

  #openContent(name: string, attributes: Attributes): void {
    switch (name) {
      case 'spreadsheet':
        this.#isSheet = true;
        break;
      case 'page':
        this.pages += 1;
        this.#sink.endBlock();
        this.#sink.add(`Slide ${this.pages}\n`);
        break;
      case 'table':
        this.#openTable(attributes);
        break;
      case 'table-row':
        this.#column = 0;
        this.#rowCells = [];
        this.#rowRepeated = Math.min(countIn(attributes['number-rows-repeated']), MAX_REPEATED_ROWS);
        this.#isRowHidden = /^(?:collapse|filter)$/.test(attributes.visibility ?? '');
        break;
      case 'table-cell':
      case 'covered-table-cell':
        this.#cell = '';
        this.#repeated = countIn(attributes['number-columns-repeated']);
        this.#hasBackground = this.#styleOf('table-cell', attributes)?.hasBackground ?? false;
        break;
      case 'p':
      case 'h':
        this.#paragraphs += 1;
        this.#unseen.push(this.#isUnseen('paragraph', attributes));
        break;
      case 'span':
        this.#unseen.push((this.#unseen.at(-1) ?? false) || this.#isUnseen('text', attributes));
        break;
      case 's':
        this.#addText(' '.repeat(Math.min(countIn(attributes.c), 100)));
        break;
      case 'tab':
        this.#addText(this.#tables > 0 ? ' ' : '\t');
        break;
      case 'line-break':
        this.#addText(this.#tables > 0 ? ' ' : '\n');
        break;
      case 'list-item':
        if (this.#tables === 0) this.#addText('- ');
        break;
      case 'change':
        this.#sink.leaveOut('tracked deletion');
        break;
    }
  }

  #openTable(attributes: Attributes): void {
    if (this.#tables === 0 && this.#isSheet) {
      this.#sink.endBlock();
      this.#sink.add(`Sheet: ${(attributes.name ?? '').replace(/\s+/g, ' ')}\n`);
    }
    this.#tables += 1;
  }

  #styleOf(family: string, attributes: Attributes): OdfStyle | undefined {
    return this.#styles.get(`${family} ${attributes['style-name']}`);
  }

  #isUnseen(family: string, attributes: Attributes): boolean {
    let style = this.#styleOf(family, attributes);
    for (let count = 0; style !== undefined && count < MAX_INHERITED; count += 1) {
      if (style.isUnseen) return !this.#hasBackground;
      if (style.hasBackground) return false;
      style = this.#styles.get(`${family} ${style.parent}`);
    }
    return false;
  }

  close(name: string): void {
    if (name === 'automatic-styles') this.#isInStyles = false;
    if (this.#isInStyles) {
      this.#styleReader.close(name);
      return;
    }
    if (this.#skipped > 0) {
      this.#skipped -= 1;
      if (this.#skipped === 0) this.#count();
      return;
    }
    switch (name) {
      case 'p':
      case 'h':
        this.#paragraphs -= 1;
        this.#unseen.pop();
        if (this.#tables > 0) this.#cell += ' ';
        else this.#sink.endLine();
        break;
      case 'span':
        this.#unseen.pop();
        break;
      case 'table-cell':
      case 'covered-table-cell':
        this.#endCell();
        break;
      case 'table-row':
        this.#endRow();
        break;
      case 'table':
        this.#tables -= 1;
        if (this.#tables === 0) this.#sink.endBlock();
        break;
      case 'frame':
        if (this.#tables === 0) this.#sink.endLine();
        break;
    }
  }

  #count(): void {
    if (this.#counted?.hasText) this.#sink.leaveOut(this.#counted.what);
    this.#counted = null;
  }

  text(text: string): void {
    if (this.#counted !== null && text.trim() !== '') this.#counted.hasText = true;
    if (this.#skipped > 0 || this.#isInStyles || this.#paragraphs === 0) return;
    // Line ends and runs of blanks are one blank (ODF §6.1.2).
    this.#addText(text.replace(/\s+/g, ' '));
  }

  #addText(text: string): void {
    if (this.#unseen.at(-1) === true) this.#sink.hide(text);
    else if (this.#tables === 0) this.#sink.add(text);
    else if (this.#cell.length < MAX_CELL_CHARS) this.#cell += text;
  }

  #endCell(): void {
    if (this.#tables > 1) {
      this.#cell += ' ';
      return;
    }
    const text = this.#cell.trim();
    this.#cell = '';
    const count = text === '' ? 0 : Math.min(this.#repeated, MAX_REPEATED_CELLS);
    for (let index = 1; index <= count; index += 1) this.#rowCells.push([this.#column + index, text]);
    this.#column += this.#repeated;
  }

  #endRow(): void {
    if (this.#tables > 1) return;
    if (this.#isRowHidden) {
      if (this.#rowCells.length > 0) this.#sink.leaveOut('hidden row');
      return;
    }
    const count = this.#rowCells.length === 0 ? 1 : this.#rowRepeated;
    for (let index = 0; index < count && !this.#sink.isFull; index += 1) {
      for (const [column, text] of this.#rowCells) this.#row.add(column, text);
      this.#row.end();
    }
  }
}

const MAX_CELL_CHARS = 32_768;
