/** Reads a PowerPoint presentation (ECMA-376): the texts and tables of each visible slide, below its number. */

import type { TextSink } from '../formats/text-sink.ts';
import { readRelations } from './excel.ts';
import { type Attributes, readXmlEntry, type XmlReader } from './xml.ts';
import { findEntry, type Zip } from './zip.ts';

const MAX_SLIDES = 5_000;
/** In hundredths of a point. */
const MAX_TINY_SIZE = 350;

export function readPowerPoint(zip: Zip, sink: TextSink): void {
  const slides = slidesOf(zip);
  sink.pages = slides.length;
  for (const [index, name] of slides.entries()) {
    if (sink.isFull) break;
    readSlide(zip, name, { sink, number: index + 1 });
  }
  for (const { name } of zip.entries) {
    if (/^ppt\/notesSlides\/[^/]+\.xml$/i.test(name) && hasNote(zip, name)) sink.leaveOut('speaker note');
    if (!/^ppt\/comments\/[^/]+\.xml$/i.test(name)) continue;
    readXmlEntry(zip, name, {
      open(tag) {
        if (tag === 'cm') sink.leaveOut('comment');
      },
    });
  }
}

/** True if there is text beside the number of the slide. */
function hasNote(zip: Zip, name: string): boolean {
  let fields = 0;
  let isInText = false;
  let isFound = false;
  readXmlEntry(zip, name, {
    get isDone() {
      return isFound;
    },
    open(tag) {
      if (tag === 'fld') fields += 1;
      isInText = tag === 't';
    },
    close(tag) {
      if (tag === 'fld') fields -= 1;
      isInText = false;
    },
    text(text) {
      if (isInText && fields === 0 && text.trim() !== '') isFound = true;
    },
  });
  return isFound;
}

/** Names of entries in the order in which the slides are shown. */
function slidesOf(zip: Zip): string[] {
  const targets = readRelations(zip, 'ppt/_rels/presentation.xml.rels', 'ppt/');
  const slides: string[] = [];
  readXmlEntry(zip, 'ppt/presentation.xml', {
    open(name, attributes) {
      const target = name === 'sldId' ? targets.get(attributes[':id'] ?? '') : undefined;
      if (target !== undefined && slides.length < MAX_SLIDES) slides.push(target);
    },
  });
  return slides;
}

function readSlide(zip: Zip, name: string, { sink, number }: { sink: TextSink; number: number }): void {
  if (findEntry(zip, name) === undefined) return;
  sink.endBlock();
  readXmlEntry(zip, name, new SlideReader(sink, number));
  sink.endBlock();
}

class SlideReader implements XmlReader {
  readonly #sink: TextSink;
  readonly #number: number;
  #isHidden = false;
  #skipped = 0;
  #isInText = false;
  #isInRunProperties = false;
  #isInFill = false;
  #isUnseen = false;
  #cells = 0;
  #paragraph = '';
  #cell: string[] = [];
  /** Shapes that have a fill of their own, on which white can be seen. */
  #hasFill = false;
  #isInShapeProperties = false;
  #hasBackground = false;

  constructor(sink: TextSink, number: number) {
    this.#sink = sink;
    this.#number = number;
  }

  get isDone(): boolean {
    return this.#sink.isFull || this.#isHidden;
  }

  open(name: string, attributes: Attributes): void {
    if (this.#skipped > 0 || name === 'Fallback') {
      this.#skipped += 1;
      return;
    }
    switch (name) {
      case 'sld':
        this.#isHidden = attributes.show === '0' || attributes.show === 'false';
        if (this.#isHidden) this.#sink.leaveOut('hidden slide');
        else this.#sink.add(`Slide ${this.#number}\n`);
        break;
      case 'bg':
        this.#hasBackground = true;
        break;
      case 'sp':
        this.#hasFill = false;
        break;
      case 'spPr':
        this.#isInShapeProperties = true;
        break;
      case 'rPr':
        this.#isInRunProperties = true;
        this.#isUnseen = Number(attributes.sz ?? MAX_TINY_SIZE + 1) <= MAX_TINY_SIZE;
        break;
      case 'r':
      case 'fld':
        this.#isUnseen = false;
        break;
      case 'solidFill':
      case 'gradFill':
      case 'blipFill':
        this.#isInFill = name === 'solidFill';
        if (this.#isInShapeProperties) this.#hasFill = true;
        break;
      case 'srgbClr':
        if (this.#isInRunProperties && this.#isInFill && this.#isWhiteUnseen(attributes.val)) this.#isUnseen = true;
        break;
      case 'tc':
        this.#cells += 1;
        break;
      case 't':
        this.#isInText = true;
        break;
      case 'br':
        this.#paragraph += this.#cells > 0 ? ' ' : '\n';
        break;
    }
  }

  /** The theme may have a dark background: white counts only where the slide and the shape have none of their own, and no table. */
  #isWhiteUnseen(color: string | undefined): boolean {
    return (
      !this.#hasFill && !this.#hasBackground && this.#cells === 0 && /^f[\da-f]f[\da-f]f[\da-f]$/i.test(color ?? '')
    );
  }

  close(name: string): void {
    if (this.#skipped > 0) {
      this.#skipped -= 1;
      return;
    }
    if (name === 't') this.#isInText = false;
    if (name === 'rPr') this.#isInRunProperties = false;
    if (name === 'solidFill') this.#isInFill = false;
    if (name === 'spPr') this.#isInShapeProperties = false;
    if (name === 'p') this.#endParagraph();
    if (name === 'tc') this.#endCell();
    if (name === 'tr') this.#sink.endLine();
    if (name === 'sp') this.#sink.endBlock();
  }

  text(text: string): void {
    if (!this.#isInText || this.#skipped > 0 || this.#isHidden) return;
    if (this.#isUnseen) this.#sink.hide(text);
    else this.#paragraph += text;
  }

  #endParagraph(): void {
    const text = this.#paragraph;
    this.#paragraph = '';
    if (this.#cells > 0) this.#cell.push(text.trim());
    else if (text.trim() !== '') this.#sink.add(`${text}\n`);
  }

  #endCell(): void {
    this.#cells -= 1;
    this.#sink.add(`${this.#cell.filter((text) => text !== '').join(' ')}\t`);
    this.#cell = [];
  }
}
