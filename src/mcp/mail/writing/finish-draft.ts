/** Does what belongs to sending a draft after it has left: removes it from Drafts and marks the message that it answers or forwards. */
import { type DraftHeader, type NamedOriginal, namedOriginal } from '../../../mail/derived/draft-header.ts';
import { searchEach } from '../../../mail/find/search-each.ts';
import type { ImapConnection } from '../../../mail/imap/imap-connection.ts';
import { createListing } from '../../../mail/mailbox/list-mailboxes.ts';
import { chooseMailboxes, type SearchedMailbox } from '../../../mail/mailbox/searchable-mailboxes.ts';
import { removeMessages } from '../../../mail/messages/change.ts';
import { readHeader } from '../../../mail/messages/read.ts';
import type { MailSession } from '../mail-session.ts';
import { explainNotMarked, setFlag } from './mark-original.ts';
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

/** The message of this id, in the first mailbox that has it: the inbox, others, Sent. Only mailboxes that the connection may read. */
async function findOriginal(
  { id }: NamedOriginal,
  { wholeMailbox: { finishReading, withinPolicy } }: MailSession,
): Promise<{ mailbox: string; uid: number } | undefined> {
  const read = <T>(use: (imap: ImapConnection) => Promise<T>, mailbox?: string) =>
    finishReading((imap) => use(withinPolicy(imap)), mailbox);
  const mailboxes = await read(listMailboxes);
  const { searched } = await searchEach(read, {
    mailboxes,
    makeSearches: () => [[{ key: 'HEADER', field: 'MESSAGE-ID', text: id }]],
    endsAt: performance.now() + MAX_SEARCH_MS,
  });
  const found = mailboxes.flatMap(({ path }) => {
    const uids = searched.find((each) => each.path === path)?.found[0]?.newest(0, MAX_HITS) ?? [];
    return uids.map((uid) => ({ mailbox: path, uid }));
  });
  for (const { mailbox, uid } of found.slice(0, MAX_HITS)) {
    const header = await read((imap) => readHeader(imap, mailbox, uid), mailbox);
    if (hasId(header, id)) return { mailbox, uid };
  }
  return undefined;
}

/** Servers also find a part of an id (RFC 9051 §6.4.4). */
function hasId(header: Buffer, id: string): boolean {
  const text = header.toString('latin1').replace(/\r\n(?=[ \t])/g, '');
  return text
    .split('\r\n')
    .some((line) => /^message-id[ \t]*:/i.test(line) && line.slice(line.indexOf(':') + 1).trim() === id);
}

const LIST_MS = 6_000;

async function listMailboxes(imap: ImapConnection): Promise<SearchedMailbox[]> {
  const list = createListing(imap);
  const { listed } = await imap.openEach([], { limitMs: LIST_MS, list });
  const choice = { named: [], excluded: [], isAnywhere: false };
  const { mailboxes } = chooseMailboxes(await list.read(listed), choice, { hasAllMail: imap.has('X-GM-EXT-1') });
  const rank = ({ role }: SearchedMailbox) => (role === 'inbox' ? 0 : role === 'sent' ? 2 : 1);
  return mailboxes.filter(({ role }) => role !== 'drafts').toSorted((a, b) => rank(a) - rank(b));
}

const MARKED =
  'The draft before it is only marked as deleted, because the mail server cannot remove it without other messages.';
const NOT_REMOVED =
  'It is not certain that the draft before it was removed: look into Drafts, and do not send it again.';
