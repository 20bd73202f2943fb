import type { Attached, LendBytes, OwnFile } from '../../attachments/store.ts';
import type { MailAccount } from '../../mail/account.ts';
import type { Imap } from '../../mail/imap/connection.ts';
import type { ComposedMessage } from '../../mail/send/compose.ts';
import type { KeyedCall, KeyedMessageId } from '../../mail/send/keyed-message-id.ts';
import type { Submission } from '../../mail/send/smtp.ts';
import type { Permit } from '../../policy.ts';
import type { RecentCalls } from '../../state/recent-calls.ts';

/** How a connection to the mailbox is had. */
export interface Leases {
  /**
   * For reading only: the call is repeated once on a fresh connection when a warm one turned out to be dead.
   *
   * @param mailbox a connection that has it open is preferred
   */
  readImap<T>(use: (imap: Imap) => Promise<T>, mailbox?: string): Promise<T>;
  /** For changes: repeated likewise, but only if the connection was lost before the first command that changes something was sent. */
  changeImap<T>(use: (imap: Imap) => Promise<T>, mailbox?: string): Promise<T>;
}

/**
 * What a mail tool works with during one call: one person's mailbox, already opened by the grant of the request, and no more of it than
 * the grant allows. Mailboxes outside of the policy cannot be reached by its connections, nor recipients by `submit`.
 */
export interface MailSession extends Leases {
  readonly account: MailAccount;
  readonly permit: Permit;
  /**
   * Without the limit to certain mailboxes: to file a message of this call in Sent, Drafts or the trash, and to tell which mailboxes
   * those are. Nothing else that is in them may become part of a result.
   */
  readonly filing: Leases & {
    /** As changeImap, to bring what was begun to its end: also for a client that has gone. */
    settleImap<T>(use: (imap: Imap) => Promise<T>): Promise<T>;
    /** The limited view of a connection of `filing`, for what the caller has named. @param extra one mailbox more */
    limited(imap: Imap, extra?: string): Imap;
  };
  /** @throws {ToolError} if this connection may not send now; nothing is counted yet */
  mayStillSend(): Promise<void>;
  submit(message: ComposedMessage): Promise<Submission>;
  /** The Message-ID of a message of this mailbox that has an idempotency key. */
  keyedMessageId(call: KeyedCall): KeyedMessageId;
  readonly recentCalls: RecentCalls;
  /** As AttachmentStore, for this mailbox and the mailboxes that may be read. */
  readonly attachments: {
    publish(attached: Attached, lend: LendBytes): Promise<string | null>;
    fetchOwn(url: string, maxBytes: number): Promise<OwnFile>;
  };
  now(): Date;
}

/** For a client that has gone nothing more is begun (MCP-11); what was sent is still filed. */
export function untilCancelled(session: MailSession, cancelled: AbortSignal): MailSession {
  let isSent = false;
  const until = ({ readImap, changeImap }: Leases): Leases => ({
    readImap: (use, mailbox) =>
      readImap(async (imap) => {
        cancelled.throwIfAborted();
        return use(imap);
      }, mailbox),
    changeImap: (use, mailbox) =>
      changeImap(async (imap) => {
        if (!isSent) cancelled.throwIfAborted();
        return use(imap);
      }, mailbox),
  });
  return {
    ...session,
    ...until(session),
    filing: { ...session.filing, ...until(session.filing) },
    async submit(message) {
      cancelled.throwIfAborted();
      isSent = true;
      return session.submit(message);
    },
  };
}
