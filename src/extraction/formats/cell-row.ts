/** Writes rows of a table as lines of cells that are separated by tabs. */
import type { TextSink } from './text-sink.ts';

/** Columns behind this one are written one after the other, without the empty ones between them. */
const MAX_COLUMN = 256;

export class CellRow {
  readonly #sink: TextSink;
  #written = 0;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  /** @param column from 1 on; columns that are skipped stay empty */
  add(column: number, text: string): void {
    const at = Math.min(column, MAX_COLUMN);
    const gap = Math.max(this.#written === 0 ? 0 : 1, at - Math.max(this.#written, 1));
    this.#sink.add(`${'\t'.repeat(gap)}${oneCell(text)}`);
    this.#written = Math.max(at, this.#written);
  }

  end(): void {
    this.#written = 0;
    this.#sink.endLine();
  }
}

function oneCell(text: string): string {
  return text.replace(/[\s\u2028\u2029]+/g, ' ').trim();
}
