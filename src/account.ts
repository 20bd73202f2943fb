/** Whose data a connection opens: a mailbox at its mail servers, or a person at Missive. */
import { z } from 'zod';
import { type MailAccount, type LoginProblem as MailLoginProblem, MailServers } from './mail/account.ts';
import { type MissiveAccount, type LoginProblem as MissiveLoginProblem, MissiveServer } from './missive/account.ts';

/** Where logins are checked and used; sealed into a client_id. Mail came first: what has no tag is mail. */
export const Servers = z.union([MailServers, z.object({ missive: MissiveServer })]);
export type Servers = z.output<typeof Servers>;

/** Servers and login together: everything that it takes to reach somebody's data. */
export type Account = ({ service: 'mail' } & MailAccount) | ({ service: 'missive' } & MissiveAccount);

export type Service = Account['service'];

export const serviceOf = (servers: Servers): Service => ('missive' in servers ? 'missive' : 'mail');

/** One reason why a login does not work, found by trying it. */
export type LoginProblem = MailLoginProblem | MissiveLoginProblem;

/**
 * Tries a login, once at each server; an empty list means that it works. Never takes longer than `totalMs` (15 s).
 *
 * @param options.only of a mailbox: the login for reading alone
 */
export type VerifyLogin = (account: Account, options?: { only?: 'imap'; totalMs?: number }) => Promise<LoginProblem[]>;
