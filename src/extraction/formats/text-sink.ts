/** Collects the text of a file from its start until there is enough of it, and counts what is left out. */
import type { FileAnswer, LeftOut, Remark } from '../exchange.ts';

/** The part of a text that is returned. */
export interface TextWindow {
  /** Characters to skip. */
  offset: number;
  /** Characters to return at most. */
  chars: number;
}

/** A line without an end is cut into lines of this length. */
const MAX_LINE_CHARS = 200_000;
/** Characters that are kept; a window behind them is empty. */
const MAX_KEPT_CHARS = 8_000_000;

export class TextSink {
  /** Pages of a PDF, slides of a presentation. */
  pages: number | null = null;
  readonly #window: TextWindow;
  readonly #neededChars: number;
  readonly #leftOut = new Map<LeftOut, number>();
  readonly #remarks = new Set<Remark>();
  #lines: string[] = [];
  #chars = 0;
  #line = '';
  #isAfterEmptyLine = false;
  #hiddenLetters = 0;
  #isWhole = true;

  constructor(window: TextWindow) {
    this.#window = window;
    this.#neededChars = Math.min(window.offset + window.chars + 1, MAX_KEPT_CHARS);
  }

  /** True if nothing more has to be read. What is added then is dropped. */
  get isFull(): boolean {
    return this.#chars > this.#neededChars;
  }

  /** True if no text with a letter, digit or other visible sign was added. */
  get isBlank(): boolean {
    return this.#lines.length === 0 && this.#line.trim() === '';
  }

  /** Adds text to the last line; line ends in it are kept, several empty lines become one. */
  add(text: string): void {
    const lines = text.split(/\r\n|\r|\n|\u2028|\u2029|\f|\v/);
    for (const [index, line] of lines.entries()) {
      if (index > 0) this.endLine();
      if (this.isFull) {
        this.#drop();
        return;
      }
      this.#line += line.replaceAll('\0', '');
      if (this.#line.length > MAX_LINE_CHARS) this.endLine();
    }
  }

  /** Ends the last line. After an empty line it does nothing. */
  endLine(): void {
    const line = this.#line.trimEnd();
    this.#line = '';
    if (line === '') {
      this.#isAfterEmptyLine = this.#lines.length > 0;
      return;
    }
    if (this.isFull) {
      this.#drop();
      return;
    }
    const lines = this.#isAfterEmptyLine ? ['', line] : [line];
    this.#isAfterEmptyLine = false;
    for (const each of lines) {
      this.#lines.push(each);
      this.#chars += each.length + 1;
    }
  }

  /** Adds whole lines, with an empty line before and after them. */
  addBlock(text: string): void {
    this.endBlock();
    this.add(text);
    this.endBlock();
  }

  /** Ends the last line, and sets what follows apart by an empty line. */
  endBlock(): void {
    if (this.#line !== '') this.endLine();
    this.endLine();
  }

  /** True if the last line has text. */
  get isInLine(): boolean {
    return this.#line !== '';
  }

  /** Counts text that people do not see. */
  hide(text: string): void {
    this.#hiddenLetters += text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  }

  addHiddenLetters(count: number): void {
    this.#hiddenLetters += count;
  }

  leaveOut(what: LeftOut, count = 1): void {
    if (count > 0) this.#leftOut.set(what, (this.#leftOut.get(what) ?? 0) + count);
  }

  remark(remark: Remark): void {
    this.#remarks.add(remark);
  }

  /** The file has more text, of which nothing is read. */
  stop(remark?: Remark): void {
    this.#isWhole = false;
    if (remark !== undefined) this.remark(remark);
  }

  get hasLeftOut(): boolean {
    return this.#leftOut.size > 0 || this.#hiddenLetters > 0;
  }

  toAnswer(): Exclude<FileAnswer, { fault: unknown }> {
    if (this.#line !== '') this.endLine();
    const whole = this.#lines.join('\n');
    const { offset, chars } = this.#window;
    const end = characterBoundary(whole, offset + chars);
    const isCut = end < whole.length;
    const isComplete = this.#isWhole && !this.isFull;
    return {
      text: whole.slice(offset, end),
      isMore: isCut || (!isComplete && !this.#remarks.has('stopped') && !this.#remarks.has('broken end')),
      totalChars: isComplete ? whole.length : null,
      pages: this.pages,
      hiddenLetters: this.#hiddenLetters,
      leftOut: [...this.#leftOut],
      remarks: [...this.#remarks],
    };
  }

  #drop(): void {
    this.#isWhole = false;
    this.#line = '';
  }
}

/** The first position from `position` on that is not inside a surrogate pair. */
function characterBoundary(text: string, position: number): number {
  const code = text.charCodeAt(position);
  return code >= 0xdc00 && code <= 0xdfff ? position + 1 : position;
}
