/** Cuts texts to so many characters that people see. */
import { GLYPHLESS } from './glyphless.ts';

/** Takes the place of what was cut. */
const ELLIPSIS = '…';

/**
 * @param text what has no glyph is not counted, and left in: visible-text.ts removes and counts it
 * @returns at most `maxChars` visible characters, with the ellipsis
 */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  let seen = 0;
  /** Where the last character before the ellipsis ends. */
  let end = 0;
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (!GLYPHLESS.test(character)) seen += 1;
    if (seen > maxChars) return `${text.slice(0, end).trimEnd()}${ELLIPSIS}`;
    at += character.length;
    if (seen < maxChars) end = at;
  }
  return text;
}

/** Cuts the name of a file likewise, and keeps its extension. */
export function cutFileName(name: string, maxChars: number): string {
  const extension = /\.[^.]{1,12}$/.exec(name)?.[0] ?? '';
  const start = name.slice(0, name.length - extension.length);
  const cut = cutText(start, maxChars - extension.length);
  return `${cut}${extension}`;
}
