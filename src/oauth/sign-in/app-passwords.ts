/** Mail providers that take nothing but an app password from mail programs, and where their users make one. */

export interface AppPassword {
  provider: string;
  /** Where the provider's users make one, or read how. */
  url: string;
}

/** By the domain that the provider's mail server hosts are under. */
const providers: readonly (AppPassword & { domains: readonly string[] })[] = [
  {
    provider: 'Google',
    url: 'https://myaccount.google.com/apppasswords',
    domains: ['gmail.com', 'googlemail.com', 'google.com'],
  },
  { provider: 'Apple', url: 'https://support.apple.com/102654', domains: ['mail.me.com', 'icloud.com'] },
  {
    provider: 'Yahoo',
    url: 'https://login.yahoo.com/account/security',
    domains: ['yahoo.com', 'yahoo.co.jp', 'yahoodns.net'],
  },
  { provider: 'AOL', url: 'https://login.aol.com/account/security', domains: ['aol.com'] },
  {
    provider: 'Fastmail',
    url: 'https://www.fastmail.com/help/clients/apppassword.html',
    domains: ['fastmail.com', 'messagingengine.com'],
  },
  { provider: 'Yandex', url: 'https://id.yandex.com/security/app-passwords', domains: ['yandex.com', 'yandex.ru'] },
];

/** What is known about the provider of a mail server; `undefined` for all others. */
export function appPasswordOf(host: string): AppPassword | undefined {
  const name = host.toLowerCase();
  return providers.find(({ domains }) => domains.some((domain) => name === domain || name.endsWith(`.${domain}`)));
}
