/**
 * Compiles the mail language to SEARCH keys (RFC 9051 §6.4.4).
 *
 * SEARCH has no times, names of files or kinds of attachments. So a query becomes a search that finds every message it means, and a check of those
 * of which the search is not certain.
 */
import { ToolError } from '../../errors.ts';
import { isKeyword, type SearchKey } from '../search/keys.ts';
import { searchDate } from '../search/search-date.ts';
import type { QueryNode, Term } from './query.ts';

export interface CompiledQuery {
  /** Finds every message that the query means. */
  wide: SearchKey[];
  /** Null if the search finds no other message. */
  check: QueryCheck | null;
}

/** The mailboxes that `in:` names. */
export interface FolderChoice {
  /** Roles or paths; empty if none is named. */
  named: string[];
  excluded: string[];
  /** True for `in:anywhere`: Trash and Junk too. */
  isAnywhere: boolean;
}

export interface QueryCheck {
  node: QueryNode;
  /** Of the messages that `wide` finds, those that this search finds too are meant for certain. Null: none. */
  sure: SearchKey[] | null;
  /** Parts of the query that SEARCH decides, each with its keys. A search for each is needed to decide the others. */
  parts: ReadonlyMap<QueryNode, SearchKey>;
  /** Parts that hold for every message that `wide` finds. */
  settled: ReadonlySet<QueryNode>;
  needsTimes: boolean;
  needsFiles: boolean;
}

/** What the meaning of a query depends on. */
export interface CompileContext {
  /** Addresses of the account owner, which `me` means. */
  own: readonly string[];
  /** True for servers with X-GM-EXT-1. */
  isGmail: boolean;
}

/** A query without the terms that are about mailboxes and conversations. */
export interface SplitQuery {
  folders: FolderChoice;
  /** True for `is:waiting`. */
  isWaiting: boolean;
  rest: QueryNode;
}

const MAX_PARTS = 20;

/** @param node without `in:` and `is:waiting` */
export function compileQuery(node: QueryNode, context: CompileContext): CompiledQuery {
  const { wide, isExact } = boundsOf(node, context);
  const wideKeys = toKeys(wide) ?? [NOTHING];
  if (isExact) return { wide: wideKeys, check: null };
  const found = { parts: new Map<QueryNode, SearchKey>(), settled: new Set<QueryNode>() };
  collectParts(node, context, { ...found, isConjunct: true });
  const { parts, settled } = found;
  if (parts.size > MAX_PARTS) throw new ToolError('This query has too many alternatives. Search for each of them.');
  const terms = termsOf(node);
  const needsTimes = terms.some(({ key }) => key === 'time');
  const needsFiles = terms.some(({ key }) => key === 'has' || key === 'filename');
  const unsettled = conjunctsOf(node).filter((conjunct) => !settled.has(conjunct));
  const sure = toKeys(allOf(unsettled.map((conjunct) => boundsOf(conjunct, context).sure)));
  return { wide: wideKeys, check: { node, sure, parts, settled, needsTimes, needsFiles } };
}

export function conjunctsOf(node: QueryNode): QueryNode[] {
  return node.kind === 'and' ? node.nodes.flatMap(conjunctsOf) : [node];
}

function termsOf(node: QueryNode): Term[] {
  if (node.kind === 'term') return [node.term];
  return node.kind === 'not' ? termsOf(node.node) : node.nodes.flatMap(termsOf);
}

const NOTHING: SearchKey = { key: 'NOT', operand: { key: 'ALL' } };

/**
 * Takes `in:` and `is:waiting` out of the clauses that all have to match.
 *
 * @throws {ToolError} where they stand beside OR or within a negation, where they have no meaning
 */
