/** Counts the hidden text that is worth a warning. */
import { withoutPadding } from '../../text/visible-text.ts';
import type { HiddenElement } from './html-text.ts';

/** The preview that newsletters hide at their start. */
const MAX_PREVIEW_CHARS = 250;
/** Of the words of a hidden element, those that are visible elsewhere: a layout for small windows repeats the text of the one for large ones. */
const REPEATED_SHARE = 0.8;

/**
 * @param hidden elements in the order of the message
 * @param visible the text that people see
 * @param isNewsletter true for a message with List-Unsubscribe
 * @returns letters and digits of hidden elements that say something else than the visible text
 */
export function hiddenLetters(hidden: readonly HiddenElement[], visible: string, isNewsletter: boolean): number {
  if (hidden.length === 0) return 0;
  const rest = hidden.slice(isNewsletter ? previewLength(hidden) : 0);
  return withoutRepeated(rest, visible).reduce((sum, { text }) => sum + (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0), 0);
}

/** The elements that say something else than the visible text. */
export function withoutRepeated(hidden: readonly HiddenElement[], visible: string): HiddenElement[] {
  if (hidden.length === 0) return [];
  const known = new Set(wordsOf(visible));
  return hidden.filter(({ text }) => !isRepeated(text, known));
}

/** How many elements at the start are the preview: one block may be several of them. */
function previewLength(hidden: readonly HiddenElement[]): number {
  let chars = 0;
  const end = hidden.findIndex(({ text, isAtStart }) => {
    chars += withoutPadding(text).trim().length;
    return !isAtStart || chars > MAX_PREVIEW_CHARS;
  });
  return end < 0 ? hidden.length : end;
}

function isRepeated(text: string, known: ReadonlySet<string>): boolean {
  const words = wordsOf(text);
  return words.filter((word) => known.has(word)).length >= words.length * REPEATED_SHARE;
}

function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}
