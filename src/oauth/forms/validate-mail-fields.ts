/** Validates the fields of the sign-in form of a mailbox, without asking the mail servers. */
import type { Language } from '../pages/languages/en.ts';
import type { FitsIntoToken } from '../sealed/sealed-types.ts';
import type { FormProblem, Place } from './form.ts';
import { isAddress, TOO_LONG_TOGETHER, validateIdentities } from './identities.ts';
import { type MailFields, toMailCredentials } from './mail-fields.ts';

/** In bytes of UTF-8. A user name can be an address: 64 + 1 + 255 (RFC 5321 §4.5.3.1). */
const MAX_BYTES = { name: 256, username: 320, password: 1024 } as const;

/**
 * @param fits whether the access token has room for the credentials
 * @returns at most one problem a field, in reading order
 */
export function validateMailFields(fields: MailFields, fits: FitsIntoToken = () => true): FormProblem[] {
  const problems = [
    validateLine('full_name', 'name', fields.fullName, MAX_BYTES.name),
    validateEmail(fields.email),
    validateIdentities(fields.identities),
    validateLine('imap_username', 'username', fields.imapUsername, MAX_BYTES.username),
    validatePassword('imap_password', fields.imapPassword),
    ...(fields.useSameCredentials
      ? []
      : [
          validateLine('smtp_username', 'username', fields.smtpUsername, MAX_BYTES.username),
          validatePassword('smtp_password', fields.smtpPassword),
        ]),
  ].filter((problem) => problem !== null);
  return problems.length > 0 ? problems : validateTokenLength(fields, fits);
}

/** Validates the form that asks for the IMAP credentials alone, where a user name is required. */
export function validateMailboxFields({ imapUsername, imapPassword }: MailFields): FormProblem[] {
  const name: FormProblem | null =
    imapUsername === ''
      ? { place: 'imap_username', sentence: (t) => t.problems.usernameMissing }
      : validateLine('imap_username', 'username', imapUsername, MAX_BYTES.username);
  return [name, validatePassword('imap_password', imapPassword)].filter((problem) => problem !== null);
}

/** Validates the form without a password. @param needsAddress true if the provider names no address */
export function validateProviderFields(fields: MailFields, needsAddress: boolean): FormProblem[] {
  return [
    validateLine('full_name', 'name', fields.fullName, MAX_BYTES.name),
    fields.email === '' && !needsAddress ? null : validateEmail(fields.email),
    validateIdentities(fields.identities),
  ].filter((problem) => problem !== null);
}

const isTooLong = (text: string, maxBytes: number): boolean => Buffer.byteLength(text) > maxBytes;

function validateLine(place: Place, what: Line, text: string, most: number): FormProblem | null {
  if (/\p{Cc}/u.test(text)) return { place, sentence: (t) => t.problems[`${what}Character`] };
  return isTooLong(text, most) ? { place, sentence: (t) => t.problems[`${what}TooLong`]({ most }) } : null;
}

type Line = 'name' | 'email' | 'username';

/** @returns what is wrong with an address, `null` if nothing is */
export function validateEmail(address: string): FormProblem | null {
  const place = 'email';
  if (address === '') return { place, sentence: (t) => t.problems.emailMissing };
  if (!isAddress(address)) return { place, sentence: (t) => t.problems.emailInvalid };
  return validateLine(place, 'email', address, MAX_BYTES.username);
}

function validatePassword(place: Place, text: string): FormProblem | null {
  const problem = (sentence: (problems: Language['problems']) => string): FormProblem => ({
    place,
    sentence: (t) => sentence(t.problems),
  });
  if (text === '') return problem((t) => (place === 'smtp_password' ? t.sendingPasswordMissing : t.passwordMissing));
  // CR, LF and NUL cannot occur in an IMAP or SMTP command (RFC 9051 §9); every other character is allowed.
  if (/[\r\n\0]/.test(text)) return problem((t) => t.passwordLineBreak);
  return isTooLong(text, MAX_BYTES.password) ? problem((t) => t.passwordTooLong({ most: MAX_BYTES.password })) : null;
}

/** Fields that are each short enough may be too long together for an access token. */
function validateTokenLength(fields: MailFields, fits: FitsIntoToken): FormProblem[] {
  if (fits(toMailCredentials(fields))) return [];
  if (fields.identities !== '') return [TOO_LONG_TOGETHER];
  return fields.useSameCredentials
    ? [{ place: 'imap_password', sentence: (t) => t.problems.loginTooLong }]
    : [{ place: 'smtp_password', sentence: (t) => t.problems.loginsTooLong }];
}
