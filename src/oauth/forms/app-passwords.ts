/** Writes what the sign-in page says about providers that do not take an account's own password: which require an app password, and which take none. */
import { type MailProvider, mailProviderOf } from '../../mail/providers.ts';
import type { AppPasswordHint, LinkView } from '../pages/views.ts';

/** IMAP has taken no passwords there since 2023 (Exchange Online) and 2024 (Outlook.com), app passwords included. */
const MICROSOFT_PAGE =
  'https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online';
const MICROSOFT_SMTP_PAGE = 'https://aka.ms/smtp_auth_disabled';

interface Sentence {
  sentence: string;
  link?: LinkView;
}

/** @returns the hint below the password field; `undefined` unless the provider is known to require app passwords, or to take no passwords */
export function appPasswordHint(host: string): AppPasswordHint | undefined {
  if (isMicrosoft(host)) {
    return {
      text: 'Microsoft takes no passwords from mail programs, not even app passwords: this sign-in will be refused.',
      link: { text: 'What Microsoft says about it', url: MICROSOFT_PAGE },
    };
  }
  const provider = providerOf(host);
  return (
    provider && {
      text: `${provider.title} takes an ${wordOf(provider)} here, not your usual ${provider.word ? 'password' : 'one'}.`,
      link: { text: `Get an ${wordOf(provider)}`, url: provider.appPasswordUrl },
    }
  );
}

/** @returns the problem of a password that the mail server refused because it requires an app password */
export function appPasswordRequired(host: string): Sentence {
  const word = wordOf(providerOf(host));
  return {
    sentence: `${host} wants an ${word}: one that you make for this connection at your mail provider, instead of your usual password.`,
    ...providerLink(host),
  };
}

/** @returns the problem of a mail server that takes no password, whichever it is */
export function noPasswordsTaken(host: string): Sentence {
  if (!isMicrosoft(host)) {
    return {
      sentence: `${host} takes no passwords from mail programs, not even app passwords. Its administrator can say if this can be changed.`,
    };
  }
  return {
    sentence:
      'Microsoft takes no passwords from mail programs, and app passwords do not help. This server cannot sign in to Microsoft accounts.',
    link: { text: 'What Microsoft says about it', url: MICROSOFT_PAGE },
  };
}

/** @returns the problem of a mailbox for which sending with a password is switched off */
export function smtpAuthOff(host: string): Sentence {
  return {
    sentence: `${host} does not let this mailbox send with a password: SMTP AUTH is switched off for it or for your organization. Its administrator can switch it on; another password does not help.`,
    ...(isMicrosoft(host) && { link: { text: 'For the administrator', url: MICROSOFT_SMTP_PAGE } }),
  };
}

/** @returns the problem of a login that a rule of the account's organization does not allow */
export function loginBlocked(host: string): Sentence {
  return {
    sentence: `${host} refused this login by a rule of your organization. Another password does not help: its administrator has to allow it.`,
  };
}

/**
 * @param worksForReading true if the IMAP server has accepted the same user name and password
 * @returns the problem of a user name and password that the mail server refused
 */
export function wrongPassword(host: string, worksForReading: boolean): Sentence {
  return {
    // The same for an unknown user and a wrong password: an attacker learns nothing from it.
    sentence: `${host} did not accept this user name and password.${advice(host, worksForReading)}`,
    ...providerLink(host),
  };
}

/** True for the mail servers of Microsoft. Exchange servers of other operators take passwords. */
export const isMicrosoft = (host: string): boolean => mailProviderOf(host)?.signIn === 'microsoft';

function advice(host: string, worksForReading: boolean): string {
  if (worksForReading) return ' They do work for reading: enter the ones for sending here.';
  const provider = providerOf(host);
  return provider
    ? ` ${provider.title} takes an ${wordOf(provider)} here, not your usual password.`
    : ' Check both and try again.';
}

function providerLink(host: string): { link?: LinkView } {
  const provider = providerOf(host);
  return provider
    ? { link: { text: `${capitalized(wordOf(provider))}s at ${provider.title}`, url: provider.appPasswordUrl } }
    : {};
}

const wordOf = (provider: Pick<MailProvider, 'word'> | undefined): string => provider?.word ?? 'app password';

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The provider of a mail server that takes app passwords alone. */
function providerOf(host: string): (MailProvider & { appPasswordUrl: string }) | undefined {
  const provider = mailProviderOf(host);
  if (provider?.login !== 'app_password' || provider.appPasswordUrl === undefined) return undefined;
  return { ...provider, appPasswordUrl: provider.appPasswordUrl };
}
