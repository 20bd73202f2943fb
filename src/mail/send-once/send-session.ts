/** Describes what sending works with during one call: connections, the submission server and the limit on sending. */
import type { MailAccount } from '../account.ts';
import type { WithConnection } from '../messages/list.ts';
import type { ComposedMessage } from '../send/compose.ts';
import type { Submission } from '../send/smtp.ts';

export interface SendSession {
  readonly account: Pick<MailAccount, 'smtp'>;
  /** Not limited to certain mailboxes. */
  readonly wholeMailbox: {
    /** For reading only. */
    readImap: WithConnection;
    changeImap: WithConnection;
    /** As changeImap, to complete what was begun, also after the client has closed its request. */
    finishImap: WithConnection;
  };
  /** @throws {ToolError} if this connection may not send now; nothing is counted yet */
  checkSendLimit(): Promise<void>;
  submit(message: ComposedMessage): Promise<Submission>;
  now(): Date;
}
