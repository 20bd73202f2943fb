/** Declares what a connection gives access to: a mailbox on its mail servers, or a Missive account. */
import { z } from 'zod';
import {
  type InboxIdentity,
  type MailAccount,
  type LoginProblem as MailLoginProblem,
  MailServers,
} from './mail/account.ts';
import { type MissiveAccount, type LoginProblem as MissiveLoginProblem, MissiveServer } from './missive/account.ts';

/** The servers that verify and use credentials; sealed into a client_id. Values without `missive` are mail servers. */
export const Servers = z.union([MailServers, z.object({ missive: MissiveServer })]);
export type Servers = z.output<typeof Servers>;

/** Servers and credentials: everything that is required to access the data of an account. */
export type Account = ({ service: 'mail' } & MailAccount) | ({ service: 'missive' } & MissiveAccount);

export type Service = Account['service'];

export const serviceOf = (servers: Servers): Service => ('missive' in servers ? 'missive' : 'mail');

/** One reason why a server refused the credentials. */
export type LoginProblem = MailLoginProblem | MissiveLoginProblem;

/**
 * Logs in once at each server; returns an empty list if all accept the credentials. Never takes longer than `totalMs` (15 s).
 *
 * @param options.only for mail accounts: logs in at the IMAP server alone
 * @param options.isDiagnosed for mail accounts: a server that cannot be used is probed, so that the cause is found
 * @param options.identify for mail accounts: receives what the IMAP server says of the INBOX, before the result is returned. Not called if the login
 *   is refused, or the server does not say
 * @param options.onLogin for mail accounts: called when the credentials are about to be sent to a server
 */
export type VerifyLogin = (
  account: Account,
  options?: {
    only?: 'imap';
    totalMs?: number;
    isDiagnosed?: boolean;
    identify?: (inbox: InboxIdentity) => void;
    onLogin?: () => void;
  },
) => Promise<LoginProblem[]>;
