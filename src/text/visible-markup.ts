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

const REFERENCE = new RegExp(`&(?:#(x[0-9a-f]{1,6}|[0-9]{1,7});?|(${[...NAMES.keys()].join('|')});|(shy);?)`, 'gi');

export function visibleMarkup(html: string): VisibleText {
  const decoded = html.replace(REFERENCE, (reference, digits?: string, name?: string, bare?: string) => {
    const character = digits === undefined ? NAMES.get(name ?? bare ?? '') : characterOf(digits);
    return character !== undefined && GLYPHLESS.test(character) ? character : reference;
  });
  return visibleText(decoded);
}
