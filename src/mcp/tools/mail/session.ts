import type { AttachmentStore } from '../../../attachments/store.ts';
import type { MailAccount } from '../../../mail/account.ts';
import type { ComposedMessage } from '../../../mail/compose.ts';
import type { Imap } from '../../../mail/imap.ts';
import type { KeyedCall, KeyedMessageId } from '../../../mail/keyed-message-id.ts';
import type { Submission } from '../../../mail/smtp.ts';
import type { RecentCalls } from '../../../state/recent-calls.ts';

/** What a mail tool works with during one call: one person's mailbox, already opened by the grant of the request. */
export interface MailSession {
  readonly account: MailAccount;
  /**
   * For reading only: the call is repeated once on a fresh connection when a warm one turned out to be dead.
   *
   * @param mailbox a connection that has it open is preferred
   */
  readImap<T>(use: (imap: Imap) => Promise<T>, mailbox?: string): Promise<T>;
  /** For changes: repeated likewise, but only if the connection was lost before the first command that changes something was sent. */
  changeImap<T>(use: (imap: Imap) => Promise<T>, mailbox?: string): Promise<T>;
  /** As changeImap, to bring what was begun to its end: also for a client that has gone. */
  settleImap<T>(use: (imap: Imap) => Promise<T>): Promise<T>;
  submit(message: ComposedMessage): Promise<Submission>;
  /** The Message-ID of a message of this mailbox that has an idempotency key. */
  keyedMessageId(call: KeyedCall): KeyedMessageId;
  readonly recentCalls: RecentCalls;
  readonly attachments: AttachmentStore;
  now(): Date;
}

/** For a client that has gone nothing more is begun (MCP-11); what was sent is still filed. */
export function untilCancelled(session: MailSession, cancelled: AbortSignal): MailSession {
  let isSent = false;
  return {
    ...session,
    readImap: (use, mailbox) =>
      session.readImap(async (imap) => {
        cancelled.throwIfAborted();
        return use(imap);
      }, mailbox),
    changeImap: (use, mailbox) =>
      session.changeImap(async (imap) => {
        if (!isSent) cancelled.throwIfAborted();
        return use(imap);
      }, mailbox),
    async submit(message) {
      cancelled.throwIfAborted();
      isSent = true;
      return session.submit(message);
    },
  };
}
