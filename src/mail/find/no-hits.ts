/** Explains why a query finds nothing: how many messages each term finds alone, and which terms together find some. */
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import type { WithConnection } from '../messages/list.ts';
import { type CompiledQuery, conjunctsOf } from '../query/compile-query.ts';
import { writtenOf, writtenTermsOf } from '../query/describe-query.ts';
import type { QueryNode } from '../query/query.ts';
import { evaluate, type FoundByQuery } from './evaluate.ts';

export interface NoHits {
  /** Messages that each term finds alone, by the term as it was written. `isAtLeast`: not all were looked at. */
  alone: { written: string; count: number; isAtLeast: boolean }[];
  /** As many of the terms as find something together; null if each alone finds nothing, there is only one, or they find too much to compare. */
  closest: { query: string; found: FoundByQuery } | null;
}

export interface NoHitsRequest {
  mailboxes: readonly SearchedMailbox[];
  compile: (node: QueryNode, imap: ImapConnection) => CompiledQuery;
  endsAt: number;
}

/** Queries with more terms are not explained. */
const MAX_TERMS = 12;
/** Conjuncts of which all combinations are tried; of more, only each alone. */
const MAX_COMBINED = 8;
/** Ranges of UIDs of all conjuncts together, so that the combinations take milliseconds. */
const MAX_RANGES = 20_000;

/** @returns null if there are too many terms, or no time */
export async function explainNoHits(
  withConnection: WithConnection,
  node: QueryNode,
  { mailboxes, compile, endsAt }: NoHitsRequest,
): Promise<NoHits | null> {
  const terms = writtenTermsOf(node);
  const conjuncts = conjunctsOf(node);
  if (terms.size > MAX_TERMS || conjuncts.length > MAX_TERMS) return null;
  const nodes = [...new Set([...terms.values(), ...conjuncts])];
  const asked = { mailboxes, endsAt, rowsEach: 0 };
  const compileAll = (imap: ImapConnection) => nodes.map((each) => compile(each, imap));
  const { queries, notSearched } = await evaluate(withConnection, { ...asked, compile: compileAll });
  if (notSearched.some(({ why }) => why === 'time')) return null;
  const found = new Map(nodes.flatMap((each, index) => (queries[index] ? [[each, queries[index]] as const] : [])));
  const alone = [...terms].map(([written, each]) => {
    const { count = 0, isCut = false } = found.get(each) ?? {};
    return { written, count, isAtLeast: isCut };
  });
  const parts = conjuncts.flatMap((each) => {
    const own = found.get(each);
    return own === undefined || own.count === 0 ? [] : [{ node: each, found: own }];
  });
  return { alone, closest: conjuncts.length < 2 ? null : closestOf(parts, conjuncts.length) };
}

interface Part {
  node: QueryNode;
  found: FoundByQuery;
}

/** The largest combination that finds something; of several of one size that with the fewest messages. */
function closestOf(parts: readonly Part[], count: number): NoHits['closest'] {
  const ranges = parts.flatMap(({ found }) => found.in.map(({ uids }) => uids.rangeCount));
  if (ranges.reduce((sum, each) => sum + each, 0) > MAX_RANGES) return null;
  for (let size = Math.min(parts.length, count - 1); size > 0; size -= 1) {
    const combinations = parts.length <= MAX_COMBINED || size === 1 ? combinationsOf(parts, size) : [];
    const found = combinations
      .map((each) => ({ each, found: intersectionOf(each) }))
      .filter((each) => each.found.count > 0)
      .sort((a, b) => a.found.count - b.found.count);
    const [best] = found;
    if (best !== undefined) {
      return { query: best.each.map(({ node }) => writtenOf(node)).join(' '), found: best.found };
    }
  }
  return null;
}

function combinationsOf(parts: readonly Part[], size: number): Part[][] {
  if (size === 0) return [[]];
  return parts.flatMap((part, index) =>
    combinationsOf(parts.slice(index + 1), size - 1).map((others) => [part, ...others]),
  );
}

function intersectionOf([first, ...others]: readonly Part[]): FoundByQuery {
  const each = (first?.found.in ?? []).map(({ path, uidValidity, uids }) => {
    const both = others.reduce((left, { found }) => {
      const other = found.in.find((mailbox) => mailbox.path === path)?.uids;
      return other === undefined ? left : left.without(left.without(other));
    }, uids);
    return { path, uidValidity, uids: both };
  });
  return { in: each, count: each.reduce((sum, { uids }) => sum + uids.count, 0), isCut: false };
}
