/** Draws the output of the demo as an SVG: text as text, in the monospace font of the reader's system. */
import { stripVTControlCharacters } from 'node:util';
import { WIDTH } from './terminal.ts';

const LOOKS = {
  light: {
    ground: '#ffffff',
    frame: '#d0d7de',
    text: '#1f2328',
    1: '#1f2328',
    2: '#59636e',
    31: '#b3261e',
    32: '#116329',
    33: '#7d4e00',
    36: '#0550ae',
  },
  dark: {
    ground: '#0d1117',
    frame: '#3d444d',
    text: '#e6edf3',
    1: '#ffffff',
    2: '#9198a1',
    31: '#ff9a92',
    32: '#57d364',
    33: '#e3b341',
    36: '#79c0ff',
  },
} as const;

type Look = keyof typeof LOOKS;

const FONT_SIZE = 14;
const LINE_HEIGHT = 19;
const PADDING = 18;
/** Of one character, in most monospace fonts. */
const COLUMN = FONT_SIZE * 0.602;

const TITLE = 'mail-mcp at work';
const DESCRIPTION =
  'The output of npm run demo: calls of tools with their answers and times, and what was checked at the mail servers after each.';

/** @param output of the demo, with escape codes */
export function drawTerminal(output: string, look: Look): string {
  const lines = pictured(output);
  const width = Math.ceil(WIDTH * COLUMN + 2 * PADDING);
  const height = lines.length * LINE_HEIGHT + 2 * PADDING;
  const { ground, frame, text } = LOOKS[look];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${TITLE}</title>`,
    `<desc id="desc">${DESCRIPTION}</desc>`,
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="${ground}" stroke="${frame}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="${FONT_SIZE}" fill="${text}">`,
    ...lines.flatMap((line, index) => drawLine(line, PADDING + (index + 0.75) * LINE_HEIGHT, look)),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** The lines from the first request on: ports and addresses of this run come before. */
function pictured(output: string): string[] {
  const lines = output.trimEnd().split('\n');
  const start = lines.findIndex((line) => stripVTControlCharacters(line).startsWith('> '));
  return lines.slice(Math.max(0, start));
}

function drawLine(line: string, y: number, look: Look): string[] {
  if (line === '') return [];
  return [`<text x="${PADDING}" y="${y}">${drawSpans(line, look)}</text>`];
}

/** A style that begins, its code, and what is in it. Styles are not nested. */
const STYLED = /\p{Cc}\[(\d+)m(\P{Cc}*)\p{Cc}\[\d+m/gu;

function drawSpans(line: string, look: Look): string {
  const pieces = line.split(STYLED);
  return pieces
    .map((piece, index) => {
      if (index % 3 === 1) return '';
      const fill = index % 3 === 2 ? colourOf(pieces[index - 1] ?? '', look) : undefined;
      const bold = pieces[index - 1] === '1' && index % 3 === 2 ? ' font-weight="bold"' : '';
      return fill === undefined ? escapeXml(piece) : `<tspan fill="${fill}"${bold}>${escapeXml(piece)}</tspan>`;
    })
    .join('');
}

function colourOf(code: string, look: Look): string {
  const colour = new Map(Object.entries(LOOKS[look])).get(code);
  if (colour === undefined) throw new Error(`There is no colour for the code ${code}`);
  return colour;
}

/** SVG joins blanks. */
const NO_BREAK = '\u00a0';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const escapeXml = (text: string): string =>
  text
    .replace(/[&<>]/g, (one) => ENTITIES[one] ?? one)
    .replace(/^ | {2,}/g, (blanks) => NO_BREAK.repeat(blanks.length));

/** The words of a picture, or of an output, without times and other numbers that each run measures anew. */
export function wordsOf(text: string): string[] {
  const isPicture = text.startsWith('<svg');
  const plain = isPicture
    ? [...text.matchAll(/<text[^>]*>(.*)<\/text>/g)].map(([, spans = '']) => unescapeXml(spans.replace(/<[^>]+>/g, '')))
    : pictured(text);
  return plain
    .map((line) =>
      line
        .replace(/\s*[\d.,]+ (?:ms · [\d,]+ tokens|s\.)/, ' …')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '');
}

const unescapeXml = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
