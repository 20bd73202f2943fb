/** What the mail servers said to a login, as sentences for the mailbox owner, each by the field it belongs to. */
import type { LoginProblem, MailServer, MailServers } from '../../mail/account.ts';
import { appPasswordOf } from './app-passwords.ts';
import type { FormProblem, LoginEntry } from './mail-entry.ts';

/**
 * @param entry decides whose password it was: with one login for both, a fault of the sending server alone calls for a second pair
 * @returns at most one problem a server, reading first; empty if there was none
 */
export function loginProblems(
  problems: readonly LoginProblem[],
  entry: LoginEntry,
  servers: MailServers,
): FormProblem[] {
  const imap = problems.find(({ service }) => service === 'imap');
  const smtp = problems.find(({ service }) => service === 'smtp');
  const shown = imap ? [describe(imap, servers.imap)] : [];
  if (!smtp) return shown;
  if (needsOwnSmtpLogin(problems, entry)) return [describe(smtp, servers.smtp, 'works for reading')];
  const smtpProblem = describe(smtp, servers.smtp);
  if (!entry.useSameCredentials || !isAboutLogin(smtp)) return [...shown, smtpProblem];
  // With one login for both, its fields are the only ones there are, and refused twice it is one problem: the more telling one.
  const ofLogin = { ...smtpProblem, place: 'imap_password' as const };
  if (!imap || !isAboutLogin(imap)) return [...shown, ofLogin];
  return imap.fault === 'credentials' && smtp.fault === 'app_password' ? [ofLogin] : shown;
}

/** Whether the second pair must be shown although the box was ticked: the login opens the mailbox but does not send. */
export function needsOwnSmtpLogin(problems: readonly LoginProblem[], entry: LoginEntry): boolean {
  return entry.useSameCredentials && problems.every((problem) => problem.service === 'smtp' && isAboutLogin(problem));
}

const isAboutLogin = ({ fault }: LoginProblem): boolean => fault === 'credentials' || fault === 'app_password';

function describe(
  { service, fault }: LoginProblem,
  server: MailServer,
  login: 'unknown' | 'works for reading' = 'unknown',
): FormProblem {
  const { host } = server;
  const appPassword = appPasswordOf(host);
  const link = appPassword && { link: { text: `App passwords at ${appPassword.provider}`, url: appPassword.url } };
  const place = `${service}_server` as const;
  switch (fault) {
    case 'credentials':
      return {
        place: `${service}_password`,
        // The same for an unknown user and a wrong password: nothing is learned by trying.
        sentence: `${host} did not accept this user name and password.${advice(login, appPassword?.provider)}`,
        ...link,
      };
    case 'app_password':
      return {
        place: `${service}_password`,
        sentence: `${host} wants an app password: one that you make for this connection at your mail provider, instead of your usual password.`,
        ...link,
      };
    case 'unreachable':
      return { place, sentence: `${host} could not be reached on port ${server.port}. Try again in a minute.` };
    case 'timeout':
      return { place, sentence: `${host} did not answer in time. Try again in a minute.` };
    case 'certificate':
      return {
        place,
        sentence: `The certificate of ${host} is not valid, so your password was not sent. Tell whoever runs the mail server.`,
      };
    case 'no_starttls':
      return {
        place,
        sentence: `${host} offers no secure connection on port ${server.port}, so your password was not sent. Tell whoever set up this connection.`,
      };
    case 'refused':
      return { place, sentence: `${host} refused the connection. Try again later, or ask your mail provider why.` };
  }
}

function advice(login: 'unknown' | 'works for reading', provider: string | undefined): string {
  if (login === 'works for reading') return ' They do work for reading: enter the ones for sending here.';
  return provider ? ` ${provider} takes an app password here, not your usual password.` : ' Check both and try again.';
}
