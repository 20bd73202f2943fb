/** Handles GET and POST /account: the account owner signs in to see what they have granted, and revokes it. */
import type { Request, RequestHandler, Response } from 'express';
import { OAuthError } from '../../errors.ts';
import { type Parameters, parseParameters, queryOf, readForm } from '../http/parameters.ts';
import type { AccountFormView } from '../pages/views.ts';
import { accountOf } from '../sealed/identity.ts';
import type { AccountSignIn } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { accountForm } from '../sign-in/forms.ts';
import { createSignIn, type PageContent } from '../sign-in/sign-in.ts';
import { createAccountGrants } from './account-grants.ts';
import { accountClientView } from './account-page.ts';
import { createAccountSessions, sessionAccount } from './account-session.ts';

const MAX_FORM_BYTES = 16 * 1024;

/** Takes the place of the `jti` of a client where the servers are those of the operator's default connection. */
const DEFAULT_CLIENT = 'account';

export function accountHandlers(services: OAuthServices): { show: RequestHandler; submit: RequestHandler } {
  const { clients, pages } = services;
  const signIn = createSignIn(services);
  const sessions = createAccountSessions(services, signIn);
  const grants = createAccountGrants(services, sessions);

  async function showSignIn(response: Response, at: AccountSignIn, content: PageContent<AccountFormView>) {
    const transaction = await sessions.sealSignIn(at);
    const page = { transaction, servers: at.servers, isDefault: at.client === DEFAULT_CLIENT };
    signIn.showAccountPage(response, page, content);
  }

  /** The client determines the servers, or the operator's default connection; the account owner cannot enter a server. */
  async function serversOf(clientId: string | undefined): Promise<Omit<AccountSignIn, 'browser'> | undefined> {
    if (clientId === undefined) {
      const connection = clients.dynamicClients?.connection;
      return connection && { client: DEFAULT_CLIENT, servers: connection.servers };
    }
    const client = await clients.resolve(clientId).catch(undefinedIfUnknown);
    return client && { client: client.jti, servers: client.servers };
  }

  async function submitSignIn(request: Request, response: Response, submitted: Parameters): Promise<void> {
    const at = await sessions.unsealSignIn(submitted, request);
    const form = accountForm(at.servers).read(submitted);
    const problems = form.validate();
    if (problems.length > 0) return showSignIn(response, at, { form, problems });
    const { rejection, mailbox } = await signIn.checkCredentials(request, form, { ...at, only: 'imap' });
    if (rejection) return showSignIn(response, at, rejection);
    const account = accountOf(form.credentials(), at.servers);
    await grants.show(response, { who: sessionAccount(account, mailbox), browser: at.browser });
  }

  return {
    async show(request, response) {
      const clientId = parseParameters(queryOf(request)).get('client_id');
      const browser = signIn.bindBrowser(request, response);
      const at = await serversOf(clientId);
      if (at) return showSignIn(response, { ...at, browser }, { form: accountForm(at.servers).blank });
      const html = pages.accountClient(accountClientView(clientId));
      pages.send(response, clientId === undefined ? 200 : 400, html, { formAction: [] });
    },

    async submit(request, response) {
      const submitted = await readForm(request, MAX_FORM_BYTES);
      if (submitted.get('session') === undefined) return submitSignIn(request, response, submitted);
      const session = await sessions.unsealSession(submitted, request);
      await grants.revoke(response, session, submitted.get('take_back'));
    },
  };
}

function undefinedIfUnknown(error: unknown): undefined {
  if (error instanceof OAuthError && error.code === 'invalid_client') return undefined;
  throw error;
}
