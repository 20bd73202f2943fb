/** Does what belongs to sending a draft after it has left: removes it from Drafts and marks the message that it answers or forwards. */
import { UpstreamError } from '../../../errors.ts';
import { type DraftHeader, type NamedOriginal, namedOriginal } from '../../../mail/derived/draft-header.ts';
import { type NotSearched, searchEach } from '../../../mail/find/search-each.ts';
import type { ImapConnection } from '../../../mail/imap/imap-connection.ts';
import { createListing } from '../../../mail/mailbox/list-mailboxes.ts';
import { chooseMailboxes, type SearchedMailbox } from '../../../mail/mailbox/searchable-mailboxes.ts';
import { removeMessages } from '../../../mail/messages/change.ts';
import type { WithConnection } from '../../../mail/messages/list.ts';
import { readHeader } from '../../../mail/messages/read.ts';
import type { MailSession } from '../mail-session.ts';
import { explainNotMarked, type MarkedMessage, setFlag } from './mark-original.ts';
import type { DraftPlace } from './own-draft.ts';

/** @param why what has made it superfluous: `The message was sent.` @returns a warning if the draft may still be there */
export async function removeDraft(
  { mailbox, uid, uidValidity }: DraftPlace,
  why: string,
  { wholeMailbox: { finishImap } }: MailSession,
): Promise<string[]> {
  try {
    const { expunged } = await finishImap((imap) => removeMessages(imap, mailbox, [uid], uidValidity));
    return expunged ? [] : [`${why} ${MARKED}`];
  } catch {
    return [`${why} ${NOT_REMOVED}`];
  }
}

/** @returns a warning if it is not certain that the original is marked */
export async function markDraftOriginal(header: DraftHeader, session: MailSession): Promise<string[]> {
  const named = namedOriginal(header);
  if (named === undefined) return [];
  const mark = async () => {
    const found = await findOriginal(named, session);
    if (found !== undefined) await setFlag(found, named.isForward ? '$Forwarded' : '\\Answered', session);
  };
  return mark().then(() => [], explainNotMarked);
}

/** For all mailboxes together. */
const MAX_SEARCH_MS = 6_000;
/** Messages of one id that are looked at. */
const MAX_HITS = 5;

/**
 * The message of this id, in the first mailbox that has it: the inbox, others, Sent, and only then Trash and Junk. Only mailboxes that the
 * connection may read.
 *
 * @returns undefined if there is none
 * @throws {UpstreamError} if it is not found, and not all mailboxes could be searched
 */
async function findOriginal({ id }: NamedOriginal, session: MailSession): Promise<MarkedMessage | undefined> {
  const read = readerOf(session);
  const { usual, discarded } = await read(listMailboxes);
  const endsAt = performance.now() + MAX_SEARCH_MS;
  const unsearched: NotSearched[] = [];
  for (const mailboxes of [usual, discarded]) {
    const { found, notSearched } = await findIn(mailboxes, { id, endsAt }, read);
    if (found !== undefined) return found;
    unsearched.push(...notSearched);
  }
  if (unsearched.length > 0) throw new UpstreamError('IMAP', 'unreachable', 'Not all mailboxes could be searched.');
  return undefined;
}

/** Reads within the limits of the connection, also after the client has closed its request. */
const readerOf =
  ({ wholeMailbox: { finishReading, withinPolicy } }: MailSession): WithConnection =>
  (use, mailbox) =>
    finishReading((imap) => use(withinPolicy(imap)), mailbox);

async function findIn(
  mailboxes: readonly SearchedMailbox[],
  { id, endsAt }: { id: string; endsAt: number },
  read: WithConnection,
): Promise<{ found: MarkedMessage | undefined; notSearched: NotSearched[] }> {
  const { searched, notSearched } = await searchEach(read, {
    mailboxes,
    makeSearches: () => [[{ key: 'HEADER', field: 'MESSAGE-ID', text: id }]],
    endsAt,
  });
  const hits = mailboxes.flatMap(({ path }) => {
    const uids = searched.find((each) => each.path === path)?.found[0]?.newest(0, MAX_HITS) ?? [];
    return uids.map((uid) => ({ mailbox: path, uid }));
  });
  for (const hit of hits.slice(0, MAX_HITS)) {
    const header = await read((imap) => readHeader(imap, hit.mailbox, hit.uid), hit.mailbox);
    if (hasId(header, id)) return { found: hit, notSearched };
  }
  return { found: undefined, notSearched };
}

/** Servers also find a part of an id (RFC 9051 §6.4.4). */
function hasId(header: Buffer, id: string): boolean {
  const text = header.toString('latin1').replace(/\r\n(?=[ \t])/g, '');
  return text
    .split('\r\n')
    .some((line) => /^message-id[ \t]*:/i.test(line) && line.slice(line.indexOf(':') + 1).trim() === id);
}

const LIST_MS = 6_000;

async function listMailboxes(
  imap: ImapConnection,
): Promise<{ usual: SearchedMailbox[]; discarded: SearchedMailbox[] }> {
  const list = createListing(imap);
  const { listed } = await imap.openEach([], { limitMs: LIST_MS, list });
  const choice = { named: [], excluded: [], isAnywhere: true };
  const { mailboxes } = chooseMailboxes(await list.read(listed), choice, { hasAllMail: imap.has('X-GM-EXT-1') });
  const rank = ({ role }: SearchedMailbox) => (role === 'inbox' ? 0 : role === 'sent' ? 2 : 1);
  const isDiscarded = ({ role }: SearchedMailbox) => role === 'trash' || role === 'junk';
  const ranked = mailboxes.filter(({ role }) => role !== 'drafts').toSorted((a, b) => rank(a) - rank(b));
  return { usual: ranked.filter((each) => !isDiscarded(each)), discarded: ranked.filter(isDiscarded) };
}

const MARKED =
  'The draft before it is only marked as deleted, because the mail server cannot remove it without other messages.';
const NOT_REMOVED =
  'It is not certain that the draft before it was removed: look into Drafts, and do not send it again.';
