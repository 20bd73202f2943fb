/** Who signed in and with what, as it is sealed, and the mailbox that it opens. */
import { z } from 'zod';
import type { MailAccount, MailServers } from '../mail/account.ts';

/** What was typed, without the servers: those come from the client. Repeated values are left out to keep URLs short. */
export const Credentials = z.object({
  name: z.string(),
  email: z.string(),
  imap: z.object({
    /** Absent: the email address. */
    username: z.string().optional(),
    password: z.string(),
  }),
  /** Absent: the same as IMAP. */
  smtp: z.object({ username: z.string(), password: z.string() }).optional(),
});
export type Credentials = z.output<typeof Credentials>;

/** The mailbox that credentials open on the servers of a client. */
export function accountOf(credentials: Credentials, servers: MailServers): MailAccount {
  const { name: fullName, email } = credentials;
  const username = credentials.imap.username ?? email;
  const login = { kind: 'password' as const, username, password: credentials.imap.password };
  const smtpLogin = credentials.smtp ? { kind: 'password' as const, ...credentials.smtp } : login;
  return {
    fullName,
    email,
    imap: { server: servers.imap, login },
    smtp: { server: servers.smtp, login: smtpLogin },
    ...(servers.sentCopy && { sentCopy: servers.sentCopy }),
  };
}
