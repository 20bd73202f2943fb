/** Handles GET and POST /account: the account owner signs in to see what they have granted, and revokes it. */
import type { Request, RequestHandler, Response } from 'express';
import { OAuthError } from '../../errors.ts';
import type { DefaultConnection } from '../client/client.ts';
import { isByAddress, soleConnection } from '../client/connection-choice.ts';
import { accountForm } from '../forms/forms.ts';
import { type Parameters, parseParameters, queryOf, readForm } from '../http/parameters.ts';
import { isSameOrigin } from '../http/same-origin.ts';
import { LANGUAGE_PARAMETER } from '../pages/language-choice.ts';
import { PageError } from '../pages/page-error.ts';
import type { AccountFormView } from '../pages/views.ts';
import { accountOf } from '../sealed/identity.ts';
import type { AccountSignIn } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { createAddressStep } from '../sign-in/address-step.ts';
import { type AddressContent, createSignIn, type PageContent, type SignIn } from '../sign-in/sign-in.ts';
import type { ProviderResponse, ProviderSignIns } from '../upstream/provider-sign-in.ts';
import { refusalSentence } from '../upstream/refusal-sentence.ts';
import { createAccountGrants } from './account-grants.ts';
import { accountClientView } from './account-page.ts';
import { type AccountSessions, createAccountSessions, sessionAccount } from './account-session.ts';

const MAX_FORM_BYTES = 16 * 1024;

/** Takes the place of the `jti` of a client where the servers are those of the operator's default connection. */
const DEFAULT_CLIENT = 'account';

/** `resume`: the browser comes back from a provider. */
export function accountHandlers(
  services: OAuthServices,
  providerSignIns: ProviderSignIns,
): {
  show: RequestHandler;
  submit: RequestHandler;
  resume(request: Request, response: Response, from: ProviderResponse): Promise<void>;
} {
  const { issuer, clients, pages } = services;
  const defaults = clients.dynamicClients?.connections ?? [];
  const signIn = createSignIn(services);
  const sessions = createAccountSessions(services, signIn);
  const grants = createAccountGrants(services, sessions);
  const connectionsOf = createConnectionsOf(clients);

  const showSignIn = createShowSignIn(signIn, sessions, { ...providerSignIns, defaults });
  const addresses = createAddressPages(services, signIn, showSignIn);

  async function submitSignIn(request: Request, response: Response, submitted: Parameters): Promise<void> {
    const at = await sessions.unsealSignIn(submitted, request);
    const form = accountForm(at.servers).read(submitted);
    if (submitted.get(LANGUAGE_PARAMETER) !== undefined) return showSignIn(request, response, at, { form });
    const problems = form.validate();
    if (problems.length > 0) return showSignIn(request, response, at, { form, problems });
    const { provider } = form;
    if (provider === undefined) return showGrants(request, response, at, form);
    const left = { page: 'account' as const, transaction: await sessions.sealSignIn(at), form: formOf(submitted) };
    const to = { signIn: provider.signIn, left, hint: provider.hint };
    await providerSignIns.start(request, response, to).catch((error: unknown) => {
      providerSignIns.report(error, provider.signIn);
      return showSignIn(request, response, at, {
        form,
        problems: [{ place: 'provider' as const, sentence: refusalSentence(error, provider.signIn) }],
      });
    });
  }

  async function showGrants(request: Request, response: Response, at: AccountSignIn, form: AccountForm): Promise<void> {
    const { rejection, mailbox } = await signIn.checkCredentials(request, form, { ...at, only: 'imap' });
    if (rejection) return showSignIn(request, response, at, rejection);
    const account = accountOf(form.credentials(), at.servers, form.approval);
    const provider = form.provider && services.upstream.providerOf(form.provider.signIn).title;
    const session = { who: sessionAccount(account, mailbox), provider, browser: at.browser };
    await grants.show(request, response, session);
  }

  return {
    async show(request, response) {
      const [clientId, browser] = [clientIdOf(request), signIn.bindBrowser(request, response)];
      const { client, connections } = await connectionsOf(clientId);
      if (isByAddress(connections)) return addresses.show(request, response);
      const sole = soleConnection(connections);
      if (sole !== undefined) {
        const at = { client, servers: sole.servers, browser };
        return showSignIn(request, response, at, { form: accountForm(sole.servers).blank });
      }
      const inLanguage = pages.for(request);
      const html = inLanguage.accountClient(accountClientView(clientId, issuer, inLanguage.t));
      inLanguage.send(response, clientId === undefined ? 200 : 400, html, { formAction: [] });
    },

    async submit(request, response) {
      const submitted = await readForm(request, MAX_FORM_BYTES);
      pages.chooseLanguage(request, response, submitted.get(LANGUAGE_PARAMETER));
      const isFirst = submitted.get('session') === undefined && submitted.get('transaction') === undefined;
      if (isFirst && isByAddress(defaults)) return addresses.submit(request, response, submitted);
      if (submitted.get('session') === undefined) return submitSignIn(request, response, submitted);
      const session = await sessions.unsealSession(submitted, request);
      await grants.revoke(request, response, session, submitted.get('take_back'));
    },

    resume: createResume(sessions, providerSignIns, { showSignIn, showGrants }),
  };
}

