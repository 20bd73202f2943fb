/** Recognizes refused logins that require an app password, by the text of the server's answer. */

/**
 * Matches what providers write when they do not accept an account's own password from mail programs. There is no response code for this
 * case: Gmail's 534 5.7.9 means "mechanism too weak" elsewhere (RFC 4954 §6), and IMAP has only AUTHENTICATIONFAILED (RFC 5530). The text
 * decides only which error is reported.
 *
 * - Gmail, IMAP: `NO [ALERT] Application-specific password required: https://…`
 * - Gmail, SMTP: `534-5.7.9 Application-specific password required.`
 * - Mail.ru, both: `Application password is REQUIRED`
 * - Fastmail, Zoho, Yandex and others: a sentence with "app password" or "app-specific password"
 * - Microsoft, SMTP: `535 5.7.139 Authentication unsuccessful, basic authentication is disabled.` and other policies with 5.7.139
 */
const APP_PASSWORD = /\bapp(?:lication)?(?:[- ]specific)?[- ]password/i;
const MICROSOFT_POLICY = /\b5\.7\.139\b/;
/** The only text after 5.7.139 that means a wrong password. */
const MICROSOFT_WRONG_PASSWORD = /\bcredentials were incorrect\b/i;

/**
 * True if the answer to a refused login requires an app password instead of the account's own.
 *
 * @param text the server's answer, of any length; only its first 2,000 characters are read
 */
export function needsAppPassword(text: string): boolean {
  const start = text.slice(0, 2_000);
  return APP_PASSWORD.test(start) || (MICROSOFT_POLICY.test(start) && !MICROSOFT_WRONG_PASSWORD.test(start));
}
