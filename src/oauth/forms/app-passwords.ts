/** Writes what the sign-in page says about providers that do not take an account's own password: which require an app password, and which take none. */
import { type MailProvider, mailProviderOf } from '../../mail/providers.ts';
import type { Language, PasswordKind } from '../pages/languages/en.ts';
import type { AppPasswordHint } from '../pages/views.ts';
import type { FormProblem } from './form.ts';

/** IMAP has taken no passwords there since 2023 (Exchange Online) and 2024 (Outlook.com), app passwords included. */
const MICROSOFT_PAGE =
  'https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online';
const MICROSOFT_SMTP_PAGE = 'https://aka.ms/smtp_auth_disabled';

type Refusal = Pick<FormProblem, 'sentence' | 'link'>;

/** @returns the hint below the password field; `undefined` unless the provider is known to require app passwords, or to take no passwords */
export function appPasswordHint(host: string, { appPasswords }: Language): AppPasswordHint | undefined {
  if (isMicrosoft(host)) {
    return {
      text: appPasswords.noneAtMicrosoft,
      link: { text: appPasswords.whatMicrosoftSays, url: MICROSOFT_PAGE },
    };
  }
  const provider = providerOf(host);
  return (
    provider && {
      text: appPasswords.hint({ provider: provider.title, kind: kindOf(provider) }),
      link: { text: appPasswords.get({ kind: kindOf(provider) }), url: provider.appPasswordUrl },
    }
  );
}

/** @returns the problem of a password that the mail server refused because it requires an app password */
export function appPasswordRequired(host: string): Refusal {
  const kind = kindOf(providerOf(host));
  return { sentence: (t) => t.refusals.appPassword({ host, kind }), ...providerLink(host) };
}

/** @returns the problem of a mail server that takes no password, whichever it is */
export function noPasswordsTaken(host: string): Refusal {
  if (!isMicrosoft(host)) return { sentence: (t) => t.refusals.noPasswords({ host }) };
  return {
    sentence: (t) => t.refusals.noPasswordsAtMicrosoft,
    link: { text: (t) => t.appPasswords.whatMicrosoftSays, url: MICROSOFT_PAGE },
  };
}

/** @returns the problem of a mailbox for which sending with a password is switched off */
export function smtpAuthOff(host: string): Refusal {
  return {
    sentence: (t) => t.refusals.smtpAuthOff({ host }),
    ...(isMicrosoft(host) && { link: { text: (t) => t.appPasswords.forAdministrator, url: MICROSOFT_SMTP_PAGE } }),
  };
}

/**
 * @param worksForReading true if the IMAP server has accepted the same user name and password
 * @returns the problem of a user name and password that the mail server refused
 */
export function wrongPassword(host: string, worksForReading: boolean): Refusal {
  // The same for an unknown user and a wrong password: an attacker learns nothing from it.
  return { sentence: wrongPasswordSentence(host, worksForReading), ...providerLink(host) };
}

/** True for the mail servers of Microsoft. Exchange servers of other operators take passwords. */
export const isMicrosoft = (host: string): boolean => mailProviderOf(host)?.signIn === 'microsoft';

function wrongPasswordSentence(host: string, worksForReading: boolean): Refusal['sentence'] {
  if (worksForReading) return (t) => t.refusals.passwordForSending({ host });
  const provider = providerOf(host);
  if (provider === undefined) return (t) => t.refusals.password({ host });
  return (t) => t.refusals.passwordInPlaceOf({ host, provider: provider.title, kind: kindOf(provider) });
}

function providerLink(host: string): Pick<Refusal, 'link'> {
  const provider = providerOf(host);
  if (provider === undefined) return {};
  const { title, appPasswordUrl: url } = provider;
  return { link: { text: (t) => t.appPasswords.at({ provider: title, kind: kindOf(provider) }), url } };
}

const kindOf = (provider: Pick<MailProvider, 'word'> | undefined): PasswordKind =>
  provider?.word === undefined ? 'app' : 'code';

/** The provider of a mail server that takes app passwords alone. */
function providerOf(host: string): (MailProvider & { appPasswordUrl: string }) | undefined {
  const provider = mailProviderOf(host);
  if (provider?.login !== 'app_password' || provider.appPasswordUrl === undefined) return undefined;
  return { ...provider, appPasswordUrl: provider.appPasswordUrl };
}
