/** Describes a message that may belong to a conversation. */
import type { Mailbox } from '../mailbox/list-mailboxes.ts';
import type { ListedMessage } from '../messages/list.ts';
import type { Verdict } from '../sender/verdict.ts';

export type Role = NonNullable<Mailbox['role']>;

export interface FoundMessage extends ListedMessage {
  /** As the server lists it. */
  mailbox: string;
  uidValidity: string;
  /** Special uses of the mailbox; of the message itself where the server has labels. */
  roles: ReadonlySet<Role>;
  /** Message-IDs of the References field, oldest first. */
  references: readonly string[];
  /** When a server has received it, by the topmost Received field, ISO 8601; null if there is none. */
  receivedAt: string | null;
  /** True if a program has written it: a report, an automatic answer, or one of many. */
  isAutomatic: boolean;
  /** What the own server says about the sender. */
  verdict: Verdict;
  /** The conversation as the server names it (X-GM-THRID, RFC 8474 THREADID); null if it does not. */
  threadId: string | null;
}

/** True for a message that its author still writes. */
export function isDraft({ roles, flags }: FoundMessage): boolean {
  return roles.has('drafts') || flags.some((flag) => flag.toLowerCase() === '\\draft');
}

const DAY_MS = 86_400_000;

/**
 * When a message became part of the conversation: its arrival. The arrival of a message that was added to the mailbox later is that of its
 * topmost Received field; one that has none is a copy that its author has saved, with the time of its Date field.
 *
 * @returns milliseconds; 0 if nothing is known
 */
export function timeOf({ arrivedAt, receivedAt, sentAt }: FoundMessage): number {
  const [arrived, received, sent] = [arrivedAt, receivedAt, sentAt].map((time) =>
    time === null ? null : Date.parse(time),
  );
  if (arrived == null) return received ?? sent ?? 0;
  const earlier = received ?? sent;
  return earlier != null && arrived - earlier > DAY_MS ? earlier : arrived;
}
