/** Escapes in names what people cannot see, reversibly: `\u{200B}` for a character, `\u{5C}` for a backslash that would begin an escape. */
import { GLYPHLESS, isWritten } from './glyphless.ts';

const ESCAPE = /\\u\{([0-9A-Fa-f]{1,6})\}/g;

/** Line and paragraph separators have no glyph either, a name has no line breaks, and a no-break space looks like a space. */
const BREAK = /[\t\n\u2028\u2029]|(?![ \u3000])\p{Zs}/u;

/** A blank at an end, or after another one, that people would not see. */
const UNSEEN_BLANK = /^[ \u3000]|[ \u3000]$|[ \u3000]{2}/u;

/** More marks on one letter than a text shows. */
const MANY_MARKS = /[\p{Mn}\p{Me}]{10}/u;

/** @returns the name as tools return it, and as unescapeName() reads it. A name that is all visible is not changed */
export function escapeName(name: string): string {
  const isPlain = [GLYPHLESS, BREAK, UNSEEN_BLANK, MANY_MARKS].every((unseen) => !unseen.test(name));
  if (isPlain && !name.includes('\\u{')) return name;
  const characters = [...name];
  let before = '';
  let marks = 0;
  return characters
    .map((character, index) => {
      const after = characters[index + 1] ?? '';
      marks = /[\p{Mn}\p{Me}]/u.test(character) ? marks + 1 : 0;
      const isUnseenBlank = /[ \u3000]/.test(character) && (before === '' || after === '' || /[ \u3000]/.test(before));
      const isSeen =
        (!(GLYPHLESS.test(character) || BREAK.test(character)) || isWritten(character, before, after)) &&
        !(isUnseenBlank || marks > 9);
      before = character;
      return isSeen && !(character === '\\' && after === 'u' && characters[index + 2] === '{')
        ? character
        : escapeOf(character);
    })
    .join('');
}

/** Equal for names that look the same: in another form of Unicode, of another width, or with joiners and blanks that nothing shows. */
export function looksOf(name: string): string {
  return name.normalize('NFKC').replace(new RegExp(GLYPHLESS, 'gv'), '').replace(/\s+/g, ' ').trim();
}

/** Escapes everything beside ASCII, so that names show their difference that look the same. */
export function spellName(name: string): string {
  return [...escapeName(name)].map((character) => (character > '~' ? escapeOf(character) : character)).join('');
}

/** The name that escapeName() or spellName() was given. What is no escape stays as it is. */
export function unescapeName(shown: string): string {
  return shown.replace(ESCAPE, (written, digits: string) => {
    const code = Number.parseInt(digits, 16);
    return code > 0x10ffff ? written : String.fromCodePoint(code);
  });
}

function escapeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
}
