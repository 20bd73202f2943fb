/** Runs a search of the search tool, in the mail language or as IMAP SEARCH criteria, and describes what it finds. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import { type FoundMessage, type FoundPage, findMessages, readNewest } from '../../mail/find/find-messages.ts';
import { explainNoHits, type NoHits } from '../../mail/find/no-hits.ts';
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import type { Page } from '../../mail/messages/list.ts';
import { type CompiledQuery, compileQuery, type SplitQuery, splitQuery } from '../../mail/query/compile-query.ts';
import { describeQuery } from '../../mail/query/describe-query.ts';
import { asCriteria, criteriaFault, parseQuery } from '../../mail/query/parse-query.ts';
import type { QueryNode } from '../../mail/query/query.ts';
import type { SearchKey } from '../../mail/search/parse.ts';
import type { Rights } from '../tool.ts';
import type { MailSession } from './mail-session.ts';
import { type MessagePage, MessageRow } from './rows/message-rows.ts';
import { nextPage, type RowOptions, toRows } from './rows/row-page.ts';
import { type Scope, searchScope } from './search-mailboxes.ts';
import { notSearchedText } from './search-report.ts';
import { searchWaiting } from './search-waiting.ts';

export interface SearchRequest extends RowOptions {
  folder?: string | undefined;
  query: string;
  page: number;
  /** Absent: as many as usual, and fewer of what waits. */
  perPage: number | undefined;
  /** False: only UIDs. */
  withEnvelopes: boolean;
}

/** For the search in all mailboxes. */
const SEARCH_MS = 8_000;
/** Messages on a page unless the caller says. */
const PER_PAGE = { usual: 20, waiting: 9 };
/** Rows of the closest combination of terms. */
const MAX_CLOSEST = 5;

/** Fields that say what was searched. */
export const ScopeFields = {
  searched: z.string().optional().describe('The folders of a search over several.'),
  not_searched: z.string().optional().describe('Folders that were not searched, and why.'),
  read_as: z.string().optional().describe('How the query was read, times in UTC.'),
};

/** Fields of a result without messages. */
export const NoHitFields = {
  alone: z
    .record(z.string(), z.number())
    .optional()
    .describe('If nothing was found: how many messages each term finds alone.'),
  closest: z
    .object({ query: z.string(), count: z.number(), messages: z.array(MessageRow) })
    .optional()
    .describe('If nothing was found: what most of the terms find together.'),
};

/** @throws {ToolError} that names the word of the query that is wrong */
export async function searchByQuery(request: SearchRequest, session: MailSession, rights: Rights) {
  const { query, withEnvelopes: withMessages } = request;
  const endsAt = performance.now() + SEARCH_MS;
  const { split, criteria } = readQuery(query, session);
  const page = {
    page: request.page,
    perPage: request.perPage ?? (split.isWaiting ? PER_PAGE.waiting : PER_PAGE.usual),
  };
  if (split.isWaiting) return searchWaiting({ ...request, page, split, endsAt }, session, rights);
  const scope = await searchScope({ ...split.folders, folder: request.folder }, session);
  if (scope.isWide && !withMessages) throw new ToolError(ONE_FOLDER);
  const compileNode = (node: QueryNode, imap: ImapConnection) =>
    compileQuery(node, { own: session.ownAddresses, isGmail: imap.has('X-GM-EXT-1') });
  const compile = (imap: ImapConnection): CompiledQuery =>
    criteria === null ? compileNode(split.rest, imap) : { wide: criteria, check: null };
  const { mailboxes } = scope;
  const found = await findMessages(session.readImap, { mailboxes, compile, page, endsAt, withMessages });
  const shown = await describeFound(found, { request, page, scope }, session, rights);
  const readAs = criteria === null ? describeQuery(split.rest) : undefined;
  const fault = criteria === null ? criteriaFault(query) : undefined;
  const words = fault === undefined ? '' : `Read as words. As IMAP SEARCH criteria: ${fault}`;
  const warning = [words, shown.warning ?? ''].filter((text) => text !== '').join(' ');
  const read = { ...shown, ...(readAs !== undefined && { read_as: readAs }), ...(warning !== '' && { warning }) };
  if (found.count > 0 || criteria !== null) return read;
  const explained = await explainNoHits(session.readImap, split.rest, { mailboxes, compile: compileNode, endsAt });
  return { ...read, ...(await describeNoHits(explained, { request, page, scope }, session, rights)) };
}

