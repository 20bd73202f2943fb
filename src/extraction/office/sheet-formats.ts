/** Reads the cell formats of an Excel workbook, and writes numbers as the cell shows them: dates, times and percentages. */
import { type Attributes, readXmlEntry, type XmlReader } from './xml.ts';
import type { Zip } from './zip.ts';

type NumberKind = 'number' | 'date' | 'time' | 'date and time' | 'percent';

export interface CellFormat {
  kind: NumberKind;
  /** True if the text is white on white, or tiny. */
  isUnseen: boolean;
}

const PLAIN: CellFormat = { kind: 'number', isUnseen: false };
const MAX_FORMATS = 100_000;
const MAX_TINY_POINTS = 3.5;

/** @returns the formats by their index, which cells name */
export function readSheetFormats(zip: Zip): (index: string | undefined) => CellFormat {
  const reader = new FormatReader();
  readXmlEntry(zip, 'xl/styles.xml', reader);
  const made = reader.cells.map(
    ({ numberFormat, font, fill }): CellFormat => ({
      kind: kindOf(numberFormat, reader.codes.get(numberFormat)),
      isUnseen: reader.tiny.has(font) || (reader.white.has(font) && !reader.filled.has(fill)),
    }),
  );
  return (index) => made[Number(index ?? 0)] ?? PLAIN;
}

class FormatReader implements XmlReader {
  readonly codes = new Map<string, string>();
  readonly white = new Set<string>();
  readonly tiny = new Set<string>();
  readonly filled = new Set<string>();
  readonly cells: { numberFormat: string; font: string; fill: string }[] = [];
  readonly #counts = { font: 0, fill: 0 };
  readonly #open: string[] = [];

  get isDone(): boolean {
    return this.cells.length > MAX_FORMATS;
  }

  open(name: string, attributes: Attributes): void {
    this.#open.push(name);
    const list = this.#open[1];
    if (name === 'numFmt' && list === 'numFmts') this.codes.set(attributes.numFmtId ?? '', attributes.formatCode ?? '');
    if (list === 'fonts') this.#readFont(name, attributes);
    if (list === 'fills' && name === 'patternFill' && !/^(?:none)?$/.test(attributes.patternType ?? '')) {
      this.filled.add(`${this.#counts.fill}`);
    }
    if (list === 'fills' && name === 'fgColor' && isWhite(attributes)) this.filled.delete(`${this.#counts.fill}`);
    if (name === 'xf' && list === 'cellXfs') {
      const { numFmtId = '0', fontId = '0', fillId = '0' } = attributes;
      this.cells.push({ numberFormat: numFmtId, font: fontId, fill: fillId });
    }
  }

  #readFont(name: string, attributes: Attributes): void {
    if (name === 'color' && isWhite(attributes)) this.white.add(`${this.#counts.font}`);
    if (name === 'sz' && Number(attributes.val) <= MAX_TINY_POINTS) this.tiny.add(`${this.#counts.font}`);
  }

  close(name: string): void {
    this.#open.pop();
    const list = this.#open[1];
    if (name === 'font' && list === 'fonts') this.#counts.font += 1;
    if (name === 'fill' && list === 'fills') this.#counts.fill += 1;
  }
}

/** The first colour of a theme is the background. */
function isWhite({ rgb, theme, tint }: Attributes): boolean {
  return /^(?:[\da-f]{2})?f[\da-f]f[\da-f]f[\da-f]$/i.test(rgb ?? '') || (theme === '0' && tint === undefined);
}

/** Formats that are built in (ECMA-376 §18.8.30). */
const DATES = /^(?:14|15|16|17|2[7-9]|3[0-6]|5[0-8])$/;
const TIMES = /^(?:18|19|20|21|45|46|47)$/;

function kindOf(id: string, code: string | undefined): NumberKind {
  if (code === undefined) {
    if (DATES.test(id)) return 'date';
    if (TIMES.test(id)) return 'time';
    if (id === '22') return 'date and time';
    return id === '9' || id === '10' ? 'percent' : 'number';
  }
  // Without quoted text, escaped characters, colours and conditions.
  const bare = code
    .slice(0, 300)
    .replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, '')
    .toLowerCase();
  const hasDate = /[yd]/.test(bare) || /m{3,}/.test(bare);
  const hasTime = /[hs]/.test(bare);
  if (hasDate) return hasTime ? 'date and time' : 'date';
  if (hasTime) return 'time';
  return bare.includes('%') ? 'percent' : 'number';
}

const DAY_MS = 24 * 60 * 60_000;
/** Days from 1899-12-30 and from 1904-01-01 to 1970. */
const EPOCH_DAYS = { 1900: 25_569, 1904: 24_107 };

export function writeNumber(text: string, { kind }: CellFormat, base: 1900 | 1904): string {
  const value = Number(text);
  if (kind === 'number' || text.trim() === '' || !Number.isFinite(value)) return withoutNoise(text);
  if (kind === 'percent') return `${Number((value * 100).toPrecision(12))}%`;
  // Before the epoch counted days are wrong by one, because 1900 was no leap year.
  const days = value - EPOCH_DAYS[base] + (base === 1900 && value < 60 ? 1 : 0);
  const ms = Math.round(days * (DAY_MS / 1000)) * 1000;
  if (Math.abs(ms) > 8e15) return text;
  const iso = new Date(ms).toISOString();
  if (kind === 'time')
    return value < 1 ? shortTime(iso.slice(11, 19)) : `${iso.slice(0, 10)} ${shortTime(iso.slice(11, 19))}`;
  const time = iso.slice(11, 19);
  return kind === 'date' || time === '00:00:00' ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${shortTime(time)}`;
}

const shortTime = (time: string): string => time.replace(/:00$/, '');

/** `0.30000000000000004` is shown as `0.3`. */
function withoutNoise(text: string): string {
  return /^-?\d+\.\d{12,}$/.test(text) ? `${Number(Number(text).toPrecision(15))}` : text;
}
