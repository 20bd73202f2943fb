/** GET and POST /oauth/authorize: the sign-in page, and the redirect with the code (RFC 6749 §4.1.1, §4.1.2). */
import type { Request, RequestHandler, Response } from 'express';
import { serviceOf } from '../../account.ts';
import { OAuthError } from '../../errors.ts';
import type { Consent } from '../../policy.ts';
import { clientInToken } from '../client/client.ts';
import { parseParameters, queryOf, readForm } from '../http/parameters.ts';
import { AUTHORIZE_PATHS } from '../http/paths.ts';
import { formActionSources, isRegistered } from '../http/redirect-uri.ts';
import type { Scope } from '../scope.ts';
import { accountOf, type Credentials } from '../sealed/identity.ts';
import { randomId, toSeconds } from '../sealed/jwe.ts';
import { type CodePayload, createTokens, SEALED_TYPES, type Transaction } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import {
  type Choices,
  choiceProblems,
  consentOf,
  everything,
  offeredPowers,
  readChoices,
  scopeWith,
} from '../sign-in/consent.ts';
import type { Entered } from '../sign-in/form.ts';
import { formBinding } from '../sign-in/form-binding.ts';
import { serverWords, signInForm } from '../sign-in/form-of-service.ts';
import type { FormProblem } from '../sign-in/mail-entry.ts';
import { createPages, type LoginFields } from '../sign-in/pages.ts';
import { waitSentence } from '../sign-in/throttle.ts';
import { loginCheck } from '../sign-in/try-login.ts';
import { type AuthorizationRequest, checkedRequest, errorTarget, trustedTarget } from './authorization-request.ts';
import { sendBack } from './redirect.ts';
import { loginView } from './sign-in-page.ts';

/** A common limit of proxies for a request line; nothing longer would have come this far in production. */
const maxQueryLength = 8190;
const maxFormBytes = 16 * 1024;

const staleForm = 'This sign-in page is too old, was already used, or was opened in another browser.';

/** What the person has filled in. */
interface FilledIn {
  login: Entered<LoginFields>;
  choices: Choices;
}

