/** Reads a Word document (ECMA-376): paragraphs, lists and tables, headers first, footnotes and footers last. */
import type { TextSink } from '../formats/text-sink.ts';
import { addToLook, isSeen, type Look, readWordStyles, type WordStyles } from './word-styles.ts';
import { type Attributes, readXmlEntry, type XmlReader } from './xml.ts';
import type { Zip } from './zip.ts';

export function readWord(zip: Zip, sink: TextSink): void {
  const styles = readWordStyles(zip);
  const headers = partsOf(zip, /^word\/header\d*\.xml$/i);
  const known = new Set<string>();
  for (const header of headers) readRepeated(zip, header, { sink, styles, known });
  for (const body of partsOf(zip, /^word\/document\d*\.xml$/i).slice(0, 1)) {
    readXmlEntry(zip, body, new WordReader(sink, styles));
    sink.endBlock();
  }
  for (const notes of ['word/footnotes.xml', 'word/endnotes.xml']) {
    if (!sink.isFull) readXmlEntry(zip, notes, new WordReader(sink, styles));
  }
  for (const footer of partsOf(zip, /^word\/footer\d*\.xml$/i)) readRepeated(zip, footer, { sink, styles, known });
}

function partsOf({ entries }: Zip, pattern: RegExp): string[] {
  return entries
    .map(({ name }) => name)
    .filter((name) => pattern.test(name))
    .slice(0, MAX_PARTS);
}

const MAX_PARTS = 20;

/** Headers and footers, of which first, even and odd pages often have the same. */
function readRepeated(
  zip: Zip,
  name: string,
  { sink, styles, known }: { sink: TextSink; styles: WordStyles; known: Set<string> },
): void {
  if (sink.isFull) return;
  const own = new WordReader(sink, styles, (text) => {
    const isNew = !known.has(text);
    known.add(text);
    return isNew;
  });
  readXmlEntry(zip, name, own);
  sink.endBlock();
}

/** Elements whose content is never shown: a form for other programs, the code of a field, the text before a change. */
const SKIPPED = new Set([
  ...['Fallback', 'instrText', 'delInstrText', 'sdtPr', 'sectPr', 'tblGrid'],
  ...['rPrChange', 'pPrChange', 'tcPrChange', 'trPrChange', 'tblPrChange'],
]);
const DELETED = new Set(['del', 'moveFrom']);

interface Cell {
  fill: string | undefined;
  hasText: boolean;
}

/** Text of a paragraph that is collected before it is passed on. */
const MAX_PARAGRAPH_CHARS = 64 * 1024;

class WordReader implements XmlReader {
  readonly #sink: TextSink;
  readonly #styles: WordStyles;
  readonly #isWanted: (paragraph: string) => boolean;
  /** Levels below a skipped element; 0 outside. */
  #skipped = 0;
  #deleted = 0;
  #hasDeletedText = false;
  #isInText = false;
  #isInParagraphProperties = false;
  #isInRunProperties = false;
  #isInCellProperties = false;
  #paragraph: Look = {};
  #run: Look = {};
  /** Open tables: true if their style has a dark background. */
  readonly #tables: boolean[] = [];
  readonly #cells: Cell[] = [];
  #shapes = 0;
  #text = '';

  constructor(sink: TextSink, styles: WordStyles, isWanted: (paragraph: string) => boolean = () => true) {
    this.#sink = sink;
    this.#styles = styles;
    this.#isWanted = isWanted;
  }

  get isDone(): boolean {
    return this.#sink.isFull;
  }

  open(name: string, attributes: Attributes): void {
    if (this.#skipped > 0 || SKIPPED.has(name)) {
      this.#skipped += 1;
      return;
    }
    if (this.#isInRunProperties || this.#isInParagraphProperties || this.#isInCellProperties) {
      this.#readProperty(name, attributes);
      return;
    }
    this.#openContent(name, attributes);
  }

