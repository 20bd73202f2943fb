/** Finds what waits for an answer of the account owner (`is:waiting`), and describes it to the model. */
import { ToolError } from '../../errors.ts';
import { evaluate, type FoundIn } from '../../mail/find/evaluate.ts';
import type { NotSearched } from '../../mail/find/find-messages.ts';
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import type { Page } from '../../mail/messages/list.ts';
import { compileQuery, conjunctsOf, type SplitQuery } from '../../mail/query/compile-query.ts';
import { describeQuery } from '../../mail/query/describe-query.ts';
import type { QueryNode } from '../../mail/query/query.ts';
import { findWaiting, type Waiting, type WaitingMessage } from '../../mail/thread/waiting.ts';
import { cutText } from '../../text/cut-text.ts';
import type { Rights } from '../tool.ts';
import type { MailSession } from './mail-session.ts';
import type { MessageRow } from './rows/message-rows.ts';
import { nextPage, type RowOptions, toRows } from './rows/row-page.ts';
import { type WaitingScope, waitingScope } from './search-mailboxes.ts';
import { notSearchedText } from './search-report.ts';

export interface WaitingQuery extends RowOptions {
  folder?: string | undefined;
  split: SplitQuery;
  page: Page;
  withEnvelopes: boolean;
  /** Instant of performance.now(). */
  endsAt: number;
}

/** Conversations are older than this only if the query names an earlier time. */
const WINDOW_DAYS = 30;
const DAY_MS = 86_400_000;

export async function searchWaiting(query: WaitingQuery, session: MailSession, rights: Rights) {
  const { split, page, endsAt } = query;
  if (!query.withEnvelopes) throw new ToolError('is:waiting returns rows: leave with_envelopes out.');
  const scope = await waitingScope({ ...split.folders, folder: query.folder }, session);
  const since = windowStart(split.rest, session.now());
  const { ownAddresses, trustedServers: trust, runJob } = session;
  const wanted = await wantedIn(scope, query, session);
  const waiting = await findWaiting(session.readImap, {
    ...{ since, trust, endsAt, ownAddresses, runJob },
    fullName: session.account.fullName,
    mailboxes: [...scope.mailboxes, ...scope.sent],
    isWanted: ({ mailbox, uid }) => wanted(mailbox, uid),
  });
  const shown = waiting.messages.slice((page.page - 1) * page.perPage, page.page * page.perPage);
  const { rows, warnings } = await rowsOf(shown, { query, scope }, session, rights);
  const [only] = scope.mailboxes;
  const missed = notSearchedText(waiting.notRead.map(({ mailbox, why }): NotSearched => ({ ...mailbox, why })));
  const all = [...warnings, ...warningsOf(waiting)];
  return {
    ...(scope.isWide || only === undefined ? { searched: scope.inWords } : { folder: only.path }),
    ...(missed !== undefined && { not_searched: missed }),
    read_as: readAs(split.rest, since),
    count: waiting.messages.length,
    ...nextPage(waiting.messages.length, page),
    messages: rows,
    ...restOf(waiting.messages.slice(page.page * page.perPage)),
    ...(all.length > 0 && { warning: all.join(' ') }),
  };
}

/** How many further rows there are by their reasons, so that a reader knows whether they matter. */
function restOf(messages: readonly WaitingMessage[]): { more?: string } {
  if (messages.length === 0) return {};
  const weak = messages.filter(({ why }) => why === 'reply').length;
  return { more: weak === messages.length ? `${weak} that answer you` : `${messages.length}` };
}

/** All times of a conjunction have to match, so the latest start counts. */
function windowStart(rest: QueryNode, now: Date): number {
  const times = conjunctsOf(rest).flatMap((node) =>
    node.kind === 'term' && node.term.key === 'time' ? [node.term] : [],
  );
  const starts = times.flatMap(({ start }) => start ?? []);
  const ends = times.flatMap(({ end }) => end ?? []);
  return starts.length > 0 ? Math.max(...starts) : Math.min(now.getTime(), ...ends) - WINDOW_DAYS * DAY_MS;
}

function readAs(rest: QueryNode, since: number): string {
  const from = new Date(since).toISOString().replace(/\.\d{3}Z$/, 'Z');
  const others = conjunctsOf(rest).length === 0 ? undefined : describeQuery(rest);
  return `since ${from}${others === undefined ? '' : ` AND ${others}`}`;
}

/** @returns whether the rest of the query means a message of the mailboxes that were asked for */
async function wantedIn(
  { mailboxes }: WaitingScope,
  { split: { rest }, endsAt }: WaitingQuery,
  { readImap, ownAddresses: own }: MailSession,
): Promise<(mailbox: string, uid: number) => boolean> {
  const paths = new Set(mailboxes.map(({ path }) => path));
  if (conjunctsOf(rest).length === 0) return (mailbox) => paths.has(mailbox);
  const compile = (imap: ImapConnection) => [compileQuery(rest, { own, isGmail: imap.has('X-GM-EXT-1') })];
  const { queries } = await evaluate(readImap, { mailboxes, compile, endsAt, rowsEach: 0 });
  const found = new Map((queries[0]?.in ?? []).map((each): [string, FoundIn] => [each.path, each]));
  return (mailbox, uid) => found.get(mailbox)?.uids.has(uid) ?? false;
}

/** @returns rows in the order of the messages */
async function rowsOf(
  waiting: readonly WaitingMessage[],
  { query, scope }: { query: WaitingQuery; scope: WaitingScope },
  session: MailSession,
  rights: Rights,
): Promise<{ rows: MessageRow[]; warnings: string[] }> {
  const byMailbox = Map.groupBy(waiting, ({ message }) => message.mailbox);
  const ordered = [...byMailbox.values()].flat();
  const pages = [...byMailbox].map(([mailbox, own]) => ({
    mailbox,
    uidValidity: own[0]?.message.uidValidity ?? '',
    messages: own.map(({ message }) => message),
  }));
  const { rows, warnings } = await toRows(pages, { ...query, areNamed: scope.isWide }, session, rights);
  const rowOf = new Map(ordered.map((each, index) => [each, rows[index]]));
  const shown = waiting.flatMap((each) => {
    const row = rowOf.get(each);
    if (row === undefined) return [];
    // The account owner is among the recipients of each.
    const { folder, uid, date, from, subject, preview } = row;
    // The day says how long it has waited.
    const short = { ...(folder !== undefined && { folder }), uid, date: date?.slice(0, DAY_CHARS), from, subject };
    return [{ ...short, why: whyOf(each), preview }];
  });
  return { rows: shown, warnings };
}

/** `2026-03-01` */
const DAY_CHARS = 10;
const MAX_QUESTION_CHARS = 32;
/** `Just a word before I leave: Could you …` */
const LEAD_IN = /^[^?？]{1,200}[:：–—]\s+(?=\p{Lu})/u;

function whyOf({ why, sentence = '' }: WaitingMessage): string {
  const said = cutText(sentence.replace(LEAD_IN, ''), MAX_QUESTION_CHARS);
  switch (why) {
    case 'invitation':
      return 'invitation';
    case 'question':
      return `asks: ${said}`;
    case 'name':
      return `names you: ${said}`;
    case 'reply':
      return 'answers you, asks nothing';
  }
}

function warningsOf({ isCut }: Waiting): string[] {
  return isCut ? ['Only the newest 100 conversations were read. Narrow the query, for example by from:.'] : [];
}