export function splitQuery(root: QueryNode): SplitQuery {
  const folders: FolderChoice = { named: [], excluded: [], isAnywhere: false };
  let isWaiting = false;
  const rest: QueryNode[] = [];
  for (const clause of conjunctsOf(root)) {
    const inFolders = foldersOf(clause);
    if (inFolders !== undefined) folders.named.push(...inFolders);
    else if (clause.kind === 'not' && foldersOf(clause.node) !== undefined)
      folders.excluded.push(...(foldersOf(clause.node) ?? []));
    else if (clause.kind === 'term' && isWaitingTerm(clause.term)) isWaiting = true;
    else rest.push(clause);
  }
  for (const node of rest) refuseMisplaced(node);
  if (folders.named.some(isAnywhere))
    Object.assign(folders, { isAnywhere: true, named: folders.named.filter((name) => !isAnywhere(name)) });
  const [first] = rest;
  return { folders, isWaiting, rest: rest.length === 1 && first !== undefined ? first : { kind: 'and', nodes: rest } };
}

const isAnywhere = (name: string) => name.toLowerCase() === 'anywhere';
const isWaitingTerm = (term: Term) => term.key === 'is' && term.state === 'waiting';

/** The mailboxes of `in:a` or of `in:a OR in:b`; undefined for anything else. */
function foldersOf(node: QueryNode): string[] | undefined {
  if (node.kind === 'term') return node.term.key === 'in' ? [node.term.folder] : undefined;
  if (node.kind !== 'or') return undefined;
  const all = node.nodes.map(foldersOf);
  return all.every((folders) => folders !== undefined) ? all.flat() : undefined;
}

function refuseMisplaced(node: QueryNode): void {
  if (node.kind === 'term') {
    if (node.term.key === 'in')
      throw new ToolError(
        `${node.written} must stand alone or be negated, not beside OR. Search once for each alternative.`,
      );
    if (isWaitingTerm(node.term)) throw new ToolError('is:waiting cannot be negated or stand beside OR.');
    return;
  }
  for (const child of node.kind === 'not' ? [node.node] : node.nodes) refuseMisplaced(child);
}

/** A search key, or one that finds all or no messages. */
type Bound = SearchKey | 'all' | 'none';

interface Bounds {
  wide: Bound;
  sure: Bound;
  isExact: boolean;
}

function boundsOf(node: QueryNode, context: CompileContext): Bounds {
  switch (node.kind) {
    case 'term':
      return boundsOfTerm(node.term, context);
    case 'not': {
      const { wide, sure, isExact } = boundsOf(node.node, context);
      return { wide: negated(sure), sure: negated(wide), isExact };
    }
    default: {
      const all = node.nodes.map((child) => boundsOf(child, context));
      const join = node.kind === 'and' ? allOf : anyOf;
      return {
        wide: join(all.map(({ wide }) => wide)),
        sure: join(all.map(({ sure }) => sure)),
        isExact: all.every(({ isExact }) => isExact),
      };
    }
  }
}

function boundsOfTerm(term: Term, context: CompileContext): Bounds {
  const exact = exactKey(term, context);
  if (exact !== undefined) return { wide: exact, sure: exact, isExact: true };
  if (term.key === 'time') return { ...timeBounds(term), isExact: false };
  return { wide: 'all', sure: 'none', isExact: false };
}

