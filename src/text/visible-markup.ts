/** Removes from HTML what people cannot see, written as a character or as a character reference. */
import { GLYPHLESS } from './glyphless.ts';
import { characterOf } from './link-hosts.ts';
import { type VisibleText, visibleText } from './visible-text.ts';

/** Names of characters without a glyph (HTML §13.5). */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['shy', '\u00ad'],
  ['zwj', '\u200d'],
  ['zwnj', '\u200c'],
  ['lrm', '\u200e'],
  ['rlm', '\u200f'],
  ['ZeroWidthSpace', '\u200b'],
  ['NegativeVeryThinSpace', '\u200b'],
  ['NegativeThinSpace', '\u200b'],
  ['NegativeMediumSpace', '\u200b'],
  ['NegativeThickSpace', '\u200b'],
  ['NoBreak', '\u2060'],
  ['ApplyFunction', '\u2061'],
  ['af', '\u2061'],
  ['InvisibleTimes', '\u2062'],
  ['it', '\u2062'],
  ['InvisibleComma', '\u2063'],
  ['ic', '\u2063'],
]);

/** A number may begin with any number of zeros. */
const REFERENCE = new RegExp(
  `&(?:#(x0*[0-9a-f]{1,6}(?![0-9a-f])|0*[0-9]{1,7}(?![0-9]));?|(${[...NAMES.keys()].join('|')});|(shy);?)`,
  'gi',
);

/** Numbers of controls that are shown as a character of windows-1252 (HTML §13.2.5.80). */
const WINDOWS_1252 = /[\u0080\u0082-\u008c\u008e\u0091-\u009c\u009e\u009f]/;

export function visibleMarkup(html: string): VisibleText {
  const decoded = html.replace(
    REFERENCE,
    (reference, ...groups: (string | undefined)[]) => hiddenBy(groups) ?? reference,
  );
  const { text, hidden } = visibleText(decoded);
  // What stood on both sides of a removed character may be a reference now, and is no other text for people.
  const visible = text.replace(REFERENCE, (reference, ...groups: (string | undefined)[]) =>
    hiddenBy(groups) === undefined ? reference : `&amp;${reference.slice(1)}`,
  );
  return { text: visible, hidden };
}

/** The character without a glyph that a reference means; undefined for any other reference. */
function hiddenBy([digits, name, bare]: readonly (string | undefined)[]): string | undefined {
  const character = digits === undefined ? NAMES.get(name ?? bare ?? '') : characterOf(digits);
  if (character === undefined || !GLYPHLESS.test(character)) return undefined;
  return digits !== undefined && WINDOWS_1252.test(character) ? undefined : character;
}
