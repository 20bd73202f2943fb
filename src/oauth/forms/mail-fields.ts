/** Reads the fields of the sign-in form of a mailbox, and turns them into credentials. */
import type { Parameters } from '../http/parameters.ts';
import type { MailCredentials } from '../sealed/identity.ts';

/** As typed. Name, address and user names without blanks around them; passwords unchanged. */
export interface MailFields {
  fullName: string;
  email: string;
  imapUsername: string;
  imapPassword: string;
  useSameCredentials: boolean;
  smtpUsername: string;
  smtpPassword: string;
  /** As typed: an address on each line. */
  identities: string;
  /** As submitted; empty if none was. Undefined before anything was submitted. */
  timeZone: string | undefined;
}

/** Before anything is typed. */
export const BLANK_MAIL_FIELDS: MailFields = {
  fullName: '',
  email: '',
  identities: '',
  imapUsername: '',
  imapPassword: '',
  useSameCredentials: true,
  smtpUsername: '',
  smtpPassword: '',
  timeZone: undefined,
};

/** The names of the fields are public; an unticked box is not sent at all (HTML §4.10.21.4). */
export function readMailFields(form: Parameters): MailFields {
  return {
    fullName: (form.get('full_name') ?? '').trim(),
    email: (form.get('email') ?? '').trim(),
    identities: (form.get('identities') ?? '').trim(),
    imapUsername: (form.get('imap_username') ?? '').trim(),
    imapPassword: form.get('imap_password') ?? '',
    useSameCredentials: form.get('use_same_credentials') !== undefined,
    smtpUsername: (form.get('smtp_username') ?? '').trim(),
    smtpPassword: form.get('smtp_password') ?? '',
    timeZone: (form.get('time_zone') ?? '').trim(),
  };
}

/** The fields as they are sealed, the same login only once; empty user names become the address. */
export function toMailCredentials(fields: MailFields): MailCredentials {
  const { fullName: name, email, imapUsername, imapPassword, smtpUsername, smtpPassword } = fields;
  const smtp = { username: smtpUsername || email, password: smtpPassword };
  const isSame = smtp.username === (imapUsername || email) && smtp.password === imapPassword;
  return {
    name,
    email,
    imap: { ...(imapUsername && imapUsername !== email && { username: imapUsername }), password: imapPassword },
    ...(!fields.useSameCredentials && !isSame && { smtp }),
  };
}