/** @returns undefined if SEARCH has no key for it */
function exactKey(term: Term, context: CompileContext): Bound | undefined {
  const { own, isGmail } = context;
  switch (term.key) {
    case 'text':
      return isGmail ? gmailKey(`"${withoutQuotes(term.text)}"`) : { key: 'TEXT', text: term.text };
    case 'from':
    case 'to':
    case 'cc':
    case 'bcc': {
      const keys = term.key === 'to' ? (['TO', 'CC'] as const) : [toKeyName(term.key)];
      const texts = 'isMe' in term ? own : [term.text];
      return anyOf(keys.flatMap((key) => texts.map((text) => ({ key, text }))));
    }
    case 'subject':
      return { key: 'SUBJECT', text: term.text };
    case 'body':
      return { key: 'BODY', text: term.text };
    case 'label':
      if (isGmail) return { key: 'X-GM-LABELS', text: term.name };
      if (isKeyword(term.name)) return { key: 'KEYWORD', flag: term.name };
      throw new ToolError(
        `${JSON.stringify(term.name)} cannot be a keyword on this mail server: keywords are ASCII without spaces. Use in: for a folder.`,
      );
    case 'has':
      return isGmail ? gmailKey(GMAIL_CONTENTS[term.content]) : undefined;
    case 'filename':
      return isGmail ? gmailKey(`filename:"${withoutQuotes(term.text)}"`) : undefined;
    case 'larger':
      return { key: 'LARGER', sizeBytes: term.sizeBytes };
    case 'smaller':
      return { key: 'SMALLER', sizeBytes: term.sizeBytes };
    case 'is':
      return stateKey(term.state, own);
    default:
      return undefined;
  }
}

/** In Gmail's own syntax. Words are compared whole. */
const gmailKey = (text: string): SearchKey => ({ key: 'X-GM-RAW', text });
const withoutQuotes = (text: string): string => text.replaceAll('"', ' ').trim();
const GMAIL_CONTENTS = { attachment: 'has:attachment', pdf: 'filename:pdf', invite: 'filename:ics' } as const;

const toKeyName = (key: 'from' | 'cc' | 'bcc') => (({ from: 'FROM', cc: 'CC', bcc: 'BCC' }) as const)[key];

function stateKey(state: Extract<Term, { key: 'is' }>['state'], own: readonly string[]): Bound | undefined {
  const isSent = () => anyOf(own.map((text) => ({ key: 'FROM', text }) as const));
  switch (state) {
    case 'unread':
      return { key: 'UNSEEN' };
    case 'read':
      return { key: 'SEEN' };
    case 'flagged':
      return { key: 'FLAGGED' };
    case 'answered':
      return { key: 'ANSWERED' };
    case 'newsletter':
      // An empty text matches any field of that name.
      return anyOf(['List-Unsubscribe', 'List-Id'].map((field) => ({ key: 'HEADER', field, text: '' }) as const));
    case 'sent':
      return isSent();
    case 'received':
      return negated(isSent());
    default:
      return undefined;
  }
}

const HOUR_MS = 3_600_000;
/** The date of a message is in any zone of the world (RFC 9051 §6.4.4): as far as these before and after UTC. */
const MAX_BEHIND_MS = 12 * HOUR_MS;
const MAX_AHEAD_MS = 14 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

function timeBounds({ start, end }: { start: number | null; end: number | null }): { wide: Bound; sure: Bound } {
  const since = (instant: number): SearchKey => ({ key: 'SINCE', date: searchDate(instant) });
  const before = (instant: number): SearchKey => ({ key: 'BEFORE', date: searchDate(instant) });
  const wide = [
    ...(start === null ? [] : [since(start - MAX_BEHIND_MS)]),
    ...(end === null ? [] : [before(end + MAX_AHEAD_MS + DAY_MS)]),
  ];
  const sure = [
    ...(start === null ? [] : [since(start + MAX_AHEAD_MS + DAY_MS - 1)]),
    ...(end === null ? [] : [before(end - MAX_BEHIND_MS)]),
  ];
  return { wide: allOf(wide), sure: allOf(sure) };
}

/** By De Morgan's laws, so that only single keys are negated: some servers get negated groups wrong. */
function negated(bound: Bound): Bound {
  if (bound === 'all') return 'none';
  if (bound === 'none') return 'all';
  switch (bound.key) {
    case 'NOT':
      return bound.operand;
    case 'AND':
      return anyOf(bound.operands.map(negated));
    case 'OR':
      return allOf([negated(bound.left), negated(bound.right)]);
    default:
      return { key: 'NOT', operand: bound };
  }
}

