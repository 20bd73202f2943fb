/** Writes the sign-in pages of `/oauth/authorize` and `/account`: the client, the form with what was typed, and its problems. */
import type { Servers } from '../../account.ts';
import type { Power } from '../../policy.ts';
import { type Client, isVerified, type RequestingClient } from '../client/client.ts';
import { isByAddress, missiveConnection } from '../client/connection-choice.ts';
import type { FilledForm, FormProblem, Place } from '../forms/form.ts';
import { ACCOUNT_PATH, AUTHORIZE_PATHS, pathIn } from '../http/paths.ts';
import { plainText } from '../http/plain-text.ts';
import { redirectHost } from '../http/redirect-uri.ts';
import type { Language } from '../pages/languages/en.ts';
import {
  type AccountAddressView,
  type AccountFormView,
  type AccountSignInView,
  type AddressFieldsView,
  kindOf,
  type ProblemView,
  type SignInAddressView,
  type SignInFormView,
  type SignInView,
} from '../pages/views.ts';

import type { Choices } from './consent-choices.ts';
import { consentView } from './consent-page.ts';

/** What an account owner has typed, and what is wrong with it. */
export interface PageContent<View> {
  form: FilledForm<View>;
  /** In reading order. */
  problems?: readonly FormProblem[];
  /** Present if there were too many attempts. */
  retryAfterSeconds?: number;
}

export interface SignInContent extends PageContent<SignInFormView> {
  choices: Choices;
}

/** The authorization request that a sign-in page of `/oauth/authorize` is shown for. */
export interface SignInPage {
  client: Client;
  redirectUri: string;
  /** The powers that can be granted. */
  offered: readonly Power[];
  /** Those of them that are asked for in addition to what was left on before. */
  added: readonly Power[];
  /** The sealed authorization request. */
  transaction: string;
  /** Where the form leads to if the account owner signs in at a provider. */
  providerOrigin?: string | undefined;
  /** True if a restart of the server ends what the account owner is about to approve. */
  endsAtRestart: boolean;
  shownAt: Date;
}

/** The authorization request whose account owner is asked for the address. */
export interface AddressPage {
  client: RequestingClient;
  redirectUri: string;
  /** As in SignInPage. */
  transaction: string;
}

/** The address as typed, and what is wrong with it. */
export interface AddressContent {
  address: string;
  problems: readonly FormProblem[];
}

/** The servers that a sign-in page of `/account` is shown for. */
export interface AccountSignInPage {
  servers: Servers;
  /** The sealed servers. */
  transaction: string;
  /** As in SignInPage. */
  providerOrigin?: string | undefined;
  /** True where the servers are those of the default connection. */
  isDefault: boolean;
  /** True where the address has decided about the servers. */
  isByAddress: boolean;
}

export function signInView(page: SignInPage, content: SignInContent, issuer: string, t: Language): SignInView {
  const { client, offered, added, shownAt } = page;
  const { problems, problemAt } = problemViews(content.problems, t);
  const shown = clientView(page);
  const { name } = shown;
  return {
    action: pathIn(issuer, AUTHORIZE_PATHS[0]),
    transaction: page.transaction,
    client: shown,
    isByAddress: isByAddress(client.connections),
    issuerHost: new URL(issuer).host,
    consent: consentView({ ...client, name }, { offered, added, choices: content.choices, now: shownAt, t }, problemAt),
    progress: progressWords(client.servers, t),
    accountUrl: accountUrlOf(client, issuer),
    kind: kindOf(client.servers),
    endsAtRestart: page.endsAtRestart,
    form: content.form.view(problemAt, t),
    problems,
  };
}

/** The page that asks for the address, which decides about the connection. */
export function addressView(
  page: AddressPage,
  content: AddressContent,
  issuer: string,
  t: Language,
): SignInAddressView {
  return {
    action: pathIn(issuer, AUTHORIZE_PATHS[0]),
    transaction: page.transaction,
    client: clientView(page),
    ...addressFields(content, page.client.connections, t),
  };
}

/** The same for `/account`. */
export const accountAddressView = (
  connections: RequestingClient['connections'],
  content: AddressContent,
  issuer: string,
  t: Language,
): AccountAddressView => ({ action: pathIn(issuer, ACCOUNT_PATH), ...addressFields(content, connections, t) });

/** What the pages have in common that ask for the address. */
function addressFields(
  { address, problems: given }: AddressContent,
  connections: RequestingClient['connections'],
  t: Language,
): AddressFieldsView {
  const { problems, problemAt } = problemViews(given, t);
  const hasMissive = missiveConnection(connections) !== undefined;
  return { hasMissive, email: { value: address, problem: problemAt('email') }, kind: 'mail', problems };
}

function clientView({ client, redirectUri }: Pick<AddressPage, 'client' | 'redirectUri'>): SignInView['client'] {
  return {
    name: client.nameAt?.(redirectUri) ?? client.name,
    redirectHost: plainText(redirectHost(redirectUri), 255),
    onThisDevice: !redirectUri.startsWith('https:'),
    isVerified: isVerified(client),
    documentHost: client.documentHost ?? undefined,
  };
}

/** The servers of dynamic clients are found there without the client. */
function accountUrlOf({ origin, id }: RequestingClient, issuer: string): string {
  const url = pathIn(issuer, ACCOUNT_PATH);
  return origin === 'minted' ? `${url}?client_id=${encodeURIComponent(id)}` : url;
}

export function accountSignInView(
  page: AccountSignInPage,
  content: PageContent<AccountFormView>,
  issuer: string,
  t: Language,
): AccountSignInView {
  const { problems, problemAt } = problemViews(content.problems, t);
  return {
    action: pathIn(issuer, ACCOUNT_PATH),
    transaction: page.transaction,
    kind: kindOf(page.servers),
    form: content.form.view(problemAt, t),
    isDefault: page.isDefault,
    isByAddress: page.isByAddress,
    progress: progressWords(page.servers, t),
    problems,
  };
}

/** What happens after the button was pressed, and may take some seconds. */
function progressWords(servers: Servers, { signIn }: Language): string {
  if ('missive' in servers) return signIn.checking({ host: new URL(servers.missive.url).host });
  return servers.signIn === undefined ? signIn.checking({ host: servers.imap.host }) : signIn.goingToProvider;
}

function problemViews(given: readonly FormProblem[] | undefined, t: Language) {
  const problems = (given ?? []).map(
    ({ place, sentence, link, isLasting = false }, index): ProblemView => ({
      ...{ target: place, sentence: sentence(t), link: link && { ...link, text: link.text(t) }, first: index === 0 },
      asksForPassword: !isLasting,
    }),
  );
  return { problems, problemAt: (place: Place) => problems.find(({ target }) => target === place) };
}
