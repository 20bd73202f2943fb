/** The one place that reads a mail server's prose: does a refused login ask for an app password? */

/**
 * What providers write when an account's own password is not taken from mail programs. No response code tells it: Gmail's 534 5.7.9 means
 * "mechanism too weak" elsewhere (RFC 4954 §6), IMAP has only AUTHENTICATIONFAILED (RFC 5530). So the words count, as a hint and no more.
 *
 * - Gmail, IMAP: `NO [ALERT] Application-specific password required: https://…`
 * - Gmail, SMTP: `534-5.7.9 Application-specific password required.`
 * - Mail.ru, both: `Application password is REQUIRED`
 * - Fastmail, Zoho, Yandex and others: a sentence with "app password" or "app-specific password"
 * - Microsoft, SMTP: `535 5.7.139 Authentication unsuccessful, basic authentication is disabled.` and other policies behind 5.7.139
 */
const appPassword = /\bapp(?:lication)?(?:[- ]specific)?[- ]password/i;
const microsoftPolicy = /\b5\.7\.139\b/;
/** The one sentence behind 5.7.139 that means a mistyped password. */
const microsoftWrongPassword = /\bcredentials were incorrect\b/i;

/**
 * Recognises the answer of a server to a refused login that calls for an app password instead of the account's own.
 *
 * @param text the server's answer as it came, of any length; only its first 2,000 characters are looked at
 */
export function needsAppPassword(text: string): boolean {
  const start = text.slice(0, 2_000);
  return appPassword.test(start) || (microsoftPolicy.test(start) && !microsoftWrongPassword.test(start));
}
