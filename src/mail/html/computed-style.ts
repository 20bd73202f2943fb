/**
 * Computes of the style of an element what decides whether people see its text, in a window of the width of a desktop.
 *
 * Invariant: what is unknown counts as visible, so that no text of an honest message is lost.
 */
import { colord, extend, type RgbaColor } from 'colord';
import names from 'colord/plugins/names';
import type { Element } from 'domhandler';
import type { Declaration, StyleSheets } from './style-sheets.ts';

extend([names]);

/** What its children inherit, and what of it they are seen against. */
export interface Style {
  /** False: nothing of the element or its children is shown. */
  isDisplayed: boolean;
  /** False: its own text is not shown; that of a child may be (`visibility: visible`). */
  isVisible: boolean;
  display: string | undefined;
  /** Of the element and all around it. */
  opacity: number;
  fontSizePx: number;
  color: RgbaColor;
  /** Null: a picture, or unknown. */
  background: RgbaColor | null;
  whiteSpace: string;
  isStruckOut: boolean;
  /** Custom properties (CSS Variables §2). */
  variables: ReadonlyMap<string, string>;
}

export const INITIAL_STYLE: Style = {
  isDisplayed: true,
  isVisible: true,
  display: 'block',
  opacity: 1,
  fontSizePx: 16,
  color: { r: 0, g: 0, b: 0, a: 1 },
  background: { r: 255, g: 255, b: 255, a: 1 },
  whiteSpace: 'normal',
  isStruckOut: false,
  variables: new Map(),
};

/** Smaller text cannot be read. */
const MIN_FONT_PX = 5;
const MIN_OPACITY = 0.1;
/** Colours that differ less look the same. */
const MIN_COLOR_DIFFERENCE = 10;
/** A box of at most this size shows no letter. */
const MAX_HIDDEN_BOX_PX = 1;
/** Farther outside of the window nothing is shown. */
const OFF_SCREEN_PX = 500;

export function computeStyle(element: Element, parent: Style, sheets: StyleSheets): Style {
  const declarations = [...presentationalHints(element), ...sheets.declarationsOf(element)];
  const variables = variablesOf(declarations, parent.variables);
  const declared = new Map<string, string>();
  for (const declaration of declarations) {
    const { property, value } = declaration;
    if (property.startsWith('--')) continue;
    const isVariable = value.includes('var(');
    const set = isVariable ? longhands(property, substituted(value, variables)) : knownLonghands(declaration);
    for (const [name, each] of set) declared.set(name, each);
  }
  const opacity = parent.opacity * opacityOf(declared.get('opacity')) * filteredOpacity(declared.get('filter'));
  const fill = colorOf(declared.get('-webkit-text-fill-color'));
  const isPainted = isPaintedByBackground(declared);
  return {
    isDisplayed: opacity >= MIN_OPACITY && !isHiding(element, declared),
    isVisible: isVisible(declared.get('visibility'), parent),
    display: declared.get('display'),
    opacity,
    fontSizePx: lengthOf(declared.get('font-size'), parent.fontSizePx) ?? parent.fontSizePx,
    color: isPainted ? INITIAL_STYLE.color : (fill ?? colorOf(declared.get('color')) ?? parent.color),
    background: isPainted ? null : backgroundOf(declared, parent.background),
    whiteSpace: declared.get('white-space') ?? parent.whiteSpace,
    isStruckOut: parent.isStruckOut || (declared.get('text-decoration-line') ?? '').includes('line-through'),
    variables,
  };
}

/** True if letters show the background, such as a gradient (CSS Backgrounds 4 §3.2). */
function isPaintedByBackground(declared: ReadonlyMap<string, string>): boolean {
  const clip = declared.get('background-clip') ?? declared.get('-webkit-background-clip') ?? '';
  return /\btext\b/.test(clip) && (declared.get('background-image') ?? 'none') !== 'none';
}

/** True if nothing of the element is shown, nor of its children. */
function isHiding({ name }: Element, declared: ReadonlyMap<string, string>): boolean {
  const display = declared.get('display') ?? (INLINE.test(name) ? 'inline' : 'block');
  if (display === 'none' || declared.get('content-visibility') === 'hidden') return true;
  // A size applies to boxes only (CSS 2.2 §10), and that of a table grows with its contents.
  const isBox = display !== 'inline' && !/^table/.test(display) && !/^(?:table|tbody|thead|tfoot|tr|td|th)$/.test(name);
  return (isBox && isEmptyBox(declared)) || isOffScreen(declared) || isClipped(declared);
}

