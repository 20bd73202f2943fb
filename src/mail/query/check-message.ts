/** Decides whether a query means a message of which SEARCH is not certain, by its time of arrival and its files. */
import type { QueryCheck } from './compile-query.ts';
import type { QueryNode, Term } from './query.ts';

/** Facts about one message that SEARCH does not know. */
export interface MessageFacts {
  uid: number;
  /** INTERNALDATE, in milliseconds since 1970; null if it is not known. */
  arrivedAt: number | null;
  /** Names and media types, lower case. */
  files: readonly { name: string; type: string }[];
  /** True for an invitation to an event. */
  isInvite: boolean;
}

/**
 * True if the query means a message that `wide` found.
 *
 * @param isIn true if the search for that part found the message
 */
export function isMeant(
  check: QueryCheck,
  facts: MessageFacts,
  isIn: (part: QueryNode, uid: number) => boolean,
): boolean {
  const evaluate = (node: QueryNode): boolean => {
    if (check.settled.has(node)) return true;
    if (check.parts.has(node)) return isIn(node, facts.uid);
    switch (node.kind) {
      case 'term':
        return isTermMeant(node.term, facts);
      case 'not':
        return !evaluate(node.node);
      case 'and':
        return node.nodes.every(evaluate);
      case 'or':
        return node.nodes.some(evaluate);
    }
  };
  return evaluate(check.node);
}

/** @param term one that SEARCH does not decide */
function isTermMeant(term: Term, { arrivedAt, files, isInvite }: MessageFacts): boolean {
  switch (term.key) {
    case 'time':
      if (arrivedAt === null) return false;
      return (term.start === null || arrivedAt >= term.start) && (term.end === null || arrivedAt < term.end);
    case 'filename':
      return files.some(({ name }) =>
        name.normalize('NFC').toLowerCase().includes(term.text.normalize('NFC').toLowerCase()),
      );
    case 'has':
      if (term.content === 'invite' && isInvite) return true;
      return files.some(({ name, type }) => HAS[term.content](name.toLowerCase(), type));
    default:
      return false;
  }
}

const HAS: Readonly<Record<Extract<Term, { key: 'has' }>['content'], (name: string, type: string) => boolean>> = {
  attachment: () => true,
  pdf: (name, type) => type === 'application/pdf' || name.endsWith('.pdf'),
  invite: (name, type) => type === 'text/calendar' || type === 'application/ics' || name.endsWith('.ics'),
};
