/**
 * Splits the text of an unsent message into what its author has written, the signature and the quotation.
 *
 * Time is linear in the length of the text.
 */
import { introductionStart, isQuoted, startsQuotation } from './quotations.ts';

export interface DraftSegment {
  kind: 'own' | 'signature' | 'quote';
  lines: string[];
}

/** A longer block below `--` is no signature. */
const MAX_SIGNATURE_LINES = 12;

/** @returns in the order of the text; joined by line ends they are the text */
export function splitDraft(text: string): DraftSegment[] {
  const lines = text.split('\n');
  const segments: DraftSegment[] = [];
  let own: string[] = [];
  const endOwn = () => {
    segments.push(...splitOwn(own));
    own = [];
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (startsQuotation(lines, at)) {
      endOwn();
      segments.push({ kind: 'quote', lines: lines.slice(at) });
      return segments;
    }
    if (!isQuoted(line)) {
      own.push(line);
      continue;
    }
    const quote = own.splice(introductionStart(own));
    endOwn();
    while (at < lines.length && isQuoted(lines[at] ?? '')) {
      quote.push(lines[at] ?? '');
      at += 1;
    }
    at -= 1;
    segments.push({ kind: 'quote', lines: quote });
  }
  endOwn();
  return segments;
}

/** The last line of its kind begins the signature (RFC 3676 §4.3). */
function splitOwn(lines: string[]): DraftSegment[] {
  const start = lines.findLastIndex((line) => line === '-- ' || line === '--');
  const isSignature = start >= 0 && lines.slice(start).join('\n').trim().split('\n').length <= MAX_SIGNATURE_LINES;
  if (!isSignature) return lines.length === 0 ? [] : [{ kind: 'own', lines }];
  return [
    ...(start === 0 ? [] : [{ kind: 'own' as const, lines: lines.slice(0, start) }]),
    { kind: 'signature', lines: lines.slice(start) },
  ];
}

/** The text with other words of its author: in the place of the first ones, on top if there are none. */
export function withNewText(text: string, newText: string): string {
  const segments = splitDraft(text);
  const isBlank = ({ kind, lines }: DraftSegment) => kind === 'own' && lines.every((line) => line.trim() === '');
  const place = Math.max(
    0,
    segments.findIndex((segment) => segment.kind === 'own' && !isBlank(segment)),
  );
  const kept = segments.map(({ kind, lines }) => (kind === 'own' ? '' : trimmed(lines)));
  return [...kept.slice(0, place), newText.trim(), ...kept.slice(place)].filter((part) => part !== '').join('\n\n');
}

/** Without empty lines at both ends. Blanks stay: those of `-- ` have a meaning. */
function trimmed(lines: readonly string[]): string {
  const isFilled = (line: string) => line.trim() !== '';
  const start = lines.findIndex(isFilled);
  return start < 0 ? '' : lines.slice(start, lines.findLastIndex(isFilled) + 1).join('\n');
}
