/** Writes what the sign-in page says about app passwords: which mail providers require one, and where their users create one. */
import type { AppPasswordHint, LinkView } from '../pages/views.ts';

interface Provider {
  name: string;
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
];

interface Sentence {
  sentence: string;
  link?: LinkView;
}

/** @returns the hint below the password field; `undefined` unless the provider is known to require app passwords */
export function appPasswordHint(host: string): AppPasswordHint | undefined {
  const provider = providerOf(host);
  return (
    provider && {
      text: `${provider.name} takes an app password here, not your usual one.`,
      link: { text: 'Get an app password', url: provider.url },
    }
  );
}

/** @returns the problem of a password that the mail server refused because it requires an app password */
export function appPasswordRequired(host: string): Sentence {
  return {
    sentence: `${host} wants an app password: one that you make for this connection at your mail provider, instead of your usual password.`,
    ...providerLink(host),
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

function advice(host: string, worksForReading: boolean): string {
  if (worksForReading) return ' They do work for reading: enter the ones for sending here.';
  const provider = providerOf(host);
  return provider
    ? ` ${provider.name} takes an app password here, not your usual password.`
    : ' Check both and try again.';
}

function providerLink(host: string): { link?: LinkView } {
  const provider = providerOf(host);
  return provider ? { link: { text: `App passwords at ${provider.name}`, url: provider.url } } : {};
}

function providerOf(host: string): Provider | undefined {
  const name = host.toLowerCase();
  return PROVIDERS.find(({ domains }) => domains.some((domain) => name === domain || name.endsWith(`.${domain}`)));
}