/** The two handlers of the authorization endpoint. Faults are thrown; an OAuthError says by `redirect` whom to tell. */
export function authorize(services: OAuthServices): { show: RequestHandler; submit: RequestHandler } {
  const { issuer, now, log, state, clients, powersLeft } = services;
  const tokens = createTokens(services.keyring);
  const pages = createPages({ issuer });
  const binding = formBinding(issuer);
  const tryLogin = loginCheck(services);

  const offeredBy = ({ client, scope }: AuthorizationRequest) =>
    offeredPowers(scope, powersLeft(client.policy, serviceOf(client.servers)));

  /** Asked for and allowed by the operator (AUTHZ-23). */
  function withinPolicy(request: AuthorizationRequest): AuthorizationRequest {
    const scope = scopeWith(request.scope, offeredBy(request));
    if (scope.length > 0) return { ...request, scope };
    const sentence = 'The operator of this server allows nothing of what was asked for.';
    throw new OAuthError('invalid_scope', sentence, { redirect: errorTarget(request) });
  }

  /** What the access token will hold beside the login. */
  function sealedBeside({ client, resource: aud, scope }: AuthorizationRequest, consent: Consent | undefined): object {
    const { servers, policy, expiresAt } = client;
    const limits = { ...(Object.keys(policy).length > 0 && { policy }), consent };
    const end = consent?.until ?? (expiresAt && toSeconds(expiresAt));
    return { iss: issuer, aud, client: clientInToken(client), scope, servers, ...limits, ...(end && { ends: end }) };
  }

  async function sendForm(
    response: Response,
    request: AuthorizationRequest,
    sealed: { tid: string; browser: string },
    { login, choices }: FilledIn,
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
    const shownAt = now();
    const transaction = await tokens.transaction.seal(payload, shownAt).catch((cause) => {
      if (!(cause instanceof RangeError)) throw cause;
      // A state of control characters grows sixfold in JSON; any other fits (AUTHZ-20).
      throw new OAuthError('invalid_request', 'The request is too long.', { cause, redirect: errorTarget(request) });
    });
    const page = { issuer, action: AUTHORIZE_PATHS[0], transaction, shownAt };
    const html = pages.login(
      loginView({ ...request, offered: offeredBy(request) }, page, { login, choices, problems }),
    );
    pages.send(response, status, html, formActionSources(uri));
  }

  /** Nothing of the form but the sealed transaction says what is being authorized. */
  async function openTransaction(sealed: string | undefined, request: Request) {
    const transaction = await tokens.transaction.unseal(sealed ?? '', now()).catch((cause) => {
      throw new OAuthError('invalid_request', staleForm, { cause });
    });
    if (!binding.isFromOurPage(request, transaction.browser)) throw new OAuthError('invalid_request', staleForm);
    return { transaction, authorization: await authorizationOf(transaction) };
  }

  async function authorizationOf(transaction: Transaction): Promise<AuthorizationRequest> {
    const client = await clients.resolve(transaction.client_id);
    // A document may have taken it back since (CIMD-06).
    if (!isRegistered(transaction.redirect_uri, client.redirectUris))
      throw new OAuthError('invalid_request', staleForm);
    return {
      client,
      redirectUri: transaction.redirect_uri,
      state: transaction.state,
      codeChallenge: transaction.code_challenge,
      resource: transaction.aud,
      scope: transaction.scope,
    };
  }

  return {
    async show(request, response) {
      const query = queryOf(request);
      if (query.length > maxQueryLength) throw new OAuthError('invalid_request', 'The link is too long.');
      const parameters = parseParameters(query);
      const target = await trustedTarget(parameters, clients);
      const authorization = withinPolicy(checkedRequest(parameters, target, issuer));
      const sealed = { tid: randomId(), browser: binding.bind(request, response) };
      const choices = everything(offeredBy(authorization));
      const login = signInForm(authorization.client.servers).blank;
      await sendForm(response, authorization, sealed, { login, choices });
    },

    async submit(request, response) {
      const form = await readForm(request, maxFormBytes);
      // Which of two is meant nobody knows, and to take neither would grant more than the person chose.
      if (form.repeated.size > 0) throw new OAuthError('invalid_request', 'A field of the form came more than once.');
      const { transaction, authorization } = await openTransaction(form.get('transaction'), request);
      const { client, redirectUri: uri, state: clientState } = authorization;
      if (form.get('action') === 'cancel') {
        throw new OAuthError('access_denied', 'The person cancelled.', { redirect: { uri, state: clientState } });
      }
      const offered = offeredBy(authorization);
      const entered = { login: signInForm(client.servers).read(form), choices: readChoices(form, offered) };
      const showAgain = (problems: readonly FormProblem[], { status = 200, login = entered.login } = {}) =>
        sendForm(response, authorization, transaction, { ...entered, login }, problems, status);

      const login = entered.login.credentials();
      const scope = scopeWith(authorization.scope, entered.choices.powers);
      const consent = consentOf(entered.choices, offered, new Date(transaction.iat * 1000));
      const grant = codePayload(authorization, { login, scope, consent });
      const mistakes = [
        ...choiceProblems(entered.choices, grant),
        ...entered.login.mistakes(sealedBeside({ ...authorization, scope }, consent)),
      ];
      if (mistakes.length > 0) return showAgain(mistakes);

      const { waitSeconds, faults } = await tryLogin(request, client, accountOf(login, client.servers));
      if (waitSeconds > 0) {
        response.set('Retry-After', String(waitSeconds));
        const sentence = waitSentence(waitSeconds, serverWords(client.servers));
        return showAgain([{ place: entered.login.waitPlace, sentence }], { status: 429 });
      }
      if (faults.length > 0) {
        const { problems, shown } = entered.login.refused(faults);
        return showAgain(problems, { login: shown });
      }
      // Who clicks twice has left the first request; its success must not use up the page for the second.
      if (request.socket.destroyed) return;
      // Pages of one transaction that were shown again live a little longer than the first; so does the mark.
      const markUntil = new Date(now().getTime() + SEALED_TYPES.transaction.lifetimeSeconds * 1000);
      if ((await state.claim(`transaction:${transaction.tid}`, markUntil)) !== null) {
        throw new OAuthError('invalid_request', staleForm);
      }
      // Its `jti` becomes the id of the grant.
      const code = await tokens.code.seal(grant, now());
      log.info({ client: client.jti }, 'signed in');
      sendBack(response, uri, { code, state: clientState, iss: issuer });
    },
  };
}

/** What a code holds, but for its own claims. */
function codePayload(
  request: AuthorizationRequest,
  granted: { login: Credentials; scope: Scope; consent: Consent | undefined },
): CodePayload {
  const { login, scope, consent } = granted;
  return {
    client: request.client.jti,
    redirect_uri: request.redirectUri,
    code_challenge: request.codeChallenge,
    aud: request.resource,
    scope,
    ...(consent && { consent }),
    login,
  };
}
