/** What the sign-in page says: an authorization request, what was typed and what is wrong with it, put into words. */
import { type Service, serviceOf } from '../../account.ts';
import type { Power } from '../../policy.ts';
import { ACCOUNT_PATH } from '../http/paths.ts';
import { plainText } from '../http/plain-text.ts';
import { redirectHost } from '../http/redirect-uri.ts';
import type { Choices } from '../sign-in/consent.ts';
import { consentView } from '../sign-in/consent-page.ts';
import type { Entered } from '../sign-in/form.ts';
import type { FormProblem, Place } from '../sign-in/mail-entry.ts';
import type { AccountWords, LoginFields, LoginView, ProblemView } from '../sign-in/pages.ts';
import type { AuthorizationRequest } from './authorization-request.ts';

/** What a person calls the account, and what opens it. */
export const accountWords: Readonly<Record<Service, AccountWords>> = {
  mail: { account: 'mailbox', secret: 'password', servers: 'these two mail servers' },
  missive: { account: 'Missive account', secret: 'API token', servers: 'Missive' },
};

/**
 * @param request.offered the powers that the person can grant
 * @param shown.problems in reading order
 */
export function loginView(
  request: AuthorizationRequest & { offered: readonly Power[] },
  page: { issuer: string; action: string; transaction: string; shownAt: Date },
  { login, choices, problems }: { login: Entered<LoginFields>; choices: Choices; problems: readonly FormProblem[] },
): LoginView {
  const shown = problems.map(problemView);
  const at = (place: Place) => shown[problems.findIndex((problem) => problem.place === place)];
  return {
    action: page.action,
    transaction: page.transaction,
    client: {
      name: request.client.name,
      redirectHost: plainText(redirectHost(request.redirectUri), 255),
      onThisDevice: !request.redirectUri.startsWith('https:'),
      isVerified: request.client.origin !== 'registered',
      documentHost: request.client.documentHost ?? undefined,
    },
    issuerHost: new URL(page.issuer).host,
    consent: consentView(request.client, request.offered, choices, page.shownAt, at),
    accountUrl: `${ACCOUNT_PATH}?client_id=${encodeURIComponent(request.client.id)}`,
    words: accountWords[serviceOf(request.client.servers)],
    login: login.view(at),
    problems: shown,
  };
}

/** @param index 0 for the problem that gets the focus */
export function problemView({ place, sentence, link }: FormProblem, index: number): ProblemView {
  return { target: place, sentence, link, first: index === 0 };
}
