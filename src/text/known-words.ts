/** Knows sequences of words, so that text that repeats them is recognized however its lines are broken. */

/** Words of a sequence. */
const LENGTH = 4;
/** Letters and digits; each character of the scripts that have no blanks. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{M}\p{N}])+/gu;
/** Links, addresses in angle brackets and names of pictures: programs write them in different ways where they quote. */
const LINK =
  /<[^<>\s]{1,2000}>|\b(?:https?|mailto|tel):[^\s<>]+|\bwww\.[^\s<>]+|\[(?:image|cid|inline)\b[^[\]]{0,300}\]/giu;
const MAX_LINE_CHARS = 20_000;

/** @returns a number for each word of the line; none if it has no word */
export function wordsOf(line: string): number[] {
  const plain = line.slice(0, MAX_LINE_CHARS).normalize('NFKC').toLowerCase().replace(LINK, ' ');
  return (plain.match(WORD) ?? []).map(hashOf);
}

export class KnownWords {
  readonly #sequences = new Set<number>();
  /** Lines that have fewer words than a sequence. */
  readonly #lines = new Set<number>();

  /** @param lines words of each line of a text, as wordsOf() returns them */
  add(lines: readonly (readonly number[])[]): void {
    const words = lines.flat();
    for (let at = 0; at + LENGTH <= words.length; at += 1) this.#sequences.add(sequenceAt(words, at));
    for (const line of lines) if (line.length > 0 && line.length < LENGTH) this.#lines.add(combined(line));
  }

  /** @returns for each line whether all of its words are known in their order. A line without words is */
  knows(lines: readonly (readonly number[])[]): boolean[] {
    const words = lines.flat();
    const known = new Uint8Array(words.length);
    for (let at = 0; at + LENGTH <= words.length; at += 1) {
      if (this.#sequences.has(sequenceAt(words, at))) known.fill(1, at, at + LENGTH);
    }
    let start = 0;
    return lines.map((line) => {
      const own = known.subarray(start, start + line.length);
      start += line.length;
      return own.every((isKnown) => isKnown === 1) || (line.length < LENGTH && this.#lines.has(combined(line)));
    });
  }
}

/** FNV-1a. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash;
}

function sequenceAt(words: readonly number[], at: number): number {
  let hash = 0;
  for (let next = at; next < at + LENGTH; next += 1) hash = Math.imul(hash, 31) + (words[next] ?? 0);
  return mixed(hash);
}

function combined(words: readonly number[]): number {
  return mixed(words.reduce((hash, word) => Math.imul(hash, 31) + word, words.length));
}

function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return half ^ (half >>> 13);
}
