/** Builds plain text from blocks, lines and inline text, and collapses white space as CSS Text §4.1 does. */

/** How white space of inline text is treated: collapsed, kept, or collapsed within lines that are kept. */
export type WhiteSpace = 'collapse' | 'keep' | 'keep-lines';

/** Deeper quotations and lists are written as the ones around them. */
const MAX_PREFIXES = 20;

/** A text is not broken into lines: who shows it wraps it. */
export class TextBuilder {
  readonly #lines: string[] = [];
  #line = '';
  /** A blank that is written before the next inline text of the line. */
  #hasBlank = false;
  /** Line breaks that are due before the next text; 2 leave an empty line. */
  #breaks = 0;
  /** Before each line of the open blocks, such as `> ` of a quotation. */
  readonly #prefixes: string[] = [];
  /** Takes the place of the innermost prefix on the next line, such as `1. `. */
  #marker: string | undefined;
  #length = 0;
  /** True if nothing was written yet, or since a block was indented: breaks before its first text are not written. */
  #isFresh = true;

  /** Characters so far. */
  get length(): number {
    return this.#length;
  }

  /** @returns false if there is only white space so far */
  get hasText(): boolean {
    return this.#length > 0;
  }

  add(text: string, whiteSpace: WhiteSpace): void {
    if (whiteSpace === 'collapse') {
      this.#addInline(text.replace(/[ \t\r\n\f]+/g, ' '));
      return;
    }
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) this.breakLine();
      if (whiteSpace === 'keep') this.#write(line);
      else this.#addInline(line.replace(/[ \t\r\f]+/g, ' '));
    }
  }

  #addInline(text: string): void {
    // No-break spaces stay.
    const words = text.replace(/^ | $/g, '');
    if (/^ /.test(text) || words === '') this.#hasBlank ||= text !== '' && this.#line !== '' && this.#breaks === 0;
    if (words === '') return;
    this.#write(words);
    if (/ $/.test(text)) this.#hasBlank = true;
  }

  #write(text: string): void {
    if (text === '') return;
    this.#startLine();
    this.#line += this.#hasBlank ? ` ${text}` : text;
    this.#length += text.length + 1;
    this.#hasBlank = false;
  }

  #startLine(): void {
    if (this.#breaks > 0) this.#endLine();
    this.#isFresh = false;
    if (this.#line !== '') return;
    const prefixes = this.#marker === undefined ? this.#prefixes : [...this.#prefixes.slice(0, -1), this.#marker];
    this.#marker = undefined;
    this.#line = prefixes.join('');
    this.#hasBlank = false;
  }

  /** Ends the line, and adds the empty lines that are due. */
  #endLine(): void {
    if (this.#line !== '') {
      this.#lines.push(this.#line);
      const prefix = this.#prefixes.join('').trimEnd();
      for (let n = 1; n < this.#breaks; n += 1) this.#lines.push(prefix);
    }
    this.#line = '';
    this.#breaks = 0;
  }

  /** Ends the line; twice in a row it leaves an empty line. */
  breakLine(): void {
    this.#hasBlank = false;
    if (!this.#isFresh) this.#breaks = Math.min(2, this.#breaks + 1);
  }

  /** The next text begins on a new line, after an empty one if `breaks` is 2. */
  block(breaks = 1): void {
    this.#hasBlank = false;
    if (!this.#isFresh) this.#breaks = Math.max(this.#breaks, breaks);
  }

  /** Runs `write` with a prefix before each of its lines. @param marker in place of the prefix before the first line */
  indent(prefix: string, write: () => void, marker?: string): void {
    const wasFresh = this.#isFresh;
    this.block();
    this.#endLine();
    this.#isFresh = true;
    const isShown = this.#prefixes.length < MAX_PREFIXES;
    if (isShown) this.#prefixes.push(prefix);
    this.#marker = isShown ? marker : undefined;
    write();
    // An item without text has no marker.
    this.#marker = undefined;
    if (isShown) this.#prefixes.pop();
    this.#isFresh &&= wasFresh;
    this.block();
  }

  toString(): string {
    return [...this.#lines, this.#line]
      .map((line) => line.trimEnd())
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim();
  }
}

/** Each line between two tildes, as in Markdown. */
export function struckOut(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? line : `~~${line.trim()}~~`))
    .join('\n');
}
