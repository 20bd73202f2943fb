/** Lists the idle connections of one account. pool.ts adds connections, hands them out, and ends those that are idle for too long. */
import type { OwnedImapConnection } from '../imap/imap-connection.ts';

export class IdleList {
  readonly key: string;
  /** In the order of their last use. */
  idle: OwnedImapConnection[] = [];
  /** Connections that the account may have: POOL_LIMITS.perAccount, or fewer once the mail server has reported too many connections. */
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
