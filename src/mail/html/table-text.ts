/** Writes tables: those of data row by row with their columns, those that only arrange other contents as those contents. */
import type { Element } from 'domhandler';
import type { Style } from './computed-style.ts';
import { isElement } from './parse-html.ts';
import { struckOut, type TextBuilder } from './text-builder.ts';

/** A longer text in a cell, or one of more lines, is no datum. */
const MAX_CELL_CHARS = 300;
const MAX_CELL_LINES = 4;
const MAX_SPAN = 50;

/** What a table needs of the conversion that it is part of. */
export interface CellRenderer {
  render(node: Element, style: Style, builder: TextBuilder): void;
  /** The style of an element, whose parent has the style `around`. */
  styleOf(element: Element, around: Style): Style;
  /** Text of an element on its own: no line of it belongs to what is around it. */
  textWithin(element: Element, style: Style): string;
}

interface Cell {
  text: string;
  columns: number;
  rows: number;
}

/** @param style of the table */
export function tableText(table: Element, style: Style, builder: TextBuilder, renderer: CellRenderer): void {
  const rows: Cell[][] = [];
  for (const { row, style: rowStyle } of rowsOf(table, style, builder, renderer)) {
    const cells: Cell[] = [];
    for (const cell of row.children) {
      if (!isElement(cell)) continue;
      const own = renderer.styleOf(cell, rowStyle);
      if (!own.isDisplayed) renderer.render(cell, rowStyle, builder);
      else cells.push(toCell(cell, { style: own, around: rowStyle }, renderer));
    }
    rows.push(cells);
  }
  const isData = isDataTable(rows);
  for (const cells of isData ? inColumns(rows) : rows) {
    builder.block();
    if (isData) builder.add(rowText(cells), 'keep');
    else addContents(cells, builder);
  }
}

function toCell(cell: Element, { style, around }: { style: Style; around: Style }, renderer: CellRenderer): Cell {
  const text = renderer.textWithin(cell, style);
  return {
    text: style.isStruckOut && !around.isStruckOut ? struckOut(text) : text,
    columns: spanOf(cell.attribs.colspan),
    rows: spanOf(cell.attribs.rowspan),
  };
}

/** The rows that are shown, with their style; the caption and what is not shown are passed to the renderer. */
function* rowsOf(
  table: Element,
  style: Style,
  builder: TextBuilder,
  renderer: CellRenderer,
): Generator<{ row: Element; style: Style }> {
  for (const child of table.children) {
    if (!isElement(child)) continue;
    const own = renderer.styleOf(child, style);
    if (!own.isDisplayed || !/^(?:tr|tbody|thead|tfoot)$/.test(child.name)) renderer.render(child, style, builder);
    else if (child.name === 'tr') yield { row: child, style: own };
    else yield* rowsOf(child, own, builder, renderer);
  }
}

/** True if at least two rows have two cells with text, and no cell has more than a few short lines. */
function isDataTable(rows: readonly Cell[][]): boolean {
  const isShort = ({ text }: Cell) => text.length <= MAX_CELL_CHARS && text.split('\n').length <= MAX_CELL_LINES;
  const full = rows.filter((cells) => cells.filter(({ text }) => text !== '').length > 1);
  return full.length > 1 && rows.every((cells) => cells.every(isShort));
}

/** Every cell in its column: those that span several are followed by empty ones. */
function inColumns(rows: readonly Cell[][]): Cell[][] {
  const empty: Cell = { text: '', columns: 1, rows: 1 };
  /** Rows that a cell above still spans, by column. */
  const spanned: number[] = [];
  return rows.flatMap((cells) => {
    const placed: Cell[] = [];
    const skip = () => {
      while ((spanned[placed.length] ?? 0) > 0) {
        spanned[placed.length] = (spanned[placed.length] ?? 0) - 1;
        placed.push(empty);
      }
    };
    for (const cell of cells) {
      skip();
      for (let n = 0; n < cell.columns; n += 1) {
        spanned[placed.length] = cell.rows - 1;
        placed.push(n === 0 ? cell : empty);
      }
    }
    skip();
    return placed.every(({ text }) => text === '') ? [] : [placed];
  });
}

function rowText(cells: readonly Cell[]): string {
  return cells.map(({ text }) => text.replace(/\s*\n\s*/g, ' / ')).join(' | ');
}

/** Short contents side by side stay in one line; all others follow one another. */
function addContents(cells: readonly Cell[], builder: TextBuilder): void {
  const full = cells.map(({ text }) => text).filter((text) => text !== '');
  const areShort = full.every((text) => !text.includes('\n') && text.length <= MAX_CELL_CHARS);
  for (const text of areShort ? [full.join(' | ')] : full) {
    builder.block();
    builder.add(text, 'keep');
  }
}

function spanOf(value: string | undefined): number {
  const span = Number.parseInt(value ?? '1', 10);
  return Number.isNaN(span) ? 1 : Math.min(MAX_SPAN, Math.max(1, span));
}
