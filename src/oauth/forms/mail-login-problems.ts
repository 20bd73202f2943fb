/** Puts into sentences why the mail servers refused a login, each sentence beside the field that it concerns. */
import type { LoginProblem, MailServer, MailServers } from '../../mail/account.ts';
import { appPasswordRequired, isMicrosoft, noPasswordsTaken, smtpAuthOff, wrongPassword } from './app-passwords.ts';
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
  const place = `${service}_server` as const;
  const lasting = (sentence: FormProblem['sentence']): FormProblem => ({ place, sentence, isLasting: true });
  switch (fault) {
    case 'credentials':
      return { place: `${service}_password`, ...wrongPassword(host, worksForReading) };
    case 'app_password':
      return { place: `${service}_password`, ...appPasswordRequired(host) };
    case 'no_passwords':
      return { place, ...noPasswordsTaken(host), isLasting: true };
    case 'blocked':
      return lasting((t) => t.refusals.blocked({ host }));
    case 'smtp_auth_off':
      return { place, ...smtpAuthOff(host), isLasting: true };
    case 'misconfigured':
      return lasting((t) => t.refusals.misconfigured({ host, port, reference }));
    case 'unsupported':
      return lasting((t) => t.refusals.unsupported({ host, reference }));
    case 'unsafe_login':
      return { place, sentence: (t) => t.refusals.unsafeLogin({ host }) };
    case 'no_tokens':
      return lasting((t) => t.refusals.noTokens({ host, reference }));
    case 'token_refused':
      return { place, sentence: (t) => t.refusals.tokenRefused({ host }) };
    case 'unreachable':
      return { place, sentence: (t) => t.refusals.unreachable({ host, port }) };
    case 'timeout':
      return { place, sentence: (t) => t.refusals.timeout({ host }) };
    case 'certificate':
      return lasting((t) => t.refusals.certificate({ host, reference }));
    case 'no_starttls':
      return lasting((t) => t.refusals.noStarttls({ host, port, reference }));
    case 'refused':
      return { place, sentence: (t) => t.refusals.refused({ host }) };
  }
}