function allOf(bounds: readonly Bound[]): Bound {
  if (bounds.includes('none')) return 'none';
  // As parseSearch(): an AND has at least two operands, none of which is an AND.
  const keys = bounds.flatMap((bound) => (isKey(bound) ? (bound.key === 'AND' ? bound.operands : [bound]) : []));
  const { once, hasOpposites } = compared(keys);
  const [first] = once;
  if (hasOpposites) return 'none';
  if (first === undefined) return 'all';
  return once.length === 1 ? first : { key: 'AND', operands: once };
}

function anyOf(bounds: readonly Bound[]): Bound {
  if (bounds.includes('all')) return 'all';
  const keys = bounds.flatMap((bound) => (isKey(bound) ? alternativesOf(bound) : []));
  const { once, hasOpposites } = compared(keys);
  if (hasOpposites) return 'all';
  const alternatives = keptApart(once);
  const last = alternatives.at(-1);
  if (last === undefined) return 'none';
  return alternatives.slice(0, -1).reduceRight((right, left) => ({ key: 'OR', left, right }), last);
}

/** UNSEEN in other words: no message is smaller than one byte. */
const UNSEEN_APART: SearchKey = {
  key: 'NOT',
  operand: { key: 'OR', left: { key: 'SEEN' }, right: { key: 'SMALLER', sizeBytes: 1 } },
};
const FLAGS: ReadonlySet<string> = new Set(['ANSWERED', 'FLAGGED', 'SEEN']);

/** Dovecot 2.3 makes one key of several negated flags in an OR, and then finds nothing in a mailbox whose messages are all seen. */
function keptApart(alternatives: SearchKey[]): SearchKey[] {
  const isUnseen = (key: SearchKey) => key.key === 'UNSEEN' || (key.key === 'NOT' && key.operand.key === 'SEEN');
  const isNegated = (key: SearchKey) => isUnseen(key) || (key.key === 'NOT' && FLAGS.has(key.operand.key));
  if (alternatives.filter(isNegated).length < 2) return alternatives;
  return alternatives.map((key) => (isUnseen(key) ? UNSEEN_APART : key));
}

const isKey = (bound: Bound): bound is SearchKey => bound !== 'all' && bound !== 'none';

function alternativesOf(key: SearchKey): SearchKey[] {
  return key.key === 'OR' ? [...alternativesOf(key.left), ...alternativesOf(key.right)] : [key];
}

/** Each key once, and whether one of them is the negation of another. */
function compared(keys: readonly SearchKey[]): { once: SearchKey[]; hasOpposites: boolean } {
  const byText = new Map(keys.map((key) => [JSON.stringify(key), key]));
  const hasOpposites = keys.some((key) => key.key === 'NOT' && byText.has(JSON.stringify(key.operand)));
  return { once: [...byText.values()], hasOpposites };
}

/** @returns null if nothing can be found */
function toKeys(bound: Bound): SearchKey[] | null {
  if (bound === 'none') return null;
  if (bound === 'all') return [{ key: 'ALL' }];
  return bound.key === 'AND' ? bound.operands : [bound];
}

/** @param isConjunct true for a part that holds for every message that `wide` finds */
function collectParts(
  node: QueryNode,
  context: CompileContext,
  { isConjunct, parts, settled }: { isConjunct: boolean; parts: Map<QueryNode, SearchKey>; settled: Set<QueryNode> },
): void {
  const { wide, isExact } = boundsOf(node, context);
  if (isExact) {
    if (isConjunct) settled.add(node);
    else parts.set(node, wide === 'all' ? { key: 'ALL' } : wide === 'none' ? NOTHING : wide);
    return;
  }
  if (node.kind === 'term') return;
  const children = node.kind === 'not' ? [node.node] : node.nodes;
  for (const child of children)
    collectParts(child, context, { isConjunct: isConjunct && node.kind === 'and', parts, settled });
}
