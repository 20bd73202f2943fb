/** Lists mail providers: their mail servers, how accounts log in to them, and where an app password is created. The source of each row is in docs/providers.md. */
import type { MailServer, ProviderSignIn } from './account.ts';

/** How accounts log in: with their own password, with an app password alone, or at an OpenID provider because passwords are refused. */
type ProviderLogin = 'password' | 'app_password' | 'sign_in';

export interface MailProvider {
  /** The value of `--provider`. */
  id: string;
  /** As account owners know it. */
  title: string;
  imap: MailServer;
  smtp: MailServer;
  login: ProviderLogin;
  /** What the provider calls an app password, if it is not that. */
  word?: string;
  /** Page where accounts create an app password, or read how. */
  appPasswordUrl?: string;
  /** With `sign_in`: where. */
  signIn?: ProviderSignIn['provider'];
  /** The provider's mail servers are these hosts and all hosts below them. */
  domains: readonly string[];
  /** When the row was compared with its source. */
  checkedOn: string;
  source: string;
}

const CHECKED_ON = '2026-11-30';

/** Of providers that publish no page with all values, as clients are configured. */
const PROVIDER_DATABASE = 'https://github.com/chatmail/provider-db';

const tls = (host: string, port: number): MailServer => ({ host, port, security: 'tls' });

const starttls = (host: string): MailServer => ({ host, port: 587, security: 'starttls' });

/** In the order of the documents. A host belongs to the first row that names its domain. */
const ROWS = [
  {
    id: 'gmail',
    title: 'Google',
    imap: tls('imap.gmail.com', 993),
    smtp: tls('smtp.gmail.com', 465),
    login: 'app_password',
    appPasswordUrl: 'https://myaccount.google.com/apppasswords',
    domains: ['gmail.com', 'googlemail.com', 'google.com'],
    checkedOn: CHECKED_ON,
    source: 'https://developers.google.com/workspace/gmail/imap/imap-smtp',
  },
  {
    id: 'outlook',
    title: 'Microsoft',
    imap: tls('outlook.office365.com', 993),
    smtp: starttls('smtp.office365.com'),
    login: 'sign_in',
    signIn: 'microsoft',
    domains: ['outlook.com', 'office365.com', 'office.com', 'hotmail.com', 'live.com', 'office365.us'],
    checkedOn: CHECKED_ON,
    source: 'https://support.microsoft.com/office/pop-imap-and-smtp-settings-8361e398-8af4-4e97-b147-6c6c4ac95353',
  },
  {
    id: 'outlook-com',
    title: 'Microsoft',
    imap: tls('outlook.office365.com', 993),
    smtp: starttls('smtp-mail.outlook.com'),
    login: 'sign_in',
    signIn: 'microsoft',
    domains: [],
    checkedOn: CHECKED_ON,
    source: 'https://support.microsoft.com/office/pop-imap-and-smtp-settings-8361e398-8af4-4e97-b147-6c6c4ac95353',
  },
  {
    id: 'icloud',
    title: 'Apple',
    imap: tls('imap.mail.me.com', 993),
    smtp: starttls('smtp.mail.me.com'),
    login: 'app_password',
    appPasswordUrl: 'https://support.apple.com/102654',
    domains: ['mail.me.com', 'icloud.com'],
    checkedOn: CHECKED_ON,
    source: 'https://support.apple.com/102525',
  },
  {
    id: 'yahoo',
    title: 'Yahoo',
    imap: tls('imap.mail.yahoo.com', 993),
    smtp: tls('smtp.mail.yahoo.com', 465),
    login: 'app_password',
    appPasswordUrl: 'https://login.yahoo.com/account/security',
    domains: ['yahoo.com', 'yahoo.co.jp', 'yahoodns.net'],
    checkedOn: CHECKED_ON,
    source: PROVIDER_DATABASE,
  },
  {
    id: 'aol',
    title: 'AOL',
    imap: tls('imap.aol.com', 993),
    smtp: tls('smtp.aol.com', 465),
    login: 'app_password',
    appPasswordUrl: 'https://login.aol.com/account/security',
    domains: ['aol.com'],
    checkedOn: CHECKED_ON,
    source: PROVIDER_DATABASE,
  },
  {
    id: 'fastmail',
    title: 'Fastmail',
    imap: tls('imap.fastmail.com', 993),
    smtp: tls('smtp.fastmail.com', 465),
    login: 'app_password',
    appPasswordUrl: 'https://www.fastmail.com/help/clients/apppassword.html',
    domains: ['fastmail.com', 'messagingengine.com'],
    checkedOn: CHECKED_ON,
    source: 'https://www.fastmail.com/help/technical/servernamesandports.html',
  },
  {
    id: 'gmx',
    title: 'GMX',
    imap: tls('imap.gmx.net', 993),
    smtp: tls('mail.gmx.net', 465),
    login: 'password',
    domains: ['gmx.net', 'gmx.com'],
    checkedOn: CHECKED_ON,
    source: PROVIDER_DATABASE,
  },
  {
    id: 'zoho',
    title: 'Zoho',
    imap: tls('imap.zoho.com', 993),
    smtp: tls('smtp.zoho.com', 465),
    login: 'password',
    domains: ['zoho.com', 'zoho.eu', 'zoho.in'],
    checkedOn: CHECKED_ON,
    source: 'https://www.zoho.com/mail/help/imap-access.html',
  },
  {
    id: 'mailbox-org',
    title: 'mailbox.org',
    imap: tls('imap.mailbox.org', 993),
    smtp: tls('smtp.mailbox.org', 465),
    login: 'password',
    domains: ['mailbox.org'],
    checkedOn: CHECKED_ON,
    source: 'https://kb.mailbox.org/en/private/e-mail/e-mail-configuration',
  },
  {
    id: 'yandex',
    title: 'Yandex',
    imap: tls('imap.yandex.com', 993),
    smtp: tls('smtp.yandex.com', 465),
    login: 'app_password',
    appPasswordUrl: 'https://id.yandex.com/security/app-passwords',
    domains: ['yandex.com', 'yandex.ru'],
    checkedOn: CHECKED_ON,
    source: PROVIDER_DATABASE,
  },
  {
    id: 'qq',
    title: 'QQ Mail',
    imap: tls('imap.qq.com', 993),
    smtp: tls('smtp.qq.com', 465),
    login: 'app_password',
    word: 'authorization code',
    appPasswordUrl: 'https://help.mail.qq.com/detail/108/1023',
    domains: ['qq.com', 'foxmail.com'],
    checkedOn: CHECKED_ON,
    source: 'https://help.mail.qq.com/detail/108/1023',
  },
  {
    id: 'netease',
    title: 'NetEase',
    imap: tls('imap.163.com', 993),
    smtp: tls('smtp.163.com', 465),
    login: 'app_password',
    word: 'authorization code',
    appPasswordUrl: 'https://help.mail.163.com/',
    domains: ['163.com', '126.com', 'yeah.net', '188.com'],
    checkedOn: CHECKED_ON,
    source: PROVIDER_DATABASE,
  },
] as const satisfies readonly MailProvider[];

export const MAIL_PROVIDERS: readonly MailProvider[] = ROWS;

/** @returns the provider whose mail server the host is */
export function mailProviderOf(host: string): MailProvider | undefined {
  const name = host.toLowerCase();
  return MAIL_PROVIDERS.find(({ domains }) => domains.some((domain) => name === domain || name.endsWith(`.${domain}`)));
}
