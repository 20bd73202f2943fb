/** Reads how the lists of several messages can be left, in one round trip. */
import { atom, bytesOf } from '../imap/data-formats.ts';
import { type FetchedItems, peekHeaderStart, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openAndRead } from '../mailbox/open-mailbox.ts';
import { type MessageSummary, toSummary } from '../mime/summary.ts';
import { type HeaderField, MAX_FIELDS, readHeaderFields } from '../sender/header-fields.ts';
import { readVerdict, type TrustedServers, type Verdict } from '../sender/verdict.ts';
import { readSubscription, SUBSCRIPTION_FIELDS, type Subscription } from './subscription.ts';

export interface FoundSubscription {
  message: MessageSummary;
  /** SUBSCRIPTION_FIELDS and those of the delivery, in their order. */
  fields: readonly HeaderField[];
  verdict: Verdict;
  /** Null if these fields are too long, or too many, to be read as a whole: one that is not read may contradict the others. */
  subscription: Subscription | null;
}

/** Of the fields; a few kilobytes are usual. */
const MAX_HEADER_BYTES = 32 * 1024;
const HEADER = peekHeaderStart(MAX_HEADER_BYTES, ...SUBSCRIPTION_FIELDS, 'DELIVERED-TO', 'X-ORIGINAL-TO');

interface SubscriptionRequest {
  mailbox: string;
  /** Not empty, each once. */
  uids: readonly number[];
  /** As openMailbox(). */
  uidValidity: string | undefined;
}

/**
 * @returns UIDVALIDITY, and what was found by UID; messages that do not exist are missing
 * @throws {ToolError} as openMailbox()
 */
export async function fetchSubscriptions(
  imap: ImapConnection,
  { mailbox, uids, uidValidity }: SubscriptionRequest,
  trust: TrustedServers,
): Promise<{ uidValidity: string; found: ReadonlyMap<number, FoundSubscription> }> {
  const makeCommand = () => uidFetchCommand(uids, [atom('FLAGS'), atom('ENVELOPE'), HEADER], ['ENVELOPE']);
  const { selected, result } = await openAndRead(imap, mailbox, { fresh: true, uidValidity }, makeCommand);
  const fetched = [...(result() ?? new Map<number, FetchedItems>())];
  return {
    uidValidity: selected.uidValidity,
    found: new Map(fetched.map(([uid, items]) => [uid, toFound(uid, items, trust)])),
  };
}

function toFound(uid: number, items: FetchedItems, trust: TrustedServers): FoundSubscription {
  const header = bytesOf(items.get('BODY[HEADER.FIELDS]')) ?? Buffer.alloc(0);
  const fields = readHeaderFields(header.toString('latin1'));
  const verdict = readVerdict(header, trust);
  const message = toSummary(uid, items);
  const [author, ...others] = message.from;
  const isWhole = header.length < MAX_HEADER_BYTES && fields.length < MAX_FIELDS;
  return {
    ...{ message, fields, verdict },
    subscription: isWhole
      ? readSubscription(fields, { author: others.length === 0 ? author?.address : undefined, verdict })
      : null,
  };
}
