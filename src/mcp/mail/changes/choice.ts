/** Finds the messages that a call names: by `uids`, or by what a query finds in one folder. */
import { ToolError } from '../../../errors.ts';
import { checkCandidates, findCandidates, type MessageCheck } from '../../../mail/find/find-candidates.ts';
import type { ImapConnection } from '../../../mail/imap/imap-connection.ts';
import { compileQuery } from '../../../mail/query/compile-query.ts';
import type { SearchKey } from '../../../mail/search/keys.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import { MAY_MISS_SOME, readQuery } from '../search-by-query.ts';
import { notSearchedText } from '../search-report.ts';
import { MAX_UNASKED } from './brakes.ts';
import { ONE_OF } from './set-parameters.ts';
import { MAX_SET, parseUidSet } from './uid-set.ts';

export interface Choice {
  folder: string;
  uids?: string | undefined;
  query?: string | undefined;
  uid_validity?: string | undefined;
  dry_run?: boolean | undefined;
  /** True: what depends on the messages is done before they are opened, so all have to be certain. */
  isCertain?: boolean;
  /** What messages have to match besides the query. */
  narrowing?: (imap: ImapConnection) => SearchKey | null;
}

export interface Chosen {
  mailbox: string;
  /** Of a query the newest ones, newest first. */
  uids: number[];
  uidValidity: string | undefined;
  /** Decides which of `uids` are meant; null: all. */
  check: MessageCheck | null;
  /** Messages that the query finds; more than `uids` if they are too many for one call. */
  count: number;
  query: ChosenByQuery | null;
}

interface ChosenByQuery {
  /** As the caller wrote it. */
  text: string;
  /** The query that finds these messages later too, and none that have arrived since. */
  fixed: string;
  /** What is not certain about the hits. */
  warning: string | null;
}

/** As for the search in all folders. */
const SEARCH_MS = 8_000;

/** @throws {ToolError} if it names no messages, or the result of the query is not certain */
export async function chooseMessages(choice: Choice, session: MailSession): Promise<Chosen> {
  const { folder, uids: set, query, uid_validity: uidValidity } = choice;
  if (set !== undefined && query !== undefined) throw new ToolError(ONE_OF);
  if (query === undefined) {
    if (set === undefined) throw new ToolError(ONE_OF);
    const uids = parseUidSet(set);
    return {
      mailbox: await resolveFolder(folder, session),
      uids,
      uidValidity,
      count: uids.length,
      check: null,
      query: null,
    };
  }
  const mailbox = await resolveFolder(folder, session);
  return { mailbox, ...(await findChosen({ ...choice, mailbox, query }, session)) };
}

async function findChosen(
  choice: Choice & { mailbox: string; query: string },
  session: MailSession,
): Promise<Omit<Chosen, 'mailbox'>> {
  const { mailbox, query, uid_validity: uidValidity, narrowing } = choice;
  const { split, criteria } = readQuery(query, session);
  if (split.isWaiting) throw new ToolError(WAITING);
  await requireSameFolder(split.folders, mailbox, session);
  const candidates = await findCandidates(session.readImap, {
    mailbox,
    compile: (imap) => {
      const compiled =
        criteria === null
          ? compileQuery(split.rest, { own: session.ownAddresses, isGmail: imap.has('X-GM-EXT-1') })
          : { wide: criteria, check: null };
      const narrow = narrowing?.(imap) ?? null;
      return narrow === null ? compiled : { ...compiled, wide: [...compiled.wide, narrow] };
    },
    most: MAX_SET,
    endsAt: performance.now() + SEARCH_MS,
  });
  const found = mustCheck(choice, candidates.uids.length, session)
    ? await checkCandidates(session.readImap, mailbox, candidates)
    : candidates;
  const missed = notSearchedText(found.notSearched);
  if (missed !== undefined) throw new ToolError(`Nothing was done: the query found nothing certain. ${missed}.`);
  if (found.isTextIgnored) throw new ToolError(TEXT_IGNORED);
  if (uidValidity !== undefined && found.uidValidity !== null && uidValidity !== found.uidValidity)
    throw new ToolError(STALE);
  const [highest = 0] = found.uids;
  // A day that is fixed to the second; criteria know no times, so they are bounded by the UIDs that exist.
  const until = session
    .now()
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z');
  const fixed = criteria === null ? `${query} before:${until}` : `${query} UID 1:${highest}`;
  return {
    uids: found.uids,
    uidValidity: found.uidValidity ?? uidValidity,
    count: found.count,
    check: found.check,
    query: { text: query, fixed, warning: found.isDoubtful ? MAY_MISS_SOME : null },
  };
}

/** True if the number of messages decides what is done. */
function mustCheck({ dry_run: dryRun, isCertain = false }: Choice, count: number, { permit }: MailSession): boolean {
  const isCounted = permit.policy.max_changes_per_hour !== undefined && dryRun !== true;
  return isCertain || isCounted || (dryRun === undefined && count > MAX_UNASKED);
}

const WAITING =
  'Nothing was done: is:waiting finds conversations. Find them with search_mail_messages, and name their messages by uids.';
const TEXT_IGNORED =
  'Nothing was done: the mail server ignores the text of a search, so the query would hit other messages too. Find the messages with search_mail_messages by date, flag or size, and name them by uids.';
const STALE =
  'Nothing was done: the folder was created anew, its uid_validity has changed. Make the call without uid_validity, or look with a dry_run first.';

/** A query that acts stays within its folder. */
async function requireSameFolder(
  { named, excluded, isAnywhere }: { named: string[]; excluded: string[]; isAnywhere: boolean },
  mailbox: string,
  session: MailSession,
): Promise<void> {
  const pathsOf = (names: string[]) => Promise.all(names.map((name) => resolveFolder(name, session)));
  const isOther = isAnywhere || (await pathsOf(named)).some((path) => path !== mailbox);
  if (isOther || (await pathsOf(excluded)).includes(mailbox)) throw new ToolError(OTHER_FOLDER);
}

const OTHER_FOLDER =
  'Nothing was done: in: names another folder than `folder`. A query that changes messages acts in `folder` alone: make one call for each folder.';
