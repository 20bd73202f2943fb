/** The fields of the sign-in form of a mailbox: reading them, finding what is wrong with them, and what they make when nothing is. */

import type { Parameters } from '../http/parameters.ts';
import type { MailCredentials } from '../sealed/identity.ts';
import { fitsIntoAccessToken } from '../sealed/sealed-types.ts';

/** What the person typed. User names and address without blanks around them; passwords untouched. */
export interface LoginEntry {
  fullName: string;
  email: string;
  imapUsername: string;
  imapPassword: string;
  useSameCredentials: boolean;
  smtpUsername: string;
  smtpPassword: string;
}

/** Where a problem is shown: a field by its wire name, the group of powers, or the server that a pair of fields is checked with. */
export type Place =
  | 'client_id'
  | 'powers'
  | 'recipients'
  | 'full_name'
  | 'email'
  | 'imap_username'
  | 'imap_password'
  | 'smtp_username'
  | 'smtp_password'
  | 'api_token'
  | 'imap_server'
  | 'smtp_server'
  | 'missive_server';

export interface FormProblem {
  place: Place;
  /** For the mailbox owner: what is wrong and what to do. */
  sentence: string;
  /** Where it can be put right, at the provider. */
  link?: { text: string; url: string };
}

/** In bytes of UTF-8. A user name can be an address: 64 + 1 + 255 (RFC 5321 §4.5.3.1). */
const maxBytes = { name: 256, username: 320, password: 1024 } as const;

/** Before anything is typed. */
export const emptyEntry: LoginEntry = {
  fullName: '',
  email: '',
  imapUsername: '',
  imapPassword: '',
  useSameCredentials: true,
  smtpUsername: '',
  smtpPassword: '',
};

/** The fields are public names; an unticked box is not sent at all (HTML §4.10.21.4). */
export function readEntry(form: Parameters): LoginEntry {
  return {
    fullName: (form.get('full_name') ?? '').trim(),
    email: (form.get('email') ?? '').trim(),
    imapUsername: (form.get('imap_username') ?? '').trim(),
    imapPassword: form.get('imap_password') ?? '',
    useSameCredentials: form.get('use_same_credentials') !== undefined,
    smtpUsername: (form.get('smtp_username') ?? '').trim(),
    smtpPassword: form.get('smtp_password') ?? '',
  };
}

/**
 * @param beside what is sealed into the access token together with the login
 * @returns everything that can be seen without asking the mail servers, at most one problem a field, in reading order
 */
export function entryProblems(entry: LoginEntry, beside: object = {}): FormProblem[] {
  const problems = [
    line('full_name', 'name', entry.fullName, maxBytes.name),
    email(entry.email),
    line('imap_username', 'user name', entry.imapUsername, maxBytes.username),
    password('imap_password', entry.imapPassword),
    ...(entry.useSameCredentials
      ? []
      : [
          line('smtp_username', 'user name', entry.smtpUsername, maxBytes.username),
          password('smtp_password', entry.smtpPassword),
        ]),
  ].filter((problem) => problem !== null);
  return problems.length > 0 ? problems : tooLongTogether(entry, beside);
}

/** The same for a form that asks for the login to the mailbox alone, where its user name has to be typed. */
export function mailboxProblems({ imapUsername, imapPassword }: LoginEntry): FormProblem[] {
  const name: FormProblem | null =
    imapUsername === ''
      ? { place: 'imap_username', sentence: 'Enter your user name.' }
      : line('imap_username', 'user name', imapUsername, maxBytes.username);
  return [name, password('imap_password', imapPassword)].filter((problem) => problem !== null);
}

/** The entry as it is sealed; empty user names become the address. */
export function credentialsOf(entry: LoginEntry): MailCredentials {
  const { fullName: name, email, imapUsername, imapPassword, smtpUsername, smtpPassword } = entry;
  return {
    name,
    email,
    imap: { ...(imapUsername && imapUsername !== email && { username: imapUsername }), password: imapPassword },
    ...(!entry.useSameCredentials && { smtp: { username: smtpUsername || email, password: smtpPassword } }),
  };
}

const isTooLong = (text: string, bytes: number): boolean => Buffer.byteLength(text) > bytes;

function line(place: Place, what: string, text: string, bytes: number): FormProblem | null {
  if (/\p{Cc}/u.test(text)) return { place, sentence: `The ${what} has a character that cannot be used in one.` };
  return isTooLong(text, bytes) ? { place, sentence: `The ${what} is too long: ${bytes} bytes at most.` } : null;
}

function email(address: string): FormProblem | null {
  const place = 'email';
  if (address === '') return { place, sentence: 'Enter your email address.' };
  if (!/^[^\s@<>()[\],;:"\\\p{Cc}]+@[^\s@<>()[\],;:"\\\p{Cc}]+$/u.test(address)) {
    return { place, sentence: 'Enter one email address, such as name@example.com.' };
  }
  return line(place, 'email address', address, maxBytes.username);
}

function password(place: Place, text: string): FormProblem | null {
  if (text === '') return { place, sentence: `Enter the password${place === 'smtp_password' ? ' for sending' : ''}.` };
  // Line ends and NUL would end an IMAP or SMTP command (RFC 9051 §9); everything else is a fine password.
  if (/[\r\n\0]/.test(text)) return { place, sentence: 'The password has a line break, which no mail server takes.' };
  return isTooLong(text, maxBytes.password)
    ? { place, sentence: `The password is too long: ${maxBytes.password} bytes at most.` }
    : null;
}

function tooLongTogether(entry: LoginEntry, beside: object): FormProblem[] {
  if (fitsIntoAccessToken({ ...beside, login: credentialsOf(entry) })) return [];
  return entry.useSameCredentials
    ? [{ place: 'imap_password', sentence: 'The login is too long; use a shorter password.' }]
    : [{ place: 'smtp_password', sentence: 'The two logins together are too long; use shorter passwords.' }];
}
