/** Writes a query as it was read, with brackets and computed times, and its terms as they were written. */
import type { QueryNode, Term } from './query.ts';

/** @returns undefined if the query can be read in one way only, and has no times */
export function describeQuery(node: QueryNode): string | undefined {
  return isPlain(node) ? undefined : write(node, describeTerm, true);
}

/** As it was written, with brackets where they are needed. */
export function writtenOf(node: QueryNode): string {
  return write(node, (_, written) => written, false);
}

/** The terms by how they were written, each once. */
export function writtenTermsOf(node: QueryNode): Map<string, QueryNode> {
  if (node.kind === 'term') return new Map([[node.written, node]]);
  const children = node.kind === 'not' ? [node.node] : node.nodes;
  return new Map(children.flatMap((child) => [...writtenTermsOf(child)]));
}

function isPlain(node: QueryNode): boolean {
  switch (node.kind) {
    case 'term':
      return node.term.key !== 'time' && !isLowerCaseOperator(node.term);
    case 'not':
      return node.node.kind === 'term' && isPlain(node.node);
    case 'and':
      return node.nodes.every(
        (child, index) =>
          child.kind !== 'or' && child.kind !== 'and' && isPlain(child) && !mayBelongTo(node.nodes[index - 1], child),
      );
    case 'or':
      return node.nodes.every((child) => child.kind === 'term' && isPlain(child));
  }
}

/** `or` between two words is a word, but may have been meant as OR. */
function isLowerCaseOperator(term: Term): boolean {
  return term.key === 'text' && /^(?:or|and|not)$/i.test(term.text);
}

/** True for the second word of `subject:annual report`, which may have been meant for the subject. */
function mayBelongTo(before: QueryNode | undefined, node: QueryNode): boolean {
  if (before?.kind !== 'term' || node.kind !== 'term') return false;
  const isOfText = 'text' in before.term && before.term.key !== 'text';
  return isOfText && node.term.key === 'text' && !node.written.startsWith('"');
}

type WriteTerm = (term: Term, written: string) => string;

function write(node: QueryNode, writeTerm: WriteTerm, isTop: boolean): string {
  switch (node.kind) {
    case 'term':
      return writeTerm(node.term, node.written);
    case 'not':
      return `NOT ${write(node.node, writeTerm, false)}`;
    default: {
      const joint = node.kind === 'and' ? ' AND ' : ' OR ';
      const text = node.nodes.map((child) => write(child, writeTerm, false)).join(joint);
      return isTop ? text : `(${text})`;
    }
  }
}

function describeTerm(term: Term, written: string): string {
  if (term.key !== 'time') return written;
  const { start, end } = term;
  if (start === null) return end === null ? 'any time' : `before ${inUtc(end)}`;
  return end === null ? `from ${inUtc(start)}` : `from ${inUtc(start)} to before ${inUtc(end)}`;
}

function inUtc(instant: number): string {
  return new Date(instant).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
