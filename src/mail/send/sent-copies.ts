import type { MailAccount } from '../account.ts';
import type { Imap } from '../imap/connection.ts';

/** Who files the copy of a sent message in Sent: some providers do it themselves for what goes through their SMTP server. */

/** `ours`: we append it. `theirs`: the provider files it. `unsure`: it may, so Sent is looked into before we append it. */
export type Filing = 'ours' | 'theirs' | 'unsure';

interface Provider {
  /** SMTP hosts: the name itself and everything below it. */
  hosts: readonly string[];
  filing: 'theirs' | 'unsure';
  /** Header field that keeps our Message-ID where the provider puts in one of its own. */
  originalIdField?: string;
}

/**
 * Providers that are known to file copies, each with where that is known from. Known not to: Yahoo (MailCore/mailcore2 issue 724), Yandex and
 * Mail.ru (bkaankose/Wino-Mail issue 631). Proton Bridge (ProtonMail/proton-bridge issue 430) and DavMail (mguessan/davmail issue 269) do, on
 * hosts of their owners: those are for `--sent-copy=never`.
 */
const PROVIDERS: readonly Provider[] = [
  // Gmail and Google Workspace. support.google.com/mail/answer/78892, as quoted in mustang-im/mustang issue 627; "Gmail sending", wiki of
  // nodemailer/wildduck.
  // Not smtp-relay.gmail.com, which belongs to no mailbox.
  { hosts: ['smtp.gmail.com', 'smtp.googlemail.com'], filing: 'theirs' },
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
    filing: 'theirs',
    originalIdField: 'X-Microsoft-Original-Message-ID',
  },
  // Zoho: files copies unless the owner has switched it off. nylas/sync-engine issue 365; "SMTP Server Configuration - Zoho Mail",
  // blog.fgrade.com/zoho-workplace/smtp-server.
  ...['com', 'eu', 'in', 'com.au', 'jp', 'com.cn', 'sa'].map(
    (domain): Provider => ({ hosts: [`smtp.zoho.${domain}`, `smtppro.zoho.${domain}`], filing: 'unsure' }),
  ),
  { hosts: ['smtp.zohocloud.ca', 'smtppro.zohocloud.ca'], filing: 'unsure' },
  // iCloud: kellylford/QuickMail issue 150 saw two copies, omarshahine/apple-pim issue 63 saw none without APPEND.
  { hosts: ['smtp.mail.me.com', 'smtp.mail.icloud.com'], filing: 'unsure' },
  // NetEase: several copies after one APPEND, pimalaya/himalaya issue 660.
  { hosts: ['smtp.163.com', 'smtp.126.com', 'smtp.yeah.net', 'smtp.qiye.163.com'], filing: 'unsure' },
];

/**
 * @param imap Gmail tells by a capability that it is Gmail, whatever the SMTP host is called
 */
export function whoFiles({ smtp, sentCopy }: Pick<MailAccount, 'smtp' | 'sentCopy'>, imap: Pick<Imap, 'has'>): Filing {
  if (sentCopy === 'always') return 'ours';
  if (sentCopy === 'never') return 'theirs';
  // The mailbox alone does not tell where mail is submitted, so it makes us look, not leave out.
  return providerOf(smtp.server.host)?.filing ?? (imap.has('X-GM-EXT-1') ? 'unsure' : 'ours');
}

/** Header fields that may hold the Message-ID that we gave a message, in a copy that the provider filed. */
export function messageIdFields({ smtp }: Pick<MailAccount, 'smtp'>): readonly string[] {
  const { originalIdField } = providerOf(smtp.server.host) ?? {};
  return ['Message-ID', ...(originalIdField === undefined ? [] : [originalIdField])];
}

function providerOf(smtpHost: string): Provider | undefined {
  const host = smtpHost.toLowerCase().replace(/\.$/, '');
  return PROVIDERS.find(({ hosts }) => hosts.some((name) => host === name || host.endsWith(`.${name}`)));
}
