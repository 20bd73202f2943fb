/**
 * Classifies the characters that people cannot see, by their Unicode properties: controls, formats, surrogates without a partner, private use,
 * unassigned ones, and those that a program ignores when it cannot show them (UAX #44, Default_Ignorable_Code_Point).
 */

/**
 * Left out: tab and line feed; the prepended signs of Arabic, Syriac and Kaithi, which are formats with a glyph; and pictures of a later
 * Unicode version. Beside the properties: two characters whose glyph is empty.
 */
const GLYPHLESS_CLASS = String.raw`[[\p{C}\p{Default_Ignorable_Code_Point}\u{1d159}\u{16fe4}\ufffc\u2800]--[\t\n\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}]--\p{Extended_Pictographic}]`;

/** Blanks other than tab and line feed. */
const BLANK_CLASS = String.raw`[\p{Zs}]`;

export const GLYPHLESS = new RegExp(GLYPHLESS_CLASS, 'v');

/** A run of characters without a glyph, and of the blanks between and after them. */
export const GLYPHLESS_RUN = new RegExp(`${GLYPHLESS_CLASS}(?:${GLYPHLESS_CLASS}|${BLANK_CLASS})*`, 'gv');

/**
 * `blank`: shown as a blank. `written`: may change how its neighbours are written, see isWritten(). `certain`: a Unicode tag, which is a second
 * ASCII that nothing shows, or an override, which reverses what is shown; no honest text has them. `direction`: a mark, embedding or isolate,
 * which text from right to left needs (UAX #9). `padding`: what newsletters fill their preview line with. `break`: a place for a line
 * break, or for none. `nothing`: the place of an object.
 */
export type Glyphless = 'blank' | 'written' | 'certain' | 'direction' | 'padding' | 'break' | 'nothing' | 'other';

export const EMPTY_BRAILLE = '\u2800';

/** Tags and overrides. */
export const CERTAIN = /[\u{e0000}-\u{e007f}\u202d\u202e]/u;

const KINDS: readonly (readonly [Glyphless, RegExp])[] = [
  ['blank', /[\p{Zs}\u2800]/u],
  ['written', /\u200c|\u200d|[\u180b-\u180f]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/u],
  ['certain', CERTAIN],
  ['direction', /[\u200e\u200f\u061c\u202a-\u202c\u2066-\u2069]/u],
  ['padding', /[\u034f\u00ad\ufeff]/u],
  ['break', /[\u200b\u2060]/u],
  ['nothing', /\ufffc/u],
];

/** Kinds by character; there are few, and a text may have a million of them. */
const known = new Map<string, Glyphless>();

/** @param character a blank, or one without a glyph */
export function kindOf(character: string): Glyphless {
  const kind = known.get(character) ?? KINDS.find(([, characters]) => characters.test(character))?.[0] ?? 'other';
  if (known.size < 1_000) known.set(character, kind);
  return kind;
}

export const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/** Scripts that are written without blanks between words, where U+200B allows a line break. */
export const WITHOUT_BLANKS = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;

export const LETTER = /[\p{L}\p{N}]/u;

/** The flag that three sequences of tags turn into those of England, Scotland and Wales. */
export const FLAG = '\u{1f3f4}';
export const FLAG_TAGS =
  /^\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}/u;

/** Scripts in which U+200C and U+200D change how a word is written (Unicode 23.2, RFC 5892 appendix A). */
const JOINING_SCRIPT = new RegExp(
  `[${'Arab Syrc Mong Nkoo Mand Phag Mani Rohg Sogd Adlm Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt Thai Laoo Java Bali Sund Batk Lepc Limb Cham Mtei Cakm Kthi Shrd Tirh Modi Newa'
    .split(' ')
    .map((script) => `\\p{scx=${script}}`)
    .join('')}]`,
  'u',
);
const PICTURE = /\p{Extended_Pictographic}/u;
const JOINABLE_PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}]|\ufe0f/u;

/**
 * True for a character without a glyph that changes how its neighbours are written: joiners in scripts that need them and between pictures,
 * one variation selector after a character that has variants, and the separators of Mongolian.
 *
 * @param before the character before it, empty at the start
 */
export function isWritten(character: string, before: string, after: string): boolean {
  if (before === '' || GLYPHLESS.test(after))
    return character === '\ufe0f' && PICTURE.test(before) && after === '\u200d';
  if (character === '\u200c') return JOINING_SCRIPT.test(before) && JOINING_SCRIPT.test(after);
  if (character === '\u200d') {
    return JOINING_SCRIPT.test(before) || (JOINABLE_PICTURE.test(before) && PICTURE.test(after));
  }
  if (/[\ufe0e\ufe0f]/.test(character)) return /[0-9#*]/.test(before) ? after === '\u20e3' : /\p{Emoji}/u.test(before);
  if (/[\ufe00-\ufe0d]/.test(character)) return hasVariant(before, character);
  // No ideograph has more variants registered (UTS #37); the other selectors could be letters of a message.
  if (/[\u{e0100}-\u{e011f}]/u.test(character)) return /\p{Script=Han}/u.test(before);
  return /[\u180b-\u180f]/.test(character) && /\p{Script=Mongolian}/u.test(before);
}

/** Standardized variation sequences (StandardizedVariants.txt): three of ideographs, one of mathematical signs and of two scripts. */
function hasVariant(base: string, selector: string): boolean {
  if (/\p{Script=Han}/u.test(base)) return /[\ufe00-\ufe02]/.test(selector);
  return selector === '\ufe00' && base > '\u007f' && /[\p{Sm}\p{Script=Myanmar}\p{Script=Phags_Pa}]/u.test(base);
}
