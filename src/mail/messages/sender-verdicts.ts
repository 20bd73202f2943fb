/** Reads which messages their senders have proven to come from the domain of the From field, in one round trip. */
import { atom, bytesOf, listOf, type Token, textOf } from '../imap/data-formats.ts';
import { type FetchedItems, peekHeaderStart, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openAndRead } from '../mailbox/open-mailbox.ts';
import { MAX_VERDICT_BYTES, provesDomain, readVerdict, type TrustedServers } from '../sender/verdict.ts';
import type { ListedMessage } from './list.ts';

/** Without Received fields, which are long: an assumed verdict proves nothing. */
const RESULTS = peekHeaderStart(MAX_VERDICT_BYTES, 'AUTHENTICATION-RESULTS');
/** Gmail shows what was sent in All Mail too, under these labels, which only the account owner sets. */
const LABELS = 'X-GM-LABELS';
const LABELS_OF_OWN_MAIL = ['\\sent', '\\draft', '\\drafts'];

interface ProofRequest {
  mailbox: string;
  /** Under which the messages were listed. */
  uidValidity: string;
  /** Not empty. */
  messages: readonly Pick<ListedMessage, 'uid' | 'from'>[];
}

/** @returns UIDs of messages whose only author is proven */
export async function findProvenUids(
  imap: ImapConnection,
  { mailbox, uidValidity, messages }: ProofRequest,
  trust: TrustedServers,
): Promise<number[]> {
  const items: Token[] = imap.has('X-GM-EXT-1') ? [RESULTS, atom(LABELS)] : [RESULTS];
  const uids = messages.map(({ uid }) => uid);
  const { result } = await openAndRead(imap, mailbox, { uidValidity }, () => uidFetchCommand(uids, items, []));
  const fetched = result() ?? new Map<number, FetchedItems>();
  return messages.filter(({ uid, from }) => isProven(fetched.get(uid), from, trust)).map(({ uid }) => uid);
}

function isProven(items: FetchedItems | undefined, from: ListedMessage['from'], trust: TrustedServers): boolean {
  const labels = listOf(items?.get(LABELS)).map((label) => (textOf(label) ?? '').toLowerCase());
  if (labels.some((label) => LABELS_OF_OWN_MAIL.includes(label))) return true;
  const [author, ...others] = from;
  const header = bytesOf(items?.get('BODY[HEADER.FIELDS]')) ?? Buffer.alloc(0);
  if (author === undefined || others.length > 0) return false;
  return provesDomain(readVerdict(header, trust), author.address);
}
