/** Writes what the sign-in page says about providers that do not take an account's own password: which require an app password, and which take none. */
import type { AppPasswordHint, LinkView } from '../pages/views.ts';

interface Provider {
  name: string;
  /** What the provider calls an app password, if it is not that. */
  word?: string;
  /** Page where the provider's users create an app password, or read how. */
  url: string;
  /** The provider's mail servers are these hosts and all hosts below them. */
  domains: readonly string[];
}

const PROVIDERS: readonly Provider[] = [
  {
    name: 'Google',
    url: 'https://myaccount.google.com/apppasswords',
    domains: ['gmail.com', 'googlemail.com', 'google.com'],
  },
  { name: 'Apple', url: 'https://support.apple.com/102654', domains: ['mail.me.com', 'icloud.com'] },
  {
    name: 'Yahoo',
    url: 'https://login.yahoo.com/account/security',
    domains: ['yahoo.com', 'yahoo.co.jp', 'yahoodns.net'],
  },
  { name: 'AOL', url: 'https://login.aol.com/account/security', domains: ['aol.com'] },
  {
    name: 'Fastmail',
    url: 'https://www.fastmail.com/help/clients/apppassword.html',
    domains: ['fastmail.com', 'messagingengine.com'],
  },
  { name: 'Yandex', url: 'https://id.yandex.com/security/app-passwords', domains: ['yandex.com', 'yandex.ru'] },
  {
    name: 'QQ Mail',
    word: 'authorization code',
    url: 'https://help.mail.qq.com/detail/108/1023',
    domains: ['qq.com', 'foxmail.com'],
  },
  {
    name: 'NetEase',
    word: 'authorization code',
    url: 'https://help.mail.163.com/',
    domains: ['163.com', '126.com', 'yeah.net', '188.com'],
  },
];

/** Microsoft 365 and Outlook.com. IMAP has taken no passwords there since 2023 (Exchange Online) and 2024 (Outlook.com), app passwords included. */
const MICROSOFT_DOMAINS = ['outlook.com', 'office365.com', 'office.com', 'hotmail.com', 'live.com', 'office365.us'];
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
      text: `${provider.name} takes an ${wordOf(provider)} here, not your usual ${provider.word ? 'password' : 'one'}.`,
      link: { text: `Get an ${wordOf(provider)}`, url: provider.url },
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
export const isMicrosoft = (host: string): boolean => isIn(host, MICROSOFT_DOMAINS);

function advice(host: string, worksForReading: boolean): string {
  if (worksForReading) return ' They do work for reading: enter the ones for sending here.';
  const provider = providerOf(host);
  return provider
    ? ` ${provider.name} takes an ${wordOf(provider)} here, not your usual password.`
    : ' Check both and try again.';
}

function providerLink(host: string): { link?: LinkView } {
  const provider = providerOf(host);
  return provider ? { link: { text: `${capitalized(wordOf(provider))}s at ${provider.name}`, url: provider.url } } : {};
}

const wordOf = (provider: Provider | undefined): string => provider?.word ?? 'app password';

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const providerOf = (host: string): Provider | undefined => PROVIDERS.find(({ domains }) => isIn(host, domains));

function isIn(host: string, domains: readonly string[]): boolean {
  const name = host.toLowerCase();
  return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}
