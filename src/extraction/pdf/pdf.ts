/** Reads the text of a PDF page by page (ISO 32000-2), with the values of its form fields. */
import { definePDFJSModule, getDocumentProxy } from 'unpdf';
import { AnnotationMode, OPS } from 'unpdf/pdfjs';
import type { TextSink } from '../formats/text-sink.ts';
import { UnreadableFile } from '../formats/unreadable-file.ts';
import { toBox, toMatrix } from './pdf-geometry.ts';
import { type FontScale, USUAL_SCALE } from './pdf-operators.ts';
import { findRuns, type Run } from './pdf-visibility.ts';

type Document = Awaited<ReturnType<typeof getDocumentProxy>>;
type Page = Awaited<ReturnType<Document['getPage']>>;

/** What the parser may not do: evaluate code, decode pictures, use fonts of the machine. */
const OPTIONS = {
  ...{ isEvalSupported: false, useWasm: false, useSystemFonts: false, enableXfa: false },
  ...{ maxImageSize: 1, disableFontFace: true, isOffscreenCanvasSupported: false, isImageDecoderSupported: false },
  ...{ verbosity: 0, stopAtErrors: false },
};

/** Loads the library, which otherwise loads parts of itself when they are used first. */
export async function loadPdfReader(): Promise<void> {
  await definePDFJSModule(() => import('unpdf/pdfjs'));
}

/** @param isLate asked before each page: true if the time is used up */
export async function readPdf(bytes: Uint8Array, sink: TextSink, isLate: () => boolean): Promise<void> {
  const document = await openDocument(bytes);
  sink.pages = document.numPages;
  for (let number = 1; number <= document.numPages && !sink.isFull; number += 1) {
    if (isLate()) {
      sink.stop('stopped');
      break;
    }
    const page = await document.getPage(number).catch(() => null);
    if (page === null) {
      sink.stop('broken end');
      break;
    }
    sink.endBlock();
    await readPage(page, sink, document.numPages > 1 ? number : null);
    page.cleanup();
  }
  sink.endBlock();
  if (sink.isBlank && !sink.hasLeftOut) throw new UnreadableFile('scan');
}

async function openDocument(bytes: Uint8Array): Promise<Document> {
  try {
    return await getDocumentProxy(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), OPTIONS);
  } catch (error) {
    throw new UnreadableFile(error instanceof Error && error.name === 'PasswordException' ? 'password' : 'damaged');
  }
}

async function readPage(page: Page, sink: TextSink, number: number | null): Promise<void> {
  const { items } = await page.getTextContent();
  const texts = items.filter((item) => 'str' in item);
  const runs = await runsOf(page);
  const hidden = runs.filter(({ isSeen }) => !isSeen);
  for (const { text } of hidden) sink.hide(text);
  if (runs.some(({ isLayer }) => isLayer)) sink.remark('scanned layer');
  const lines = new PageLines(number === null ? null : `[Page ${number}]`, sink);
  for (const item of texts) {
    if (hidden.length === 0) lines.add(item, item.str);
    else lines.add(item, seenText(item, runs));
  }
  lines.end();
  await readFields(page, lines, sink);
}

async function runsOf(page: Page): Promise<Run[]> {
  try {
    // Annotations lie over the page; what is written in them is read by readFields().
    const list = await page.getOperatorList({ annotationMode: AnnotationMode.DISABLE });
    const box = toBox(page.view) ?? [0, 0, 0, 0];
    return findRuns(list, { operators: OPS, page: box, scaleOf: (font) => scaleOf(page, font) });
  } catch {
    // What cannot be drawn has text nevertheless.
    return [];
  }
}

function scaleOf(page: Page, name: string): FontScale {
  const font: unknown = page.commonObjs.has(name) ? page.commonObjs.get(name) : null;
  if (typeof font !== 'object' || font === null || !('isType3Font' in font) || font.isType3Font !== true)
    return USUAL_SCALE;
  const unit = 'fontMatrix' in font ? toMatrix(font.fontMatrix)?.[0] : undefined;
  return { unit: Math.abs(unit ?? USUAL_SCALE.unit), isSizeUnknown: true };
}

