/** The sign-in forms of a mailbox: with the login for sending and without. */
import type { LoginProblem } from '../../account.ts';
import type { MailServer, MailServers } from '../../mail/account.ts';
import { appPasswordOf } from './app-passwords.ts';
import type { Entered, SignInForm } from './form.ts';
import { loginProblems, needsOwnSmtpLogin } from './login-problems.ts';
import {
  credentialsOf,
  emptyEntry,
  entryProblems,
  type LoginEntry,
  mailboxProblems,
  type Place,
  readEntry,
} from './mail-entry.ts';
import type { FieldView, MailboxFields, MailFields, ProblemView, ServerView } from './pages.ts';

type ProblemAt = (place: Place) => ProblemView | undefined;

export function mailForm(servers: MailServers): SignInForm<MailFields> {
  const entered = (entry: LoginEntry): Entered<MailFields> => ({
    mistakes: (beside) => entryProblems(entry, beside),
    credentials: () => credentialsOf(entry),
    refused(all) {
      const faults = ofMail(all);
      const useSameCredentials = entry.useSameCredentials && !needsOwnSmtpLogin(faults, entry);
      return { problems: loginProblems(faults, entry, servers), shown: entered({ ...entry, useSameCredentials }) };
    },
    waitPlace: 'imap_password',
    view: (problemAt) => mailFields(entry, servers, problemAt),
  });
  return { blank: entered(emptyEntry), read: (form) => entered(readEntry(form)) };
}

export function mailboxForm(servers: MailServers): SignInForm<MailboxFields> {
  const entered = (entry: LoginEntry): Entered<MailboxFields> => ({
    mistakes: () => mailboxProblems(entry),
    credentials: () => ({ name: '', email: entry.imapUsername, imap: { password: entry.imapPassword } }),
    refused: (faults) => ({ problems: loginProblems(ofMail(faults), entry, servers), shown: entered(entry) }),
    waitPlace: 'imap_password',
    view: (problemAt) => mailboxFields(entry, servers.imap, problemAt),
  });
  const read: SignInForm<MailboxFields>['read'] = (form) => {
    const { imapUsername, imapPassword } = readEntry(form);
    return entered({ ...emptyEntry, imapUsername, imapPassword });
  };
  return { blank: entered(emptyEntry), read };
}

const ofMail = (faults: readonly LoginProblem[]) => faults.filter((fault) => fault.service !== 'missive');

function mailFields(entry: LoginEntry, { imap, smtp }: MailServers, problemAt: ProblemAt): MailFields {
  const field = (place: Place, value = ''): FieldView => ({ value, problem: problemAt(place) });
  return {
    service: 'mail',
    servers: { imap: serverView(imap), smtp: serverView(smtp) },
    serverProblems: { imap: problemAt('imap_server'), smtp: problemAt('smtp_server') },
    appPassword: appPasswordOf(imap.host),
    useSameCredentials: entry.useSameCredentials,
    fields: {
      full_name: field('full_name', entry.fullName),
      email: field('email', entry.email),
      imap_username: field('imap_username', entry.imapUsername),
      imap_password: field('imap_password'),
      smtp_username: field('smtp_username', entry.smtpUsername),
      smtp_password: field('smtp_password'),
    },
  };
}

function mailboxFields(entry: LoginEntry, server: MailServer, problemAt: ProblemAt): MailboxFields {
  return {
    service: 'mail',
    server: serverView(server),
    serverProblem: problemAt('imap_server'),
    appPassword: appPasswordOf(server.host),
    fields: {
      imap_username: { value: entry.imapUsername, problem: problemAt('imap_username') },
      imap_password: { value: '', problem: problemAt('imap_password') },
    },
  };
}

const protections: Record<MailServer['security'], string> = {
  tls: 'over TLS',
  starttls: 'over STARTTLS',
  cleartext: 'not encrypted',
};

function serverView({ host, port, security }: MailServer): ServerView {
  return { address: `${host}:${port}`, protection: protections[security] };
}
