/**
 * Follows the operators of a page (ISO 32000-2 §8 and §9): which text is shown where and with what, and which areas are painted.
 *
 * Pictures are not decoded, and pdf.js leaves them out of the list; what is left of one is a saved state with a matrix in which nothing is drawn.
 */
import {
  areaOf,
  type Box,
  contains,
  IDENTITY,
  intersect,
  type Matrix,
  multiply,
  toBox,
  toMatrix,
  transformBox,
} from './pdf-geometry.ts';

/** As pdf.js lists the operators of a page. */
export interface OperatorList {
  fnArray: readonly number[];
  argsArray: readonly unknown[];
}

/** What is known of a font. */
export interface FontScale {
  /** Width of a unit of a glyph, in the size of the font. */
  unit: number;
  /** True if the size of the font is not that of its letters, as in fonts that are drawings (Type 3). */
  isSizeUnknown: boolean;
}

export const USUAL_SCALE: FontScale = { unit: 0.001, isSizeUnknown: false };

/** What a page is drawn with. */
export interface PageContext {
  operators: Operators;
  /** Its visible box. */
  page: Box;
  scaleOf(font: string): FontScale;
}

/** Numbers of operators by name. */
type Operators = Readonly<Record<string, number>>;

/** Text that one operator shows. */
export interface ShownText {
  text: string;
  start: [number, number];
  end: [number, number];
  /** Of the operator in the list. */
  index: number;
  color: string | null;
  /** Height of its letters. */
  points: number;
  isTransparent: boolean;
  isInvisible: boolean;
  isClipped: boolean;
}

/** Something with an area: a filled rectangle or a picture. */
export interface Area {
  box: Box;
  /** Null if it is not known, or differs within the area. */
  color: string | null;
  kind: 'rectangle' | 'shape' | 'picture';
  index: number;
}

interface State {
  matrix: Matrix;
  /** `#rrggbb`; null for a pattern, whose colour is not known. */
  fill: string | null;
  alpha: number;
  /** True if fills are mixed with what is below, as by a marker. */
  isBlended: boolean;
  /** The box around what is not clipped; null for the whole page. */
  clip: Box | null;
  /** True if not all of that box can be painted. */
  isClippedToShape: boolean;
  mode: number;
  size: number;
  font: FontScale;
  charSpacing: number;
  wordSpacing: number;
  scale: number;
  leading: number;
}

const MAX_TEXTS = 50_000;
/** Points. Smaller areas are lines and dots. */
const MIN_AREA = 30;
const USUAL_POINTS = 10;
const MIN_ALPHA = 0.1;
/** Points that letters may lie outside of what is clipped. */
const CLIP_MARGIN = 20;

/** @returns both in the order of the operators */
export function followOperators(
  list: OperatorList,
  context: PageContext,
): { texts: readonly ShownText[]; areas: readonly Area[] } {
  const follower = new Follower(context);
  for (const [index, operator] of list.fnArray.entries()) {
    if (follower.texts.length > MAX_TEXTS) break;
    follower.follow(index, operator, list.argsArray[index]);
  }
  return follower;
}

const INITIAL: State = {
  ...{
    matrix: IDENTITY,
    fill: '#000000',
    alpha: 1,
    isBlended: false,
    clip: null,
    isClippedToShape: false,
    mode: 0,
    size: 0,
    font: USUAL_SCALE,
  },
  ...{ charSpacing: 0, wordSpacing: 0, scale: 1, leading: 0 },
};

/** Depth of saved states; deeper ones are not restored. */
const MAX_SAVED = 1_000;

class Follower {
  readonly texts: ShownText[] = [];
  readonly areas: Area[] = [];
  readonly #names: ReadonlyMap<number, string>;
  readonly #page: Box;
  readonly #scaleOf: (font: string) => FontScale;
  readonly #saved: { state: State; drawn: number }[] = [];
  /** Operators that have drawn something. */
  #drawn = 0;
  readonly #fills: ReadonlySet<unknown>;
  #state: State = INITIAL;
  /** The next path clips what follows it. */
  #isClipNext = false;
  /** Of the text, and of its line. */
  #text: Matrix = IDENTITY;
  #line: Matrix = IDENTITY;

