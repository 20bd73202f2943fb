/** What the mail servers said to a login, as sentences for the mailbox owner, each by the field it belongs to. */
import type { MailServer, MailServers } from '../mail/account.ts';
import { appPasswordOf } from './app-passwords.ts';
import type { FormProblem, LoginEntry } from './login-form.ts';
import type { LoginProblem } from './services.ts';

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
  // The same wrong password, refused twice, is one problem.
  if (entry.useSameCredentials && imap && isAboutLogin(imap) && isAboutLogin(smtp)) return shown;
  return [...shown, describe(smtp, servers.smtp, entry.useSameCredentials ? 'shared' : 'own')];
}

/** Whether the second pair must be shown, although the box was ticked: the sending server wants another login. */
export function needsOwnSmtpLogin(problems: readonly LoginProblem[]): boolean {
  const ofLogin = problems.filter(isAboutLogin);
  return ofLogin.length > 0 && ofLogin.every(({ service }) => service === 'smtp');
}

const isAboutLogin = ({ fault }: LoginProblem): boolean => fault === 'credentials' || fault === 'app_password';

function describe({ service, fault }: LoginProblem, server: MailServer, login: 'own' | 'shared' = 'own'): FormProblem {
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

function advice(login: 'own' | 'shared', provider: string | undefined): string {
  if (login === 'shared') return ' They do work for reading: enter the ones for sending here.';
  return provider ? ` ${provider} takes an app password here, not your usual password.` : ' Check both and try again.';
}
