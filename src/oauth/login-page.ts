/** What the sign-in page says: an authorization request, what was typed and what is wrong with it, put into words. */
import type { MailServer } from '../mail/account.ts';
import type { Power } from '../policy.ts';
import { appPasswordOf } from './app-passwords.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import type { Choices } from './consent.ts';
import { consentView } from './consent-page.ts';
import type { FormProblem, LoginEntry, Place } from './login-form.ts';
import type { LoginView, ProblemView, ServerView } from './pages.ts';
import { accountPath } from './paths.ts';
import { plainText } from './plain-text.ts';
import { redirectHost } from './redirect-uri.ts';

const protections: Record<MailServer['security'], string> = {
  tls: 'over TLS',
  starttls: 'over STARTTLS',
  cleartext: 'not encrypted',
};

/**
 * @param request.offered the powers that the person can grant
 * @param entered.problems in reading order; passwords are never shown again, whatever happened to them
 */
export function loginView(
  request: AuthorizationRequest & { offered: readonly Power[] },
  page: { issuer: string; action: string; transaction: string; shownAt: Date },
  { entry, choices, problems }: { entry: LoginEntry; choices: Choices; problems: readonly FormProblem[] },
): LoginView {
  const shown = problems.map(problemView);
  const at = (place: Place) => shown[problems.findIndex((problem) => problem.place === place)];
  const field = (place: Place, value = '') => ({ value, problem: at(place) });
  const { imap, smtp } = request.client.servers;
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
    accountUrl: `${accountPath}?client_id=${encodeURIComponent(request.client.id)}`,
    servers: { imap: serverView(imap), smtp: serverView(smtp) },
    appPassword: appPasswordOf(imap.host),
    useSameCredentials: entry.useSameCredentials,
    fields: {
      full_name: field('full_name', entry.fullName),
      email: field('email', entry.email),
      imap_username: field('imap_username', entry.imapUsername),
      imap_password: field('imap_password'),
      smtp_username: field('smtp_username', entry.smtpUsername),
      smtp_password: field('smtp_password'),
    },
    serverProblems: { imap: at('imap_server'), smtp: at('smtp_server') },
    problems: shown,
  };
}

/** @param index 0 for the problem that gets the focus */
export function problemView({ place, sentence, link }: FormProblem, index: number): ProblemView {
  return { target: place, sentence, link, first: index === 0 };
}

export function serverView({ host, port, security }: MailServer): ServerView {
  return { address: `${host}:${port}`, protection: protections[security] };
}