/** @returns a function that sends the sign-in page of servers */
function createShowSignIn(
  signIn: Pick<SignIn, 'showAccountPage'>,
  sessions: Pick<AccountSessions, 'sealSignIn'>,
  { formTarget, defaults }: Pick<ProviderSignIns, 'formTarget'> & { defaults: readonly DefaultConnection[] },
): ShowSignIn {
  return async function showSignIn(request, response, at, content) {
    const transaction = await sessions.sealSignIn(at);
    const { provider } = content.form;
    const providerOrigin = provider && (await formTarget(provider.signIn));
    const isDefault = at.client === DEFAULT_CLIENT;
    const page = { transaction, servers: at.servers, isDefault, providerOrigin };
    signIn.showAccountPage(request, response, { ...page, isByAddress: isDefault && isByAddress(defaults) }, content);
  };
}

/** @returns a function that goes on with the sign-in page after the browser has come back from a provider */
function createResume(
  sessions: AccountSessions,
  { report }: Pick<ProviderSignIns, 'report'>,
  { showSignIn, showGrants }: { showSignIn: ShowSignIn; showGrants: ShowGrants },
) {
  return async function resume(request: Request, response: Response, from: ProviderResponse): Promise<void> {
    const at = await sessions.resumeSignIn(from.left.transaction, request);
    const submitted = parseParameters(from.left.form);
    const form = accountForm(at.servers).read(submitted);
    const { provider } = form;
    if (provider === undefined) throw new PageError('invalid_request', (t) => t.errors.wayHasChanged);
    try {
      const approval = await from.approve(provider.signIn, response, { isOnce: true });
      if (approval === 'asked again') return;
      await approval.keep();
      const approved = accountForm(at.servers).read(submitted, approval.approved);
      const problems = approved.validate();
      if (problems.length > 0) return await showSignIn(request, response, at, { form: approved, problems });
      await showGrants(request, response, at, approved);
    } catch (error) {
      report(error, provider.signIn);
      await showSignIn(request, response, at, {
        form,
        problems: [{ place: 'provider' as const, sentence: refusalSentence(error, provider.signIn) }],
      });
    }
  };
}

type ShowSignIn = (
  request: Request,
  response: Response,
  at: AccountSignIn,
  content: PageContent<AccountFormView>,
) => Promise<void>;

type ShowGrants = (request: Request, response: Response, at: AccountSignIn, form: AccountForm) => Promise<void>;

/** @returns functions that ask for the address, and show the sign-in page of the connection that it decides */
function createAddressPages(
  services: Pick<OAuthServices, 'issuer' | 'clients' | 'operator'>,
  signIn: Pick<SignIn, 'bindBrowser' | 'showAccountAddressPage'>,
  showSignIn: ShowSignIn,
) {
  const { issuer, clients } = services;
  const connections = clients.dynamicClients?.connections ?? [];
  const choose = createAddressStep(services);

  function show(request: Request, response: Response, content: AddressContent = { address: '', problems: [] }): void {
    signIn.showAccountAddressPage(request, response, connections, content);
  }

  return {
    show,
    async submit(request: Request, response: Response, submitted: Parameters): Promise<void> {
      // From another site, it would replace the cookie of pages that are open.
      if (!isSameOrigin(request, issuer)) return show(request, response);
      const step = await choose(submitted, { connections });
      if (step.connection === undefined) return show(request, response, step);
      const { servers } = step.connection;
      const at = { client: DEFAULT_CLIENT, servers, browser: signIn.bindBrowser(request, response) };
      await showSignIn(request, response, at, { form: accountForm(servers).startingWith(step.address) });
    },
  };
}

/**
 * The client determines the servers, or the operator's default connections; the account owner cannot enter a server. Among several connections, the
 * step of the address refuses one that has ended.
 */
function createConnectionsOf(clients: OAuthServices['clients']) {
  async function withoutEnded(connections: readonly DefaultConnection[]): Promise<readonly DefaultConnection[]> {
    const sole = soleConnection(connections);
    return sole !== undefined && (await clients.hasEnded(sole)) ? [] : connections;
  }

  return async function connectionsOf(
    clientId: string | undefined,
  ): Promise<{ client: string; connections: readonly DefaultConnection[] }> {
    if (clientId === undefined) {
      return { client: DEFAULT_CLIENT, connections: await withoutEnded(clients.dynamicClients?.connections ?? []) };
    }
    const client = await clients.resolve(clientId).catch(undefinedIfUnknown);
    return { client: client?.jti ?? '', connections: await withoutEnded(client?.connections ?? []) };
  };
}

type AccountForm = PageContent<AccountFormView>['form'];

const clientIdOf = (request: Request): string | undefined => parseParameters(queryOf(request)).get('client_id');

const formOf = (submitted: Parameters): string => submitted.without('transaction');

function undefinedIfUnknown(error: unknown): undefined {
  if (error instanceof OAuthError && error.code === 'invalid_client') return undefined;
  throw error;
}
