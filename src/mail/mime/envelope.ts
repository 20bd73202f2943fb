/** Turns the ENVELOPE of a FETCH response (RFC 9051 §7.5.2) into subject, addresses and Message-IDs. */
import { bytesOf, type Item, listOf, textOf } from '../imap/data-formats.ts';
import { decodeHeader } from './charset.ts';

export interface Address {
  /** Decoded display name; empty if there is none. A group without members is a name with an empty address. */
  name: string;
  /** addr-spec, or the text in its place. */
  address: string;
}

export interface Envelope {
  subject: string;
  from: Address[];
  sender: Address[];
  replyTo: Address[];
  to: Address[];
  cc: Address[];
  bcc: Address[];
  /** Message-ID with its angle brackets. */
  messageId: string | null;
  inReplyTo: string | null;
  /** The Date header as it came. */
  date: string;
}

/** Addresses of one header field that are returned. */
export const MAX_ADDRESSES = 1_000;

/** In UTF-16 code units; longer subjects are cut. */
const MAX_SUBJECT_CHARS = 2_000;

/** Placeholders of Dovecot, Cyrus and UW IMAP for a domain or local part that is missing. */
const MISSING = /^(?:MISSING_DOMAIN|MISSING_MAILBOX|\.MISSING-HOST-NAME\.|unspecified-domain|SYNTAX_ERROR)$/i;

/** @param bodyCharset charset of the text, for headers with raw bytes that are not UTF-8 */
export function readEnvelope(item: Item | undefined, bodyCharset: string | null): Envelope {
  const [date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId] = listOf(item);
  const addresses = (field: Item | undefined) => readAddresses(field, bodyCharset);
  return {
    subject: decodeHeader(bytesOf(subject), bodyCharset).slice(0, MAX_SUBJECT_CHARS),
    from: addresses(from),
    sender: addresses(sender),
    replyTo: addresses(replyTo),
    to: addresses(to),
    cc: addresses(cc),
    bcc: addresses(bcc),
    messageId: readMessageIds(textOf(messageId))[0] ?? null,
    inReplyTo: readMessageIds(textOf(inReplyTo))[0] ?? null,
    date: textOf(date) ?? '',
  };
}

/**
 * The Message-IDs in a header value (RFC 5322 §3.6.4), with their angle brackets. A value without angle brackets is taken as one id, as
 * some senders write it.
 */
export function readMessageIds(value: string | null): string[] {
  const text = (value ?? '').slice(0, 100_000);
  const ids = text.match(/<[^<>\s]{1,900}>/g);
  if (ids !== null) return ids;
  const bare = decodeHeader(Buffer.from(text));
  return bare === '' || bare.includes(' ') || bare.length > 900 ? [] : [bare];
}

function readAddresses(item: Item | undefined, bodyCharset: string | null): Address[] {
  const addresses: Address[] = [];
  let emptyGroup: string | null = null;
  for (const entry of listOf(item).slice(0, MAX_ADDRESSES)) {
    const [name, , local, domain] = listOf(entry);
    if (domain === null || domain === undefined) {
      // A group starts with an entry for its name and ends with an empty entry (RFC 9051 §7.5.2). Its members are returned, or its name if it is empty.
      if (emptyGroup !== null) addresses.push({ name: emptyGroup, address: '' });
      emptyGroup = local === null || local === undefined ? null : decodeHeader(bytesOf(local), bodyCharset);
      continue;
    }
    emptyGroup = null;
    const [mailbox = '', host = ''] = [local, domain].map((part) => decodeHeader(bytesOf(part ?? null), bodyCharset));
    const address = [isPresent(host) ? quotedLocal(mailbox) : mailbox, host].filter(isPresent).join('@');
    const displayName = decodeHeader(bytesOf(name ?? null), bodyCharset);
    if (address !== '' || displayName !== '') addresses.push({ name: displayName, address });
  }
  if (emptyGroup !== null) addresses.push({ name: emptyGroup, address: '' });
  return addresses;
}

/** ENVELOPE has the local part without the quotes that RFC 5322 §3.4.1 requires around blanks and specials. */
function quotedLocal(local: string): string {
  const isDotAtom = /^[^\s"(),:;<>@[\\\]]*$/.test(local);
  const isQuoted = /^".*"$/s.test(local);
  return isDotAtom || isQuoted ? local : `"${local.replace(/["\\]/g, '\\$&')}"`;
}

function isPresent(part: string): boolean {
  return part !== '' && !MISSING.test(part);
}
