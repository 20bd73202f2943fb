/** Describes what sending uses during one call: connections, the submission server and the limit on sending. */
import type { MailAccount } from '../account.ts';
import type { WithConnection } from '../messages/list.ts';
import type { ComposedMessage } from '../send/compose.ts';
import type { Submission } from '../send/smtp.ts';

export interface SendSession {
  readonly account: Pick<MailAccount, 'smtp'>;
  /** Connections that are not limited to certain mailboxes. */
  readonly wholeMailbox: {
    /** Runs commands that only read. */
    readImap: WithConnection;
    changeImap: WithConnection;
    /** As changeImap, for completing a change that has begun. Also runs after the client has closed its request. */
    finishImap: WithConnection;
  };
  /** Checks the limit without counting a message. @throws {ToolError} if the limit is reached */
  checkSendLimit(): Promise<void>;
  submit(message: ComposedMessage): Promise<Submission>;
  now(): Date;
}