const INLINE =
  /^(?:a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|label|mark|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var)$/;

function isVisible(visibility: string | undefined, parent: Style): boolean {
  if (visibility === undefined || !/^(?:visible|initial|hidden|collapse)$/.test(visibility)) return parent.isVisible;
  return visibility === 'visible' || visibility === 'initial';
}

const MAX_VARIABLES = 500;
const MAX_SUBSTITUTIONS = 5;

function variablesOf(
  declarations: readonly Declaration[],
  inherited: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const own = declarations.filter(({ property }) => property.startsWith('--'));
  if (own.length === 0 || inherited.size + own.length > MAX_VARIABLES) return inherited;
  return new Map([...inherited, ...own.map(({ property, value }) => [property, value] as const)]);
}

function substituted(value: string, variables: ReadonlyMap<string, string>): string {
  let text = value;
  for (let n = 0; n < MAX_SUBSTITUTIONS && text.includes('var(') && text.length <= MAX_VALUE_CHARS; n += 1) {
    text = text.replace(/var\(\s*(--[^\s,()]+)\s*(?:,([^()]*))?\)/g, (_all, name: string, otherwise?: string) =>
      (variables.get(name) ?? otherwise ?? '').trim(),
    );
  }
  return text;
}

const MAX_VALUE_CHARS = 1_000;

/** True if text directly in an element of this style can be read. */
export function showsText({ isVisible, fontSizePx, color, background }: Style): boolean {
  return isVisible && fontSizePx >= MIN_FONT_PX && color.a >= MIN_OPACITY && !isSameColor(color, background);
}

function isSameColor(color: RgbaColor, background: RgbaColor | null): boolean {
  if (background === null || color.a < 1) return false;
  return (['r', 'g', 'b'] as const).every(
    (channel) => Math.abs(color[channel] - background[channel]) < MIN_COLOR_DIFFERENCE,
  );
}

/** Attributes that set a style (HTML §15). They count less than every rule of a style sheet. */
function presentationalHints({ name, attribs }: Element): Declaration[] {
  const hint = (property: string, value: string | undefined) =>
    value === undefined ? [] : [{ property, value: value.trim().toLowerCase(), isImportant: false }];
  return [
    ...(attribs.hidden === undefined ? [] : hint('display', 'none')),
    ...hint('background-color', /^(?:body|table|tbody|thead|tfoot|tr|td|th)$/.test(name) ? attribs.bgcolor : undefined),
    ...hint('background-image', attribs.background === undefined ? undefined : 'url()'),
    ...hint('color', name === 'font' ? attribs.color : name === 'body' ? attribs.text : undefined),
    ...hint('text-decoration-line', /^(?:s|strike|del)$/.test(name) ? 'line-through' : undefined),
    ...hint('white-space', /^(?:pre|listing|xmp|textarea)$/.test(name) ? 'pre' : undefined),
    ...hint('color', name === 'a' && attribs.href !== undefined ? '#0000ee' : undefined),
  ];
}

const LONGHANDS = new WeakMap<Declaration, [string, string][]>();

/** A rule of a style sheet applies to many elements. */
function knownLonghands(declaration: Declaration): [string, string][] {
  const known = LONGHANDS.get(declaration) ?? longhands(declaration.property, declaration.value);
  LONGHANDS.set(declaration, known);
  return known;
}