  #openContent(name: string, attributes: Attributes): void {
    switch (name) {
      case 'p':
        // A paragraph in a shape is within another one.
        this.#flushParagraph();
        this.#paragraph = { ...this.#styles.defaults };
        break;
      case 'pPr':
        this.#isInParagraphProperties = true;
        break;
      case 'r':
        this.#run = { ...this.#paragraph };
        break;
      case 'rPr':
        this.#isInRunProperties = true;
        break;
      case 'tcPr':
        this.#isInCellProperties = true;
        break;
      case 'tbl':
        this.#flushParagraph();
        if (this.#tables.length === 0) this.#sink.endBlock();
        this.#tables.push(false);
        break;
      case 'tblStyle':
        if (this.#tables.length > 0)
          this.#tables[this.#tables.length - 1] = this.#styles.hasDarkFill(attributes.val ?? '');
        break;
      case 'tc':
        this.#cells.push({ fill: undefined, hasText: false });
        break;
      case 'txbxContent':
        this.#shapes += 1;
        break;
      case 'del':
      case 'moveFrom':
        this.#deleted += 1;
        this.#hasDeletedText = false;
        break;
      case 'delText':
        this.#hasDeletedText = true;
        break;
      case 't':
        this.#isInText = true;
        break;
      default:
        this.#openMark(name, attributes);
    }
  }

  /** Marks that are a character, a reference or a count. */
  #openMark(name: string, attributes: Attributes): void {
    if (name === 'tab' || name === 'ptab') this.#addText('\t');
    if (name === 'br' || name === 'cr') this.#addText('\n');
    if (name === 'noBreakHyphen') this.#addText('-');
    if (name === 'commentReference') this.#sink.leaveOut('comment');
    if (name === 'footnoteReference' || name === 'endnoteReference') this.#addText(`[${attributes.id ?? ''}]`);
    // Separators of notes have numbers below 1.
    if ((name === 'footnote' || name === 'endnote') && Number(attributes.id) > 0) this.#text += `[${attributes.id}] `;
  }

  #readProperty(name: string, attributes: Attributes): void {
    if (this.#isInCellProperties) {
      const cell = this.#cells.at(-1);
      if (name === 'shd' && cell !== undefined) cell.fill = attributes.fill;
      return;
    }
    const look = this.#isInRunProperties && !this.#isInParagraphProperties ? this.#run : this.#paragraph;
    if (name === 'pStyle' || name === 'rStyle') Object.assign(look, this.#styles.lookOf(attributes.val));
    if (name === 'numPr' && this.#isInParagraphProperties) this.#text += '- ';
    // The properties of the mark that ends a paragraph are within those of the paragraph, and are not those of its text.
    if (name === 'rPr' && this.#isInParagraphProperties) this.#skipped = 1;
    else addToLook(look, name, attributes);
  }

  close(name: string): void {
    if (this.#skipped > 0) {
      this.#skipped -= 1;
      return;
    }
    if (this.#isInRunProperties || this.#isInParagraphProperties || this.#isInCellProperties) {
      if (name === 'pPr') this.#isInParagraphProperties = false;
      if (name === 'rPr') this.#isInRunProperties = false;
      if (name === 'tcPr') this.#isInCellProperties = false;
      return;
    }
    if (name === 't') this.#isInText = false;
    if (name === 'txbxContent') this.#shapes -= 1;
    if (DELETED.has(name) && this.#deleted > 0) this.#endDeletion();
    if (name === 'p') this.#endParagraph();
    if (name === 'tc') this.#endCell();
    if (name === 'tr') this.#endRow();
    if (name === 'tbl') {
      this.#tables.pop();
      if (this.#tables.length === 0) this.#sink.endBlock();
    }
  }

  text(text: string): void {
    if (!this.#isInText || this.#skipped > 0) return;
    if (this.#deleted > 0) this.#hasDeletedText = true;
    else this.#addText(text);
  }

  #addText(text: string): void {
    if (this.#deleted > 0) return;
    const cell = this.#cells.at(-1);
    const look =
      this.#run.fill === undefined && isFilled(cell?.fill) ? { ...this.#run, fill: cell?.fill ?? '' } : this.#run;
    const isFillUnknown = this.#shapes > 0 || this.#tables.includes(true);
    if (isSeen(look, isFillUnknown)) this.#text += text;
    else this.#sink.hide(text);
    if (this.#text.length > MAX_PARAGRAPH_CHARS) this.#flushParagraph();
  }

  #endDeletion(): void {
    this.#deleted -= 1;
    if (this.#hasDeletedText) this.#sink.leaveOut('tracked deletion');
    this.#hasDeletedText = false;
  }

  #flushParagraph(): void {
    const text = this.#text;
    this.#text = '';
    if (text.trim() === '' || !this.#isWanted(text)) return;
    const cell = this.#cells.at(-1);
    this.#sink.add(cell === undefined ? text : `${cell.hasText ? ' ' : ''}${text.replaceAll('\n', ' ')}`);
    if (cell !== undefined) cell.hasText = true;
  }

  #endParagraph(): void {
    this.#flushParagraph();
    if (this.#cells.length === 0) this.#sink.endLine();
    this.#run = { ...this.#styles.defaults };
  }

  #endCell(): void {
    this.#cells.pop();
    if (this.#cells.length === 0) this.#sink.add('\t');
  }

  #endRow(): void {
    if (this.#cells.length === 0) this.#sink.endLine();
  }
}

const isFilled = (fill: string | undefined): boolean => fill !== undefined && fill !== 'auto';
