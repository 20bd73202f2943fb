/** Reads tables of separated values (RFC 4180) with commas, semicolons or tabs, and writes them with tabs. */
import { CellRow } from './cell-row.ts';
import type { TextSink } from './text-sink.ts';

const SEPARATORS = [',', ';', '\t', '|'];
/** Lines by which the separator is found. */
const MAX_SAMPLE_CHARS = 16 * 1024;

export function readDelimited(text: string, sink: TextSink): void {
  const declared = /^sep=(.)\r?\n/i.exec(text);
  const separator = declared?.[1] ?? separatorOf(text.slice(0, MAX_SAMPLE_CHARS));
  const row = new CellRow(sink);
  let column = 1;
  let cell = '';
  let at = declared?.[0].length ?? 0;
  const endCell = () => {
    if (cell !== '') row.add(column, cell);
    cell = '';
    column += 1;
  };
  while (at < text.length && !sink.isFull) {
    if (text[at] === '"' && cell.trim() === '') {
      const { value, next } = quotedCell(text, at);
      cell = value;
      at = next;
    }
    const end = endOfCell(text, at, separator);
    cell += text.slice(at, end);
    endCell();
    if (text[end] !== separator) {
      row.end();
      column = 1;
    }
    at = end + (text.startsWith('\r\n', end) ? 2 : 1);
  }
  if (at < text.length) sink.stop();
}

function quotedCell(text: string, start: number): { value: string; next: number } {
  let value = '';
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { value: value + text.slice(at), next: text.length };
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { value, next: quote + 1 };
    value += '"';
    at = quote + 2;
  }
}

function endOfCell(text: string, start: number, separator: string): number {
  let at = start;
  while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at += 1;
  return at;
}

/** The separator that most lines have equally often. */
function separatorOf(sample: string): string {
  const lines = sample
    .split(/\r\n?|\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, 20);
  const scores = SEPARATORS.map((separator) => {
    const counts = lines.map((line) => line.replace(/"[^"]*"/g, '').split(separator).length - 1);
    const first = counts[0] ?? 0;
    return { separator, score: first === 0 ? 0 : counts.filter((count) => count === first).length * 100 + first };
  });
  return scores.reduce((best, each) => (each.score > best.score ? each : best)).separator;
}