const ONE_FOLDER = 'with_envelopes: false takes one folder, because a uid alone does not name a message of several.';

/** Criteria are all that has to match; the rest of `split` is empty then. */
export function readQuery(
  query: string,
  { now, timeZone }: MailSession,
): { split: SplitQuery; criteria: SearchKey[] | null } {
  const criteria = asCriteria(query);
  if (criteria === undefined) return { split: splitQuery(parseQuery(query, { now: now(), timeZone })), criteria: null };
  const folders = { named: [], excluded: [], isAnywhere: false };
  return { split: { folders, isWaiting: false, rest: { kind: 'and', nodes: [] } }, criteria };
}

interface Asked {
  request: SearchRequest;
  page: Page;
  scope: Scope;
}

async function describeFound(found: FoundPage, asked: Asked, session: MailSession, rights: Rights) {
  const { page, scope, request } = asked;
  const { count, uidValidity, notSearched } = found;
  const { rows, warnings } = await rowsOf(found.messages, asked, session, rights);
  const missed = notSearchedText(notSearched);
  const all = [
    ...(found.isDoubtful ? [MAY_MISS_SOME] : []),
    ...(found.isTextIgnored ? [TEXT_IGNORED] : []),
    ...warnings,
  ];
  return {
    ...(scope.isWide ? { searched: scope.inWords } : { folder: scope.inWords }),
    ...(!scope.isWide && uidValidity !== null && { uid_validity: uidValidity }),
    ...(missed !== undefined && { not_searched: missed }),
    ...{ count, page: page.page, per_page: page.perPage },
    ...nextPage(count, page),
    ...(request.withEnvelopes ? { messages: rows } : { uids: found.uids }),
    ...(all.length > 0 && { warning: all.join(' ') }),
  };
}

/** @returns rows in the order of the messages */
async function rowsOf(
  messages: readonly FoundMessage[],
  { request, scope }: Asked,
  session: MailSession,
  rights: Rights,
) {
  const byMailbox = Map.groupBy(messages, ({ mailbox }) => mailbox);
  const pages = [...byMailbox].map(([mailbox, own]): MessagePage => {
    const role = scope.isWide ? scope.mailboxes.find(({ path }) => path === mailbox)?.role : undefined;
    const page = { mailbox, uidValidity: own[0]?.uidValidity ?? '', messages: own.map(({ message }) => message) };
    return role === undefined ? page : { ...page, role };
  });
  const { rows, warnings } = await toRows(pages, { ...request, areNamed: scope.isWide }, session, rights);
  const inPages = pages.flatMap((page) => page.messages);
  const rowOf = new Map(rows.map((row, index) => [inPages[index], row]));
  return { rows: messages.flatMap(({ message }) => rowOf.get(message) ?? []), warnings };
}

async function describeNoHits(explained: NoHits | null, asked: Asked, session: MailSession, rights: Rights) {
  if (explained === null) return {};
  const { alone, closest } = explained;
  const counts = { alone: Object.fromEntries(alone.map(({ written, count }) => [written, count])) };
  if (closest === null) return counts;
  const messages = await readNewest(session.readImap, closest.found, MAX_CLOSEST);
  const { rows } = await rowsOf(messages, asked, session, rights);
  return { ...counts, closest: { query: closest.query, count: closest.found.count, messages: rows } };
}

export const MAY_MISS_SOME =
  'The mail server found nothing at first and these messages when it was asked once more, so it may miss others. Look with list_mail_messages too.';

const TEXT_IGNORED =
  'The mail server ignores the text of a search: these messages match the other criteria only, and perhaps none has the text. Search by date, flag or size, and look for the text in the rows.';
