/**
 * Defines what the mail tools work with during one call: the mailbox, within the limits of the grant.
 *
 * Invariant: no data of a mailbox outside the policy becomes part of a result.
 */
import type { Attached, OwnFile, WithBytes } from '../../attachments/store.ts';
import type { MailAccount } from '../../mail/account.ts';
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import type { WithConnection } from '../../mail/messages/list.ts';
import type { ComposedMessage } from '../../mail/send/compose.ts';
import type { Submission } from '../../mail/send/smtp.ts';
import type { KeyedCall, KeyedMessageId } from '../../mail/send-once/keyed-message-id.ts';
import type { RecentResults } from '../../mail/send-once/recent-results.ts';
import type { Permit } from '../../policy.ts';

/** Connections to the mailbox. */
export interface ImapAccess {
  /**
   * For reading only: the call is repeated once on a fresh connection when a warm one turned out to be dead.
   *
   * @param mailbox a connection that has it open is preferred
   */
  readImap: WithConnection;
  /** For changes: repeated likewise, but only if the connection was lost before the first command that changes something was sent. */
  changeImap: WithConnection;
}

/**
 * The mailbox of one account, as the grant of the request allows it. Mailboxes outside the policy cannot be reached over its connections,
 * nor recipients outside it by `submit`.
 */
export interface MailSession extends ImapAccess {
  readonly account: MailAccount;
  readonly permit: Permit;
  /**
   * Without the limit to certain mailboxes: to store a message of this call in Sent, Drafts or the trash, and to find out which mailboxes
   * those are. Nothing else that is in them may become part of a result.
   */
  readonly wholeMailbox: ImapAccess & {
    /** As changeImap, to complete what was begun, also after the client has closed its request. */
    finishImap: WithConnection;
    /** A connection of `wholeMailbox` limited to the mailboxes of the policy, for what the caller has named. @param extra one mailbox more */
    withinPolicy(imap: ImapConnection, extra?: string): ImapConnection;
  };
  /** @throws {ToolError} if this connection may not send now; nothing is counted yet */
  checkSendLimit(): Promise<void>;
  submit(message: ComposedMessage): Promise<Submission>;
  /** The Message-ID of a message of this mailbox that has an idempotency key. */
  keyedMessageId(call: KeyedCall): KeyedMessageId;
  readonly recentResults: RecentResults;
  /** As AttachmentStore, for this mailbox and the mailboxes that may be read. */
  readonly attachments: {
    publish(attached: Attached, withBytes: WithBytes): Promise<string | null>;
    fetchOwn(url: string, maxBytes: number): Promise<OwnFile>;
  };
  now(): Date;
}
