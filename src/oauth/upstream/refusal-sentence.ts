/** Puts into sentences why a sign-in at a provider gives no access. */
import { UpstreamError } from '../../errors.ts';
import type { ProviderSignIn } from '../../mail/account.ts';
import { ProviderRefusal, type RefusalReason } from './approval.ts';
import { providerOf } from './providers.ts';

/** @throws {unknown} the error itself if a provider is not its reason */
export function refusalSentence(error: unknown, signIn: ProviderSignIn): string {
  const { title } = providerOf(signIn);
  if (error instanceof ProviderRefusal) return SENTENCES[error.reason](title);
  const reason = error instanceof UpstreamError && reasonOf(error);
  if (reason) return SENTENCES[reason](title);
  if (error instanceof UpstreamError && error.service === 'Provider') {
    return error.fault === 'credentials'
      ? `${title} does not accept this sign-in any more. Continue again.`
      : error.message;
  }
  throw error;
}

/** Codes of RFC 6749 §4.1.2.1, and of Microsoft for what only an administrator can allow. */
const REASON_OF_CODE: Readonly<Record<string, RefusalReason>> = {
  access_denied: 'denied',
  AADSTS65004: 'denied',
  ...{ server_error: 'failed', temporarily_unavailable: 'failed' },
  ...{ AADSTS65001: 'administrator', AADSTS90093: 'administrator', AADSTS90094: 'administrator' },
  ...{ AADSTS90095: 'administrator', AADSTS650052: 'administrator', AADSTS700016: 'administrator' },
};

/** Why the provider has sent the browser back without a code. */
const reasonOf = ({ service, fault, code = '' }: UpstreamError): RefusalReason | undefined =>
  service === 'Provider' && fault === 'refused' ? REASON_OF_CODE[code] : undefined;

const SENTENCES: Readonly<Record<RefusalReason, (title: string) => string>> = {
  other_tenant: (title) =>
    `This account is of an organization that may not be used here. Continue with another account of ${title}.`,
  missing_scope: (title) => `The access to your mail was not allowed. Continue again, and leave it ticked at ${title}.`,
  wrong_audience: (title) => `What ${title} issued is not for a mailbox: tell the operator of this server.`,
  no_refresh_token: (title) => `${title} allows no lasting access: tell the operator of this server.`,
  denied: (title) => `You did not allow the access at ${title}. Continue again, or cancel.`,
  administrator: (title) => `An administrator of your organization has to allow this application at ${title} first.`,
  failed: (title) => `${title} did not finish the sign-in. Continue again.`,
};
