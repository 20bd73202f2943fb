/** Finds what the header of a message says against its sender: answers go to another domain, or the name is an address on another domain. */
import { areAligned, comparableDomain } from './domains.ts';

interface Mailbox {
  name: string;
  address: string;
}

/** Of a message, its header fields From and Reply-To. */
interface Authors {
  from: readonly Mailbox[];
  replyTo: readonly Mailbox[];
}

const MAX_SHOWN_CHARS = 120;

/** Sentences for the reader. */
export function headerWarnings(authors: Authors, isOwn: (address: string) => boolean): string[] {
  const named = addressInName(authors);
  return [
    ...replyToWarnings(authors, isOwn),
    ...(named === undefined ? [] : [`The name of the sender is the address ${named}, which is not the sender's.`]),
  ];
}

/** A sentence for who answers, if there is a reason for one. */
export function replyToWarnings(authors: Authors, isOwn: (address: string) => boolean): string[] {
  const replyTo = otherReplyTo(authors, isOwn);
  return replyTo === undefined ? [] : [`Reply-To is on another domain than From: answers go to ${replyTo}.`];
}

/**
 * The address of Reply-To that is on another domain than that of From; undefined if there is none.
 *
 * @param isOwn true for an address of the account owner, or of their organization
 */
export function otherReplyTo({ from, replyTo }: Authors, isOwn: (address: string) => boolean): string | undefined {
  const [author] = from;
  if (author === undefined || author.address === '') return undefined;
  const other = replyTo.find(
    ({ address }) =>
      address.includes('@') &&
      comparableDomain(address) !== '' &&
      !areAligned(address, author.address) &&
      !isOwn(address),
  );
  return other?.address.slice(0, MAX_SHOWN_CHARS);
}

/** An address as the display name, on another domain than the one that the message has. */
function addressInName({ from: [author] }: Pick<Authors, 'from'>): string | undefined {
  const [named] =
    /[^\s<>"'()[\],;:@]{1,64}@[^\s<>"'()[\],;:@]{1,253}/.exec(author?.name.slice(0, MAX_NAME_CHARS) ?? '') ?? [];
  const isElsewhere = named !== undefined && author !== undefined && !areAligned(named, author.address);
  return isElsewhere && /\.[\p{L}\d-]{2,63}\.?$/u.test(named) ? named.slice(0, MAX_SHOWN_CHARS) : undefined;
}

const MAX_NAME_CHARS = 500;
