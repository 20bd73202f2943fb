/**
 * Defines what the mail tools use during one call: the account, within the limits of the grant.
 *
 * Invariant: no data of a mailbox outside the policy becomes part of a result.
 */
import type { Attached, OwnFile, WithBytes } from '../../attachments/store.ts';
import type { ReadFile } from '../../extraction/extraction.ts';
import type { MailAccount } from '../../mail/account.ts';
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import type { WithConnection } from '../../mail/messages/list.ts';
import type { Sender } from '../../mail/own-address.ts';
import type { ComposedMessage } from '../../mail/send/compose.ts';
import type { Submission } from '../../mail/send/smtp.ts';
import type { KeyedCall, KeyedMessageId } from '../../mail/send-once/keyed-message-id.ts';
import type { RecentResults } from '../../mail/send-once/recent-results.ts';
import type { TrustedServers } from '../../mail/sender/verdict.ts';
import type { Permit } from '../../policy.ts';
import type { PostOneClick } from '../../web/one-click.ts';
import type { RunJob } from '../../workers/workers.ts';
import type { ChangeQuota } from '../permit/change-quota.ts';
import type { SendLimit } from '../permit/send-limit.ts';

/** Connections to the mailbox. */
export interface ImapAccess {
  /**
   * Runs commands that only read. The call is repeated once on a fresh connection if the server has dropped the idle one.
   *
   * @param mailbox a connection that has it open is preferred
   */
  readImap: WithConnection;
  /** Runs commands that change something. The call is repeated likewise, but only if no command that changes something was sent before the connection was lost. */
  changeImap: WithConnection;
}

/**
 * One account, as the grant of the request allows it. Its connections cannot reach mailboxes outside the policy, and `submit` cannot reach
 * recipients outside it.
 */
export interface MailSession extends ImapAccess {
  readonly account: MailAccount;
  /** The address of the sign-in first, then those of identities. */
  readonly ownAddresses: readonly string[];
  /** Whom messages may come from, likewise. */
  readonly senders: readonly Sender[];
  /** The mail servers that are believed about senders. */
  readonly trustedServers: TrustedServers;
  /** IANA name of the time zone in which results show times. */
  readonly timeZone: string;
  readonly permit: Permit;
  /**
   * Access that is not limited to certain mailboxes, for storing a message of this call in Sent, Drafts or the trash and for finding those
   * mailboxes. No other contents of them may become part of a result.
   */
  readonly wholeMailbox: ImapAccess & {
    /** As changeImap, for completing a change that has begun. Also runs after the client has closed its request. */
    finishImap: WithConnection;
    /** As readImap, for reading the files of a message while it is sent and saved. Also runs after the client has closed its request. */
    finishReading: WithConnection;
    /** Limits a connection of `wholeMailbox` to the policy, for mailboxes that the caller has named. @param extra one more mailbox that it may use */
    withinPolicy(imap: ImapConnection, extra?: string): ImapConnection;
  };
  /** Checks the limit without counting a message. @throws {ToolError} if the limit is reached */
  checkSendLimit(): Promise<void>;
  /** Changes messages that count towards the limit of the connection; see ChangeQuota. */
  readonly countedChange: ChangeQuota['counted'];
  submit(message: ComposedMessage): Promise<Submission>;
  /** Sends a one-click unsubscribe request, which counts as a message and is limited as recipients are. See PostOneClick. */
  postUnsubscribe: PostOneClick;
  /** Makes one unsubscribe request of either kind, which counts towards their own limit. @throws {ToolError} if it is reached */
  countedUnsubscribe: SendLimit['counted'];
  /** Derives the Message-ID of a message of this account from its idempotency key. */
  keyedMessageId(call: KeyedCall): Promise<KeyedMessageId>;
  readonly recentResults: RecentResults;
  /** Runs work of this call in a worker thread. */
  readonly runJob: RunJob;
  /** Reads a file of this account as text, in a process of its own. */
  readonly readFile: ReadFile;
  /** As AttachmentStore, limited to this account and the mailboxes that the policy allows. */
  readonly attachments: {
    publish(attached: Attached, withBytes: WithBytes): Promise<string | null>;
    fetchOwn(url: string, maxBytes: number): Promise<OwnFile>;
  };
  now(): Date;
}
