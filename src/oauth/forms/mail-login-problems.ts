/** Puts into sentences why the mail servers refused a login, each sentence beside the field that it concerns. */
import type { LoginProblem, MailServer, MailServers } from '../../mail/account.ts';
import {
  appPasswordRequired,
  isMicrosoft,
  loginBlocked,
  noPasswordsTaken,
  smtpAuthOff,
  wrongPassword,
} from './app-passwords.ts';
import type { FormProblem } from './form.ts';
import type { MailFields } from './mail-fields.ts';

type UseSame = Pick<MailFields, 'useSameCredentials'>;

interface Context {
  servers: MailServers;
  /** What the operator finds the refusal by in the log. */
  reference?: string | undefined;
}

/**
 * @param fields decide which password was refused: with one pair of credentials for both servers, a refusal by the SMTP server alone
 *   asks for a second pair
 * @returns at most one problem a server, IMAP first; empty if there was none
 */
export function mailLoginProblems(
  refusal: readonly LoginProblem[],
  fields: UseSame,
  { servers, reference }: Context,
): FormProblem[] {
  const imap = refusal.filter(({ service }) => service === 'imap').map((problem) => asMeant(problem, servers.imap))[0];
  const smtp = refusal.find(({ service }) => service === 'smtp');
  const problems = imap ? [toFormProblem(imap, servers.imap, { reference })] : [];
  // What the SMTP server says of the password does not matter then.
  if (!smtp || imap?.fault === 'no_passwords') return problems;
  if (needsSmtpCredentials(refusal, fields))
    return [toFormProblem(smtp, servers.smtp, { worksForReading: true, reference })];
  const smtpProblem = toFormProblem(smtp, servers.smtp, { reference });
  if (!fields.useSameCredentials || !concernsCredentials(smtp)) return [...problems, smtpProblem];
  // With one pair of credentials both refusals concern the same fields, so only one is shown: the more specific one.
  const ofSamePassword = { ...smtpProblem, place: 'imap_password' as const };
  if (!imap || !concernsCredentials(imap)) return [...problems, ofSamePassword];
  return imap.fault === 'credentials' && smtp.fault === 'app_password' ? [ofSamePassword] : problems;
}

/** Microsoft answers to every password as to a wrong one (`NO AUTHENTICATE failed.`). */
function asMeant({ service, fault }: LoginProblem, { host }: MailServer): LoginProblem {
  const isAnyPassword = isMicrosoft(host) && (fault === 'credentials' || fault === 'app_password');
  return { service, fault: isAnyPassword ? 'no_passwords' : fault };
}

/** Whether the fields for sending must be shown although the box is ticked: IMAP accepts the credentials, SMTP does not. */
export function needsSmtpCredentials(refusal: readonly LoginProblem[], fields: UseSame): boolean {
  return (
    fields.useSameCredentials && refusal.every((problem) => problem.service === 'smtp' && concernsCredentials(problem))
  );
}

const concernsCredentials = ({ fault }: LoginProblem): boolean => fault === 'credentials' || fault === 'app_password';

function toFormProblem(
  { service, fault }: LoginProblem,
  { host, port }: MailServer,
  { worksForReading = false, reference }: { worksForReading?: boolean; reference?: string | undefined },
): FormProblem {
  const tellOperator = `Another attempt does not help: tell the operator of this server${reference === undefined ? '' : `, reference ${reference}`}.`;
  const place = `${service}_server` as const;
  switch (fault) {
    case 'credentials':
      return { place: `${service}_password`, ...wrongPassword(host, worksForReading) };
    case 'app_password':
      return { place: `${service}_password`, ...appPasswordRequired(host) };
    case 'no_passwords':
      return { place, ...noPasswordsTaken(host), isLasting: true };
    case 'blocked':
      return { place, ...loginBlocked(host), isLasting: true };
    case 'smtp_auth_off':
      return { place, ...smtpAuthOff(host), isLasting: true };
    case 'misconfigured':
      return {
        place,
        sentence: `The connection to ${host}, port ${port}, is set up wrongly here, so your password was not sent. ${tellOperator}`,
        isLasting: true,
      };
    case 'unsupported':
      return {
        place,
        sentence: `${host} offers no way to sign in with a password that is known here. Ask your mail provider if mail programs may use a password. ${tellOperator}`,
        isLasting: true,
      };
    case 'unsafe_login':
      return {
        place,
        sentence: `${host} accepted the login, but opens no mailbox for this program (“Unsafe Login”). Allow IMAP in the web mail of your provider and use a new authorization code, or ask its support.`,
      };
    case 'no_tokens':
      return {
        place,
        sentence: `${host} does not take the sign-in at a provider. ${tellOperator}`,
        isLasting: true,
      };
    case 'token_refused':
      return {
        place,
        sentence: `${host} does not open this mailbox to the account that signed in. Check the address, and if the mailbox may be used with IMAP.`,
      };
    case 'unreachable':
      return { place, sentence: `${host} could not be reached on port ${port}. Try again in a minute.` };
    case 'timeout':
      return { place, sentence: `${host} did not answer in time. Try again in a minute.` };
    case 'certificate':
      return {
        place,
        sentence: `The certificate of ${host} is not valid, so your password was not sent. ${tellOperator}`,
        isLasting: true,
      };
    case 'no_starttls':
      return {
        place,
        sentence: `${host} offers no secure connection on port ${port}, so your password was not sent. ${tellOperator}`,
        isLasting: true,
      };
    case 'refused':
      return {
        place,
        sentence: `${host} refused the connection or the login for now. Try again later, or ask your mail provider why.`,
      };
  }
}