/** Shorthands as what they set. A value that a browser would not accept keeps the declaration before it (CSS Syntax §9). */
function longhands(property: string, value: string): [string, string][] {
  switch (property) {
    case 'display':
      return /^[a-z-]+(?:\s+[a-z-]+)?$/.test(value) ? [[property, value]] : [];
    case 'background': {
      const color = value.split(/\s+(?![^(]*\))/).find((word) => colorOf(word) !== undefined);
      return [
        ['background-image', /url\(|gradient\(/.test(value) ? 'url()' : 'none'],
        ['background-color', color ?? 'transparent'],
      ];
    }
    case 'color':
    case '-webkit-text-fill-color':
    case 'background-color':
      return colorOf(value) === undefined && !/^(?:transparent|inherit|initial|unset|currentcolor)$/.test(value)
        ? []
        : [[property, value]];
    case 'font': {
      const size = /(?:^|\s)(0|[\d.]+(?:px|pt|em|rem|ex|ch|%|vw|vh|mm|cm|in|pc|q))(?=[\s/]|$)/.exec(value)?.[1];
      return size === undefined ? [] : [['font-size', size]];
    }
    case 'text-decoration':
      return [['text-decoration-line', value]];
    default:
      return [[property, value]];
  }
}

function colorOf(value: string | undefined): RgbaColor | undefined {
  if (value === undefined) return undefined;
  if (value === 'transparent') return { r: 0, g: 0, b: 0, a: 0 };
  // HTML attributes may omit the number sign.
  const color = colord(/^[\da-f]{6}$/.test(value) ? `#${value}` : value);
  return color.isValid() ? color.toRgb() : undefined;
}

function backgroundOf(declared: ReadonlyMap<string, string>, around: RgbaColor | null): RgbaColor | null {
  const image = declared.get('background-image');
  if (image !== undefined && image !== 'none') return null;
  const color = colorOf(declared.get('background-color'));
  if (color === undefined || color.a === 0) return around;
  return color.a < 1 ? null : color;
}

/** `opacity()` in a list of filters (Filter Effects §8). */
function filteredOpacity(value: string | undefined): number {
  return opacityOf(/\bopacity\(\s*([\d.]+%?)\s*\)/.exec(value ?? '')?.[1]);
}

function opacityOf(value: string | undefined): number {
  if (value === undefined) return 1;
  const number = value.endsWith('%') ? Number.parseFloat(value) / 100 : Number(value);
  return Number.isFinite(number) ? Math.min(1, Math.max(0, number)) : 1;
}

const PX_OF_UNIT: Readonly<Record<string, number>> = { px: 1, pt: 4 / 3, pc: 16, in: 96, cm: 37.8, mm: 3.78, q: 0.94 };

/** @param emPx font size for relative units @returns pixels; undefined for `auto` and what depends on the window */
function lengthOf(value: string | undefined, emPx = 16): number | undefined {
  const [, number = '', unit = ''] = /^(-?[\d.]+)(px|pt|pc|in|cm|mm|q|em|rem|ex|ch|%)?$/.exec(value ?? '') ?? [];
  const amount = Number.parseFloat(number);
  if (Number.isNaN(amount)) return undefined;
  if (amount === 0) return 0;
  if (unit === 'rem') return 16 * amount;
  if (unit === 'em') return emPx * amount;
  if (unit === '%') return (emPx * amount) / 100;
  if (unit === 'ex' || unit === 'ch') return (emPx * amount) / 2;
  const px = PX_OF_UNIT[unit];
  return px === undefined ? undefined : amount * px;
}

/** A box that cuts off what does not fit, and is too small for a letter. */
function isEmptyBox(declared: ReadonlyMap<string, string>): boolean {
  const cuts = ['overflow', 'overflow-x', 'overflow-y'].some((property) =>
    /hidden|clip/.test(declared.get(property) ?? ''),
  );
  if (!cuts) return false;
  return ['width', 'height', 'max-width', 'max-height'].some((property) => {
    const value = declared.get(property);
    if (value?.endsWith('%') === true) return Number.parseFloat(value) === 0;
    const length = lengthOf(value);
    return length !== undefined && length <= MAX_HIDDEN_BOX_PX;
  });
}

function isOffScreen(declared: ReadonlyMap<string, string>): boolean {
  const isFar = (property: string) => (lengthOf(declared.get(property)) ?? 0) <= -OFF_SCREEN_PX;
  const isPositioned = /^(?:absolute|fixed|relative)$/.test(declared.get('position') ?? '');
  if (isPositioned && ['left', 'right', 'top', 'bottom'].some(isFar)) return true;
  if (isFar('text-indent') || isFar('margin-left')) return true;
  const transform = declared.get('transform') ?? '';
  return /scale[xy]?\(\s*0(?:\.0+)?\s*[,)]/.test(transform) || /translate[xy]?\([^)]*-\d{4,}/.test(transform);
}

function isClipped(declared: ReadonlyMap<string, string>): boolean {
  const isPositioned = /^(?:absolute|fixed)$/.test(declared.get('position') ?? '');
  const clip =
    /^rect\(([^)]*)\)$/
      .exec(declared.get('clip') ?? '')?.[1]
      ?.trim()
      .split(/[\s,]+/) ?? [];
  if (isPositioned && clip.length === 4 && clip.every((edge) => (lengthOf(edge) ?? OFF_SCREEN_PX) <= MAX_HIDDEN_BOX_PX))
    return true;
  return /^(?:inset\(\s*(?:[5-9]\d|100)%|circle\(\s*0|polygon\(\s*0 0(?:\s*,\s*0 0)*\s*\))/.test(
    declared.get('clip-path') ?? '',
  );
}
