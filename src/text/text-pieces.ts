/** Divides the text of a message into what its author wrote and what it quotes, in order. */
import { signatureStart } from './new-text.ts';
import { introductionLength, introductionStart, isQuoted, startsQuotation } from './quotations.ts';

export interface TextPiece {
  /**
   * - `own`: what the author wrote
   * - `signature`: below a signature line, or added by a program
   * - `introduction`: says who wrote the quotation that follows, or is its header
   * - `marked`: a quotation, each line of it marked by `>`
   * - `unmarked`: everything below a header or an introduction, to the end of the text. The author may have written between its lines
   */
  kind: 'own' | 'signature' | 'introduction' | 'marked' | 'unmarked';
  /** As they are in the text; at least one. */
  lines: string[];
}

/** @param lines of plain text, or of text made from HTML @returns pieces that have all lines */
export function piecesOf(lines: readonly string[]): TextPiece[] {
  const end = lines.findIndex((_, index) => startsQuotation(lines, index));
  const pieces = markedPieces(end < 0 ? lines : lines.slice(0, end));
  if (end < 0) return pieces;
  const rest = lines.slice(end);
  const length = Math.max(1, introductionLength(rest));
  return [...pieces, ...filled('introduction', rest.slice(0, length)), ...filled('unmarked', rest.slice(length))];
}

/** Quotations and what is between them. An empty line within a quotation belongs to it. */
function markedPieces(lines: readonly string[]): TextPiece[] {
  const pieces: TextPiece[] = [];
  let start = 0;
  for (let at = 0; at < lines.length; ) {
    if (!isQuoted(lines[at] ?? '')) {
      at += 1;
      continue;
    }
    const end = quotationEnd(lines, at);
    const before = lines.slice(start, at);
    const introduction = introductionStart(before);
    pieces.push(
      ...ownPieces(before.slice(0, introduction)),
      ...filled('introduction', before.slice(introduction)),
      ...filled('marked', lines.slice(at, end)),
    );
    start = end;
    at = end;
  }
  return [...pieces, ...ownPieces(lines.slice(start))];
}

/** Behind the last line that is quoted, of lines that are quoted or empty. */
function quotationEnd(lines: readonly string[], start: number): number {
  let end = start + 1;
  for (let at = end; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (isQuoted(line)) end = at + 1;
    else if (line.trim() !== '') break;
  }
  return end;
}

function ownPieces(lines: readonly string[]): TextPiece[] {
  const end = signatureStart(lines);
  return [...filled('own', lines.slice(0, end)), ...filled('signature', lines.slice(end))];
}

function filled(kind: TextPiece['kind'], lines: readonly string[]): TextPiece[] {
  return lines.some((line) => line.trim() !== '') ? [{ kind, lines: [...lines] }] : [];
}