  constructor({ operators, page, scaleOf }: PageContext) {
    this.#scaleOf = scaleOf;
    this.#names = new Map(Object.entries(operators).map(([name, number]) => [number, name]));
    this.#page = page;
    const fills = ['fill', 'eoFill', 'fillStroke', 'eoFillStroke', 'closeFillStroke', 'closeEOFillStroke'];
    this.#fills = new Set(fills.map((name) => operators[name]));
  }

  follow(index: number, operator: number, given: unknown): void {
    const args: unknown[] = Array.isArray(given) ? given : [];
    const name = this.#names.get(operator) ?? '';
    if (!this.#followState(name, args, index) && !this.#followText(name, args, index))
      this.#followPaint(name, args, index);
  }

  #set(changes: Partial<State>): true {
    this.#state = { ...this.#state, ...changes };
    return true;
  }

  #followState(name: string, args: unknown[], index: number): boolean {
    const [first] = args;
    switch (name) {
      case 'save':
        this.#save();
        return true;
      case 'restore':
      case 'paintFormXObjectEnd':
        this.#restore(index);
        return true;
      case 'paintFormXObjectBegin':
        this.#save();
        return this.#set({ matrix: multiply(this.#state.matrix, toMatrix(first) ?? IDENTITY) });
      case 'transform':
        return this.#set({ matrix: multiply(this.#state.matrix, toMatrix(args) ?? IDENTITY) });
      case 'setFillRGBColor':
        return this.#set({ fill: typeof first === 'string' && /^#[\da-f]{6}$/i.test(first) ? first : null });
      case 'setFillColorN':
        return this.#set({ fill: null });
      case 'setFillTransparent':
        return this.#set({ alpha: 0 });
      case 'setGState':
        return this.#set(graphicsStateIn(first));
      default:
        return false;
    }
  }

  #save(): void {
    if (this.#saved.length < MAX_SAVED) this.#saved.push({ state: this.#state, drawn: this.#drawn });
  }

  #restore(index: number): void {
    const saved = this.#saved.pop();
    if (saved === undefined) return;
    const { matrix } = this.#state;
    if (saved.drawn === this.#drawn && saved.state.matrix !== matrix) {
      this.#addArea(transformBox(matrix, [0, 0, 1, 1]), { color: null, kind: 'picture', index });
    }
    this.#state = saved.state;
  }

  #followText(name: string, args: unknown[], index: number): boolean {
    const [first, second] = args;
    switch (name) {
      case 'beginText':
        this.#text = this.#line = IDENTITY;
        return true;
      case 'setFont':
        return this.#set({ size: toNumber(second), font: this.#scaleOf(String(first)) });
      case 'setTextRenderingMode':
        return this.#set({ mode: toNumber(first) });
      case 'setCharSpacing':
        return this.#set({ charSpacing: toNumber(first) });
      case 'setWordSpacing':
        return this.#set({ wordSpacing: toNumber(first) });
      case 'setHScale':
        return this.#set({ scale: toNumber(first) / 100 });
      case 'setLeading':
        return this.#set({ leading: -toNumber(first) });
      case 'setTextMatrix':
        this.#text = this.#line = toMatrix(first) ?? toMatrix(args) ?? IDENTITY;
        return true;
      case 'setLeadingMoveText':
        this.#set({ leading: toNumber(second) });
        this.#move(toNumber(first), toNumber(second));
        return true;
      case 'moveText':
        this.#move(toNumber(first), toNumber(second));
        return true;
      case 'nextLine':
        this.#move(0, this.#state.leading);
        return true;
      case 'showText':
        this.#show(Array.isArray(first) ? first : [], index);
        return true;
      default:
        return false;
    }
  }

  #move(x: number, y: number): void {
    this.#line = multiply(this.#line, [1, 0, 0, 1, x, y]);
    this.#text = this.#line;
  }

  #show(glyphs: readonly unknown[], index: number): void {
    this.#drawn += 1;
    const { size, font, scale, charSpacing, wordSpacing, mode, alpha, fill, matrix, clip } = this.#state;
    let text = '';
    let advance = 0;
    for (const glyph of glyphs) {
      if (typeof glyph === 'number') {
        advance -= (glyph / 1000) * size;
        if (glyph < -200) text += ' ';
      } else if (isGlyph(glyph)) {
        text += glyph.unicode;
        advance += glyph.width * font.unit * size + charSpacing + (glyph.isSpace === true ? wordSpacing : 0);
      }
    }
    const whole = multiply(matrix, this.#text);
    const points = font.isSizeUnknown ? USUAL_POINTS : Math.abs(size) * Math.hypot(whole[2], whole[3]);
    this.#text = multiply(this.#text, [1, 0, 0, 1, advance * scale, 0]);
    const end = multiply(matrix, this.#text);
    this.texts.push({
      ...{ text, index, color: fill, points },
      ...{ start: [whole[4], whole[5]], end: [end[4], end[5]] },
      ...{ isInvisible: mode === 3 || mode === 7, isTransparent: alpha < MIN_ALPHA },
      isClipped:
        clip !== null &&
        !contains(clip, [whole[4], whole[5]], CLIP_MARGIN) &&
        !contains(clip, [end[4], end[5]], CLIP_MARGIN),
    });
  }

  #followPaint(name: string, args: unknown[], index: number): void {
    const { matrix } = this.#state;
    if (name === 'clip' || name === 'eoClip') this.#isClipNext = true;
    if (name === 'constructPath') this.#followPath(args, index);
    if (name === 'shadingFill') this.#addArea(this.#page, { color: null, kind: 'shape', index });
    if (/^paint(?:Inline)?Image/.test(name)) {
      this.#addArea(transformBox(matrix, [0, 0, 1, 1]), { color: null, kind: 'picture', index });
    }
  }

  /** A path that is filled, that clips what follows, or both. */
  #followPath([operator, path, given]: unknown[], index: number): void {
    const { matrix, fill, alpha, isBlended, isClippedToShape } = this.#state;
    const box = toBox(given);
    const isClip = this.#isClipNext;
    this.#isClipNext = false;
    if (box === null) return;
    const around = transformBox(matrix, box);
    const isRectangle = isRectanglePath(path);
    if (this.#fills.has(operator) && alpha > 0.9 && !isBlended) {
      const kind = isRectangle && !isClippedToShape ? 'rectangle' : 'shape';
      this.#addArea(around, { color: isRectangle ? fill : null, index, kind });
    }
    if (!isClip) return;
    const { clip } = this.#state;
    this.#set({
      clip: clip === null ? around : intersect(clip, around),
      isClippedToShape: isClippedToShape || !isRectangle,
    });
  }

  #addArea(box: Box, area: Omit<Area, 'box'>): void {
    this.#drawn += 1;
    const { clip } = this.#state;
    const painted = clip === null ? box : intersect(box, clip);
    if (areaOf(painted) >= MIN_AREA) this.areas.push({ box: painted, ...area });
  }
}

function toNumber(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function isGlyph(value: unknown): value is { unicode: string; width: number; isSpace?: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  return 'unicode' in value && typeof value.unicode === 'string' && 'width' in value && typeof value.width === 'number';
}

/** A move, three or four lines, and the end (13 to 16 numbers). */
function isRectanglePath(value: unknown): boolean {
  const [path]: unknown[] = Array.isArray(value) ? value : [];
  return path instanceof Float32Array && path.length >= 13 && path.length <= 16;
}

/** The opacity of fills and the blend mode (ISO 32000-2 §8.4.5) in the entries of a graphics state, if it sets them. */
function graphicsStateIn(given: unknown): Partial<State> {
  const changes: Partial<State> = {};
  for (const entry of Array.isArray(given) ? given : []) {
    const [name, value]: unknown[] = Array.isArray(entry) ? entry : [];
    if (name === 'ca' && typeof value === 'number') changes.alpha = value;
    if (name === 'BM') changes.isBlended = value !== 'source-over';
  }
  return changes;
}