interface Item {
  str: string;
  width: number;
  height: number;
  transform: unknown[];
  hasEOL: boolean;
}

/** The text of an item without that of runs which are not seen. */
function seenText(item: Item, runs: readonly Run[]): string {
  if (item.str.trim() === '') return item.str;
  const own = runs.filter((run) => isWithin(run, item));
  if (own.every(({ isSeen }) => isSeen)) return item.str;
  return own
    .filter(({ isSeen }) => isSeen)
    .map(({ text }) => text)
    .join('');
}

/** True if the run begins on the base line of the item, between its ends. */
function isWithin({ start }: Run, { transform, width }: Item): boolean {
  const [a, b, , , x, y] = transform.map(Number);
  if (a === undefined || b === undefined || x === undefined || y === undefined) return false;
  const length = Math.hypot(a, b) || 1;
  const [alongX, alongY] = [a / length, b / length];
  const [dx, dy] = [start[0] - x, start[1] - y];
  const along = dx * alongX + dy * alongY;
  const across = Math.abs(dy * alongX - dx * alongY);
  return across < 1 && along > -0.5 && along < Math.max(width, 0) + 0.5;
}

/** Of the size of letters: wider gaps lie between columns. */
const MIN_COLUMN_GAP = 1.5;

/** Joins the items of a page to lines. */
class PageLines {
  readonly #sink: TextSink;
  /** Written before the first text. */
  #heading: string | null;
  #letterHeight = 0;

  constructor(heading: string | null, sink: TextSink) {
    this.#heading = heading;
    this.#sink = sink;
  }

  add({ str, width, height, hasEOL }: Item, text: string): void {
    if (height > 0) this.#letterHeight = height;
    const isGap = str.trim() === '' && str !== '';
    if (isGap) this.#sink.add(width > MIN_COLUMN_GAP * this.#letterHeight && this.#sink.isInLine ? '\t' : ' ');
    else if (text !== '') this.#addText(text);
    if (hasEOL) this.#sink.endLine();
  }

  addLine(text: string): void {
    this.#addText(text);
    this.#sink.endLine();
  }

  end(): void {
    if (this.#sink.isInLine) this.#sink.endLine();
  }

  #addText(text: string): void {
    if (this.#heading !== null && text.trim() !== '') {
      this.#sink.add(`${this.#heading}\n`);
      this.#heading = null;
    }
    this.#sink.add(text);
  }
}

/** Flags of an annotation that is not shown (ISO 32000-2 §12.5.3). */
const [HIDDEN, NO_VIEW] = [2, 32];
const MAX_FIELD_CHARS = 10_000;

async function readFields(page: Page, lines: PageLines, sink: TextSink): Promise<void> {
  const annotations: unknown[] = await page.getAnnotations().catch(() => []);
  for (const annotation of annotations) {
    if (typeof annotation !== 'object' || annotation === null) continue;
    const { subtype, fieldName, fieldValue, annotationFlags, contentsObj } = { ...EMPTY_ANNOTATION, ...annotation };
    const isHidden = typeof annotationFlags === 'number' && (annotationFlags & (HIDDEN | NO_VIEW)) !== 0;
    if (subtype === 'Text' || subtype === 'Highlight') sink.leaveOut('comment');
    if (isHidden) continue;
    if (subtype === 'FreeText') lines.addLine(textIn(contentsObj));
    const value = Array.isArray(fieldValue) ? fieldValue.join(', ') : fieldValue;
    if (subtype !== 'Widget' || typeof value !== 'string' || value.trim() === '' || value === 'Off') continue;
    lines.addLine(`${typeof fieldName === 'string' ? fieldName : 'Field'}: ${value.slice(0, MAX_FIELD_CHARS)}`);
  }
}

const EMPTY_ANNOTATION: Record<string, unknown> = {
  ...{ subtype: null, fieldName: null, fieldValue: null, annotationFlags: 0, contentsObj: null },
};

function textIn(contents: unknown): string {
  const text = typeof contents === 'object' && contents !== null && 'str' in contents ? contents.str : '';
  return typeof text === 'string' ? text.slice(0, MAX_FIELD_CHARS) : '';
}
