/** Validates the fields of the sign-in form of a mailbox, without asking the mail servers. */
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
    validateLine('imap_username', 'user name', fields.imapUsername, MAX_BYTES.username),
    validatePassword('imap_password', fields.imapPassword),
    ...(fields.useSameCredentials
      ? []
      : [
          validateLine('smtp_username', 'user name', fields.smtpUsername, MAX_BYTES.username),
          validatePassword('smtp_password', fields.smtpPassword),
        ]),
  ].filter((problem) => problem !== null);
  return problems.length > 0 ? problems : validateTokenLength(fields, fits);
}

/** Validates the form that asks for the IMAP credentials alone, where a user name is required. */
export function validateMailboxFields({ imapUsername, imapPassword }: MailFields): FormProblem[] {
  const name: FormProblem | null =
    imapUsername === ''
      ? { place: 'imap_username', sentence: 'Enter your user name.' }
      : validateLine('imap_username', 'user name', imapUsername, MAX_BYTES.username);
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

function validateLine(place: Place, label: string, text: string, maxBytes: number): FormProblem | null {
  if (/\p{Cc}/u.test(text)) return { place, sentence: `The ${label} has a character that cannot be used in one.` };
  return isTooLong(text, maxBytes) ? { place, sentence: `The ${label} is too long: ${maxBytes} bytes at most.` } : null;
}

function validateEmail(address: string): FormProblem | null {
  const place = 'email';
  if (address === '') return { place, sentence: 'Enter your email address.' };
  if (!isAddress(address)) {
    return { place, sentence: 'Enter one email address, such as name@example.com.' };
  }
  return validateLine(place, 'email address', address, MAX_BYTES.username);
}

function validatePassword(place: Place, text: string): FormProblem | null {
  if (text === '') return { place, sentence: `Enter the password${place === 'smtp_password' ? ' for sending' : ''}.` };
  // CR, LF and NUL cannot occur in an IMAP or SMTP command (RFC 9051 §9); every other character is allowed.
  if (/[\r\n\0]/.test(text)) return { place, sentence: 'The password has a line break, which no mail server takes.' };
  return isTooLong(text, MAX_BYTES.password)
    ? { place, sentence: `The password is too long: ${MAX_BYTES.password} bytes at most.` }
    : null;
}

/** Fields that are each short enough may be too long together for an access token. */
function validateTokenLength(fields: MailFields, fits: FitsIntoToken): FormProblem[] {
  if (fits(toMailCredentials(fields))) return [];
  if (fields.identities !== '') return [{ place: 'identities', sentence: TOO_LONG_TOGETHER }];
  return fields.useSameCredentials
    ? [{ place: 'imap_password', sentence: 'The login is too long; use a shorter password.' }]
    : [{ place: 'smtp_password', sentence: 'The two logins together are too long; use shorter passwords.' }];
}
