/** Prints lines of a fixed width, in colour where people read them. */

/** Columns of the widest line that is not a command to copy. */
export const WIDTH = 80;

/** Codes that begin and end a style (ECMA-48 §8.3.117). */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

type Style = keyof typeof CODES;

export interface Terminal {
  print(line?: string): void;
  style(style: Style, text: string): string;
}

/** Whether escape codes are wanted: FORCE_COLOR decides, then NO_COLOR, then whether `stream` is a terminal. */
export function wantsColour(env: NodeJS.ProcessEnv, { isTTY }: { isTTY?: boolean }): boolean {
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR);
  return isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

export function createTerminal(write: (text: string) => void, isColoured: boolean): Terminal {
  return {
    print: (line = '') => write(`${line}\n`),
    style(style, text) {
      const [begin, end] = CODES[style];
      return isColoured && text !== '' ? `\x1b[${begin}m${text}\x1b[${end}m` : text;
    },
  };
}

/** Puts words into lines of at most `width` characters; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The text, or its beginning and `…`. */
export const shorten = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}…`;
