/** GET and POST /oauth/authorize: the sign-in page, and the redirect with the code (RFC 6749 §4.1.1, §4.1.2). */
import type { Request, RequestHandler, Response } from 'express';
import { OAuthError } from '../errors.ts';
import { type AuthorizationRequest, checkedRequest, errorTarget, trustedTarget } from './authorization-request.ts';
import { accountOf } from './credentials.ts';
import { formBinding } from './form-binding.ts';
import { randomId } from './jwe.ts';
import {
  credentialsOf,
  emptyEntry,
  entryProblems,
  type FormProblem,
  type LoginEntry,
  readEntry,
} from './login-form.ts';
import { loginView } from './login-page.ts';
import { loginProblems, needsOwnSmtpLogin } from './login-problems.ts';
import type { OAuthServices } from './oauth-services.ts';
import { createPages } from './pages.ts';
import { parseParameters, queryOf, readForm } from './parameters.ts';
import { authorizePaths } from './paths.ts';
import { sendBack } from './redirect.ts';
import { formActionSources } from './redirect-uri.ts';
import { createSignInThrottle, waitSentence } from './sign-in-throttle.ts';
import { createTokens, lifetimes, type Transaction } from './tokens.ts';

/** A common limit of proxies for a request line; nothing longer would have come this far in production. */
const maxQueryLength = 8190;
const maxFormBytes = 16 * 1024;

const staleForm = 'This sign-in page is too old, was already used, or was opened in another browser.';

/** The two handlers of the authorization endpoint. Faults are thrown; an OAuthError says by `redirect` whom to tell. */
export function authorize(services: OAuthServices): { show: RequestHandler; submit: RequestHandler } {
  const { issuer, now, log, state, clients, verifyLogin } = services;
  const tokens = createTokens(services.keyring);
  const pages = createPages({ issuer });
  const binding = formBinding(issuer);
  const throttle = createSignInThrottle(services);

  async function sendForm(
    response: Response,
    request: AuthorizationRequest,
    sealed: { tid: string; browser: string },
    entry: LoginEntry,
    problems: readonly FormProblem[] = [],
    status = 200,
  ): Promise<void> {
    const { redirectUri: uri, state: clientState } = request;
    const payload = {
      ...sealed,
      client_id: request.client.id,
      redirect_uri: uri,
      ...(clientState !== undefined && { state: clientState }),
      code_challenge: request.codeChallenge,
      aud: request.resource,
      scope: request.scope,
    };
    const transaction = await tokens.transaction.seal(payload, now()).catch((cause) => {
      if (!(cause instanceof RangeError)) throw cause;
      // A state of control characters grows sixfold in JSON; any other fits (AUTHZ-20).
      throw new OAuthError('invalid_request', 'The request is too long.', { cause, redirect: errorTarget(request) });
    });
    const html = pages.login(loginView(request, { issuer, action: authorizePaths[0], transaction }, entry, problems));
    pages.send(response, status, html, formActionSources(uri));
  }

  /** Nothing of the form but the sealed transaction says what is being authorized. */
  async function openTransaction(sealed: string | undefined, request: Request) {
    const transaction = await tokens.transaction.open(sealed ?? '', now()).catch((cause) => {
      throw new OAuthError('invalid_request', staleForm, { cause });
    });
    if (!binding.isFromOurPage(request, transaction.browser)) throw new OAuthError('invalid_request', staleForm);
    return { transaction, authorization: await authorizationOf(transaction) };
  }

  async function authorizationOf(transaction: Transaction): Promise<AuthorizationRequest> {
    return {
      client: await clients.open(transaction.client_id),
      redirectUri: transaction.redirect_uri,
      state: transaction.state,
      codeChallenge: transaction.code_challenge,
      resource: transaction.aud,
      scope: transaction.scope,
    };
  }

  /** The code and its `jti`, which becomes the id of the grant. */
  function sealCode({ client, ...request }: AuthorizationRequest, entry: LoginEntry): Promise<string> {
    return tokens.code.seal(
      {
        client: client.jti,
        redirect_uri: request.redirectUri,
        code_challenge: request.codeChallenge,
        aud: request.resource,
        scope: request.scope,
        login: credentialsOf(entry),
      },
      now(),
    );
  }

  return {
    async show(request, response) {
      const query = queryOf(request);
      if (query.length > maxQueryLength) throw new OAuthError('invalid_request', 'The link is too long.');
      const parameters = parseParameters(query);
      const target = await trustedTarget(parameters, clients);
      const authorization = checkedRequest(parameters, target, issuer);
      const sealed = { tid: randomId(), browser: binding.bind(request, response) };
      await sendForm(response, authorization, sealed, emptyEntry);
    },

    async submit(request, response) {
      const form = await readForm(request, maxFormBytes);
      const { transaction, authorization } = await openTransaction(form.get('transaction'), request);
      const { client, redirectUri: uri, state: clientState } = authorization;
      if (form.get('action') === 'cancel') {
        throw new OAuthError('access_denied', 'The person cancelled.', { redirect: { uri, state: clientState } });
      }
      const entry = readEntry(form);
      const mistakes = entryProblems(entry);
      if (mistakes.length > 0) return sendForm(response, authorization, transaction, entry, mistakes);

      const account = accountOf(credentialsOf(entry), client.servers);
      const attempt = await throttle.attempt({ clientJti: client.jti, account, address: request.ip });
      if (attempt.waitSeconds > 0) {
        log.info({ client: client.jti, waitSeconds: attempt.waitSeconds }, 'sign-in has to wait');
        response.set('Retry-After', String(attempt.waitSeconds));
        const wait = { place: 'imap_password' as const, sentence: waitSentence(attempt.waitSeconds) };
        return sendForm(response, authorization, transaction, entry, [wait], 429);
      }
      const faults = await verifyLogin(account);
      if (faults.length > 0) {
        log.info({ client: client.jti, faults }, 'sign-in refused by the mail servers');
        const useSameCredentials = entry.useSameCredentials && !needsOwnSmtpLogin(faults, entry);
        const problems = loginProblems(faults, entry, client.servers);
        return sendForm(response, authorization, transaction, { ...entry, useSameCredentials }, problems);
      }
      await attempt.succeeded();
      // Who clicks twice has left the first request; its success must not use up the page for the second.
      if (request.socket.destroyed) return;
      // Pages of one transaction that were shown again live a little longer than the first; so does the mark.
      const markUntil = new Date(now().getTime() + lifetimes.transactionSeconds * 1000);
      if ((await state.claim(`transaction:${transaction.tid}`, markUntil)) !== null) {
        throw new OAuthError('invalid_request', staleForm);
      }
      const code = await sealCode(authorization, entry);
      log.info({ client: client.jti }, 'signed in');
      sendBack(response, uri, { code, state: clientState, iss: issuer });
    },
  };
}
