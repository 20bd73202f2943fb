/** Recognizes, by the text of a server's answer, why it refused a login although user name and password may be right. */

/**
 * - `app_password`: the server requires an app password instead of the account's own
 * - `no_passwords`: it accepts no password from mail programs, app passwords included
 * - `smtp_auth_off`: sending with a password is switched off for the mailbox or its organization
 * - `blocked`: a rule of the account's organization does not allow the login
 */
export type LoginRefusal = 'app_password' | 'no_passwords' | 'smtp_auth_off' | 'blocked';

/**
 * What providers write when they do not accept an account's own password from mail programs. There is no response code for this case: Gmail's
 * 534 5.7.9 means "mechanism too weak" elsewhere (RFC 4954 §6), and IMAP has only AUTHENTICATIONFAILED (RFC 5530). The text decides only which
 * error is reported.
 *
 * - Gmail, IMAP: `NO [ALERT] Application-specific password required: https://…`
 * - Gmail, SMTP: `534-5.7.9 Application-specific password required.`
 * - Mail.ru, both: `Application password is REQUIRED`
 * - Fastmail, Zoho, Yandex and others: a sentence with "app password" or "app-specific password"
 * - QQ, NetEase: a sentence with "authorization code"
 */
const APP_PASSWORD =
  /\bapp(?:lication)?(?:[- ]specific)?[- ]password|\bauthori[sz]ation code\b|\u6388\u6743\u7801|\u6388\u6b0a\u78bc/i;

/**
 * - Microsoft, IMAP: `NO Basic authentication is disabled.` or `NO …LogonDenied-BasicAuthBlocked…`
 * - Microsoft, SMTP: `535 5.7.139 Authentication unsuccessful, basic authentication is disabled.`
 */
const NO_PASSWORDS =
  /\bbasic ?auth(?:entication)?(?: is| has been)?[ -]?(?:disabled|blocked|turned off|not (?:supported|allowed|enabled))|\bmodern auth(?:entication)? (?:is )?required\b|\b(?:requires?|must use) (?:modern auth|x?oauth)/i;

/** Microsoft: `535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.` An administrator can switch it on. */
const SMTP_AUTH_OFF = /\bSmtpClientAuth(?:entication)? is disabled\b/i;

/** Microsoft, SMTP: other policies of a tenant, such as security defaults and conditional access. */
const BLOCKED = /\b5\.7\.139\b/i;

/** The only text after 5.7.139 that means a wrong password. */
const WRONG_PASSWORD = /\bcredentials were incorrect\b/i;

const MAX_CHARS = 2_000;

/**
 * @param text the server's answer, of any length; only its first 2,000 characters are read
 * @returns `undefined` if the text gives none of these reasons
 */
export function loginRefusalOf(text: string): LoginRefusal | undefined {
  const start = text.slice(0, MAX_CHARS);
  if (NO_PASSWORDS.test(start)) return 'no_passwords';
  if (SMTP_AUTH_OFF.test(start)) return 'smtp_auth_off';
  if (APP_PASSWORD.test(start)) return 'app_password';
  return BLOCKED.test(start) && !WRONG_PASSWORD.test(start) ? 'blocked' : undefined;
}
