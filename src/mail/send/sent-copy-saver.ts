/** Decides which side saves the copy of a sent message in Sent: some providers save what goes through their SMTP server. */
import type { MailAccount } from '../account.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';

/** `client`: mail-mcp appends it. `unknown`: the provider may save it, so Sent is searched before mail-mcp appends it. */
export type SentCopySaver = 'client' | 'provider' | 'unknown';

interface Provider {
  /** SMTP host names. Subdomains are included. */
  hosts: readonly string[];
  savesCopy: 'always' | 'perhaps';
  /** Header field that keeps the original Message-ID where the provider replaces it. */
  originalIdField?: string;
}

/**
 * Providers that are known to save copies, each with the source. Known to save none: Yahoo (MailCore/mailcore2 issue 724), Yandex and
 * Mail.ru (bkaankose/Wino-Mail issue 631). Proton Bridge (ProtonMail/proton-bridge issue 430) and DavMail (mguessan/davmail issue 269) save
 * copies, but run on hosts of their users; operators set `--sent-copy=never` for them.
 */
const PROVIDERS: readonly Provider[] = [
  // Gmail and Google Workspace. support.google.com/mail/answer/78892, as quoted in mustang-im/mustang issue 627; "Gmail sending", wiki of
  // nodemailer/wildduck.
  // smtp-relay.gmail.com is not listed, because no mailbox belongs to it.
  { hosts: ['smtp.gmail.com', 'smtp.googlemail.com'], savesCopy: 'always' },
  // Microsoft 365: "Changes coming to the SMTP Authenticated Submission client protocol", Exchange Team Blog, 2018-04-20
  // (techcommunity.microsoft.com/t5/exchange-team-blog/…/ba-p/607825). Outlook.com: thunderbird/thunderbird-android issue 7134.
  // Their servers replace the Message-ID: chatmail/core pull request 2250.
  {
    hosts: [
      'smtp.office365.com',
      'outlook.office365.com',
      'smtp-mail.outlook.com',
      'smtp.live.com',
      'smtp.hotmail.com',
    ],
    savesCopy: 'always',
    originalIdField: 'X-Microsoft-Original-Message-ID',
  },
  // Zoho: saves copies unless the account owner has switched it off. nylas/sync-engine issue 365; "SMTP Server Configuration - Zoho Mail",
  // blog.fgrade.com/zoho-workplace/smtp-server.
  ...['com', 'eu', 'in', 'com.au', 'jp', 'com.cn', 'sa'].map(
    (domain): Provider => ({ hosts: [`smtp.zoho.${domain}`, `smtppro.zoho.${domain}`], savesCopy: 'perhaps' }),
  ),
  { hosts: ['smtp.zohocloud.ca', 'smtppro.zohocloud.ca'], savesCopy: 'perhaps' },
  // iCloud: kellylford/QuickMail issue 150 saw two copies, omarshahine/apple-pim issue 63 saw none without APPEND.
  { hosts: ['smtp.mail.me.com', 'smtp.mail.icloud.com'], savesCopy: 'perhaps' },
  // NetEase: several copies after one APPEND, pimalaya/himalaya issue 660.
  { hosts: ['smtp.163.com', 'smtp.126.com', 'smtp.yeah.net', 'smtp.qiye.163.com'], savesCopy: 'perhaps' },
];

/** @param imap Gmail is recognised by a capability too, as its SMTP host may have another name */
export function sentCopySaver(
  { smtp, sentCopy }: Pick<MailAccount, 'smtp' | 'sentCopy'>,
  imap: Pick<ImapConnection, 'has'>,
): SentCopySaver {
  if (sentCopy === 'always') return 'client';
  if (sentCopy === 'never') return 'provider';
  const provider = providerOf(smtp.server.host);
  if (provider !== undefined) return provider.savesCopy === 'always' ? 'provider' : 'unknown';
  // A mailbox of Gmail with another SMTP host: the mail may or may not be submitted through Gmail, so Sent is searched first.
  return imap.has('X-GM-EXT-1') ? 'unknown' : 'client';
}

/** Header fields that may hold the original Message-ID in a copy that the provider saved. */
export function messageIdFields({ smtp }: Pick<MailAccount, 'smtp'>): readonly string[] {
  const { originalIdField } = providerOf(smtp.server.host) ?? {};
  return ['Message-ID', ...(originalIdField === undefined ? [] : [originalIdField])];
}

function providerOf(smtpHost: string): Provider | undefined {
  const host = smtpHost.toLowerCase().replace(/\.$/, '');
  return PROVIDERS.find(({ hosts }) => hosts.some((name) => host === name || host.endsWith(`.${name}`)));
}
