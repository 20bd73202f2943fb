/** Reads which styles of a Word document hide text, and which text people cannot see: hidden, tiny, or in the colour of what is behind it. */
import { type Attributes, readXmlEntry, type XmlReader } from './xml.ts';
import type { Zip } from './zip.ts';

/** What is set of the look of a text; what is absent is inherited. */
export interface Look {
  isVanished?: boolean;
  /** Of the text: six hexadecimal digits, or `auto`. */
  color?: string;
  /** Behind the text, likewise. */
  fill?: string;
  halfPoints?: number;
}

export interface WordStyles {
  /** The look of a style, with what it inherits. */
  lookOf(id: string | undefined): Look;
  /** True if the style of a table has a dark background anywhere, on which white text can be seen. */
  hasDarkFill(id: string): boolean;
  defaults: Look;
}

interface Style {
  basedOn: string | undefined;
  look: Look;
  hasDarkFill: boolean;
}

const MAX_STYLES = 5_000;
const MAX_INHERITED = 20;
/** 3.5 points are about 5 pixels. */
const MAX_TINY_HALF_POINTS = 7;

export function readWordStyles(zip: Zip): WordStyles {
  const reader = new StyleReader();
  readXmlEntry(zip, 'word/styles.xml', reader);
  const { styles, defaults } = reader;
  return {
    defaults,
    lookOf(id) {
      const looks: Look[] = [];
      let next = id;
      for (let count = 0; next !== undefined && count < MAX_INHERITED; count += 1) {
        const style = styles.get(next);
        if (style === undefined) break;
        looks.unshift(style.look);
        next = style.basedOn;
      }
      return Object.assign({}, ...looks);
    },
    hasDarkFill: (id) => styles.get(id)?.hasDarkFill ?? false,
  };
}

class StyleReader implements XmlReader {
  readonly styles = new Map<string, Style>();
  readonly defaults: Look = {};
  #style: Style | null = null;
  #isInDefaults = false;

  get isDone(): boolean {
    return this.styles.size > MAX_STYLES;
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'docDefaults') this.#isInDefaults = true;
    if (name === 'style') {
      this.#style = { basedOn: undefined, look: {}, hasDarkFill: false };
      this.styles.set(attributes.styleId ?? '', this.#style);
    }
    if (name === 'basedOn' && this.#style !== null) this.#style.basedOn = attributes.val;
    if (name === 'shd' && this.#style !== null && isDark(attributes.fill)) this.#style.hasDarkFill = true;
    const look = this.#isInDefaults ? this.defaults : this.#style?.look;
    if (look !== undefined) addToLook(look, name, attributes);
  }

  close(name: string): void {
    if (name === 'docDefaults') this.#isInDefaults = false;
    if (name === 'style') this.#style = null;
  }
}

/** Adds an element of the properties of a run (ECMA-376 §17.3.2) to a look. */
export function addToLook(look: Look, name: string, attributes: Attributes): void {
  const { val } = attributes;
  if (name === 'vanish') look.isVanished = isOn(val);
  if (name === 'color' && val !== undefined) look.color = val;
  if (name === 'shd' && attributes.fill !== undefined) look.fill = attributes.fill;
  if (name === 'highlight' && val !== undefined) look.fill = val === 'white' || val === 'none' ? 'FFFFFF' : '808080';
  if (name === 'sz' && val !== undefined) look.halfPoints = Number(val);
}

function isOn(value: string | undefined): boolean {
  return !/^(?:0|false|off)$/.test(value ?? '');
}

/** @param isFillUnknown true in shapes and tables whose background is not known */
export function isSeen(look: Look, isFillUnknown: boolean): boolean {
  if (look.isVanished === true) return false;
  if (look.halfPoints !== undefined && look.halfPoints <= MAX_TINY_HALF_POINTS) return false;
  if (isFillUnknown && look.fill === undefined) return true;
  const color = levelsOf(look.color) ?? [0, 0, 0];
  const fill = levelsOf(look.fill) ?? [255, 255, 255];
  return color.some((level, index) => Math.abs(level - (fill[index] ?? 0)) > 16);
}

function isDark(color: string | undefined): boolean {
  return levelsOf(color)?.some((level) => level < 0xe0) ?? false;
}

/** @returns red, green and blue; null for `auto` and names */
function levelsOf(color: string | undefined): number[] | null {
  const digits = /^(?:[\da-f]{2})?([\da-f]{6})$/i.exec(color ?? '')?.[1];
  if (digits === undefined) return null;
  return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}
