/** Makes the sign-in forms of a mailbox: with the credentials for sending and without. */
import type { LoginProblem } from '../../account.ts';
import type { MailServer, MailServers } from '../../mail/account.ts';
import { isTimeZone } from '../../text/time-zone.ts';
import type { Language } from '../pages/languages/en.ts';
import type { FieldView, MailboxFormView, MailFormView, ServerView } from '../pages/views.ts';
import { appPasswordHint } from './app-passwords.ts';
import type { FilledForm, Place, ProblemAt, SignInForm } from './form.ts';
import { sealedIdentities } from './identities.ts';
import { BLANK_MAIL_FIELDS, type MailFields, readMailFields, toMailCredentials } from './mail-fields.ts';
import { mailLoginProblems, needsSmtpCredentials } from './mail-login-problems.ts';
import { validateMailboxFields, validateMailFields } from './validate-mail-fields.ts';

/** Places that are not visible without a click. */
const FOLDED: readonly Place[] = [
  'full_name',
  'identities',
  'imap_username',
  'imap_server',
  'smtp_server',
  'smtp_username',
  'smtp_password',
];

export function mailForm(servers: MailServers): SignInForm<MailFormView> {
  const fill = (fields: MailFields): FilledForm<MailFormView> => ({
    validate: (fits) => validateMailFields(fields, fits),
    credentials: () => toMailCredentials(fields),
    timeZone: fields.timeZone !== undefined && isTimeZone(fields.timeZone) ? fields.timeZone : undefined,
    identities: sealedIdentities(fields),
    afterRefusal(refusal, reference) {
      const ofMail = mailProblemsOf(refusal);
      const useSameCredentials = fields.useSameCredentials && !needsSmtpCredentials(ofMail, fields);
      const problems = mailLoginProblems(ofMail, fields, { servers, reference });
      return { problems, form: fill({ ...fields, useSameCredentials }) };
    },
    waitPlace: 'imap_password',
    view: (problemAt, t) => mailFormView(fields, servers, problemAt, t),
  });
  return {
    blank: fill(BLANK_MAIL_FIELDS),
    startingWith: (email) => fill({ ...BLANK_MAIL_FIELDS, email }),
    read: (parameters) => fill(readMailFields(parameters)),
  };
}

export function mailboxForm(servers: MailServers): SignInForm<MailboxFormView> {
  const fill = (fields: MailFields): FilledForm<MailboxFormView> => ({
    validate: () => validateMailboxFields(fields),
    credentials: () => ({ name: '', email: fields.imapUsername, imap: { password: fields.imapPassword } }),
    afterRefusal: (refusal, reference) => ({
      problems: mailLoginProblems(mailProblemsOf(refusal), fields, { servers, reference }),
      form: fill(fields),
    }),
    waitPlace: 'imap_password',
    view: (problemAt, t) => mailboxFormView(fields, servers.imap, problemAt, t),
  });
  const read: SignInForm<MailboxFormView>['read'] = (parameters) => {
    const { imapUsername, imapPassword } = readMailFields(parameters);
    return fill({ ...BLANK_MAIL_FIELDS, imapUsername, imapPassword });
  };
  const startingWith = (imapUsername: string) => fill({ ...BLANK_MAIL_FIELDS, imapUsername });
  return { blank: fill(BLANK_MAIL_FIELDS), startingWith, read };
}

const mailProblemsOf = (refusal: readonly LoginProblem[]) => refusal.filter((problem) => problem.service !== 'missive');

function mailFormView(
  fields: MailFields,
  { imap, smtp }: MailServers,
  problemAt: ProblemAt,
  t: Language,
): MailFormView {
  const field = (place: Place, value = ''): FieldView => ({ value, problem: problemAt(place) });
  return {
    service: 'mail',
    servers: { imap: serverView(imap, t), smtp: serverView(smtp, t) },
    serverProblems: { imap: problemAt('imap_server'), smtp: problemAt('smtp_server') },
    appPassword: appPasswordHint(imap.host, t),
    // The box is ticked unless it was unticked.
    isTimeZoneTicked: fields.timeZone !== '',
    areDetailsOpen:
      fields.identities !== '' || !fields.useSameCredentials || FOLDED.some((place) => problemAt(place) !== undefined),
    useSameCredentials: fields.useSameCredentials,
    fields: {
      full_name: field('full_name', fields.fullName),
      email: field('email', fields.email),
      identities: field('identities', fields.identities),
      imap_username: field('imap_username', fields.imapUsername),
      imap_password: field('imap_password'),
      smtp_username: field('smtp_username', fields.smtpUsername),
      smtp_password: field('smtp_password'),
    },
  };
}

function mailboxFormView(fields: MailFields, server: MailServer, problemAt: ProblemAt, t: Language): MailboxFormView {
  return {
    service: 'mail',
    server: serverView(server, t),
    serverProblem: problemAt('imap_server'),
    appPassword: appPasswordHint(server.host, t),
    fields: {
      imap_username: { value: fields.imapUsername, problem: problemAt('imap_username') },
      imap_password: { value: '', problem: problemAt('imap_password') },
    },
  };
}

function serverView({ host, port, security }: MailServer, { fields }: Language): ServerView {
  return { address: `${host}:${port}`, protection: fields.protections[security] };
}
