/**
 * Finds the messages of one mailbox that a query means, or may mean: those of which the search is not certain can be checked by a caller who fetches
 * something of each message anyway. This saves a round trip.
 */

import { ToolError } from '../../errors.ts';
import type { FetchedItems } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { ItemSet } from '../messages/fetch-items.ts';
import type { WithConnection } from '../messages/list.ts';
import type { CompiledQuery } from '../query/compile-query.ts';
import { isMeantBy, itemsFor, searchOnly, setOf } from './evaluate.ts';
import { fetchEach } from './fetch-each.ts';
import { findMessages, ignoresTextIn, TOO_MANY_TO_CHECK } from './find-messages.ts';
import type { NotSearched } from './search-each.ts';

/** Decides whether a message is meant. */
export interface MessageCheck {
  /** To be fetched of each message. */
  items: ItemSet;
  /** @param items undefined if the message does not exist any more */
  isMeant(uid: number, items: FetchedItems | undefined): boolean;
}

export interface Candidates {
  /** Null if the mailbox was not searched. */
  uidValidity: string | null;
  /** The newest ones, newest first. */
  uids: number[];
  /** Messages found. Those that are not in `uids` are not checked. */
  count: number;
  /** Null if all of `uids` are meant. */
  check: MessageCheck | null;
  notSearched: NotSearched[];
  isDoubtful: boolean;
  isTextIgnored: boolean;
}

export interface CandidateRequest {
  mailbox: string;
  compile: (imap: ImapConnection) => CompiledQuery;
  /** Candidates that are returned. */
  most: number;
  /** Instant of performance.now() at which the search ends. */
  endsAt: number;
}

/** @throws {ToolError} if more messages have to be checked one by one than are */
export async function findCandidates(withConnection: WithConnection, request: CandidateRequest): Promise<Candidates> {
  const { mailbox, compile, most, endsAt } = request;
  const mailboxes = [{ path: mailbox, role: null, messages: null, uidNext: null }];
  const { wide, check } = await withConnection(async (imap) => compile(imap), mailbox);
  if (check === null) {
    const page = { page: 1, perPage: most };
    const found = await findMessages(withConnection, { mailboxes, compile, page, endsAt, withMessages: false });
    return { ...found, check };
  }
  const asked = { mailboxes, compile: (imap: ImapConnection) => [compile(imap)], endsAt };
  const { drafts, notSearched, isDoubtful } = await searchOnly(withConnection, asked);
  const [draft] = drafts;
  const [found] = draft?.in ?? [];
  if (draft?.isCut) throw new ToolError(TOO_MANY_TO_CHECK);
  const known = { notSearched, isDoubtful, isTextIgnored: false };
  if (found === undefined) return { ...known, uidValidity: null, uids: [], count: 0, check: null };
  const { path, uidValidity, certain, uncertain } = found;
  const all = certain.with(setOf(uncertain));
  const isTextIgnored = await ignoresTextIn(withConnection, { in: [{ path, uidValidity, uids: all }] }, wide);
  const isMeant: MessageCheck['isMeant'] = (uid, items) => certain.has(uid) || isMeantBy(check, found, uid, items);
  const later = { items: itemsFor(check), isMeant };
  const uids = all.newest(0, most);
  const isCertain = uids.every((uid) => certain.has(uid));
  return { ...known, isTextIgnored, uidValidity, uids, count: all.count, check: isCertain ? null : later };
}

/** Checks the candidates now. @returns those that are meant */
export async function checkCandidates(
  withConnection: WithConnection,
  mailbox: string,
  candidates: Candidates,
): Promise<Candidates> {
  const { uids, uidValidity, check, count } = candidates;
  if (check === null || uidValidity === null) return candidates;
  const open = uids.filter((uid) => !check.isMeant(uid, undefined));
  const wanted = { path: mailbox, uidValidity, uids: open, items: check.items };
  const fetched = (await fetchEach(withConnection, [wanted])).get(mailbox);
  const meant = uids.filter((uid) => check.isMeant(uid, fetched?.get(uid)));
  return { ...candidates, uids: meant, count: count - (uids.length - meant.length), check: null };
}
