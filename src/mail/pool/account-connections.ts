/** Holds the idle connections of one account, and how many connections its mail server allows. */
import type { OwnedImapConnection } from '../imap/imap-connection.ts';

export class AccountConnections {
  readonly key: string;
  /** In the order of their last use. */
  idle: OwnedImapConnection[] = [];
  /** Connections that the account may have. It falls below the limit of the pool when the mail server reports too many connections. */
  limit: number;

  constructor(key: string, limit: number) {
    this.key = key;
    this.limit = limit;
  }

  /** @returns the idle connection that has the mailbox open, otherwise the one used last; undefined if none is idle */
  bestFor(mailbox: string | undefined): OwnedImapConnection | undefined {
    return this.idle.findLast(({ selected }) => selected !== null && selected.path === mailbox) ?? this.idle.at(-1);
  }

  remove(imap: OwnedImapConnection): void {
    this.idle = this.idle.filter((other) => other !== imap);
  }
}
