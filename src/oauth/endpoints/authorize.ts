/**
 * Handles the requests of the authorization server, one file for each endpoint. This one is GET and POST /oauth/authorize: the sign-in page,
 * and the redirect with the code (RFC 6749 §4.1.1, §4.1.2).
 *
 * Invariant: nothing is redirected before the client and the redirect URI have been checked.
 */
import type { Request, RequestHandler, Response } from 'express';
import { OAuthError } from '../../errors.ts';
import { type Parameters, readForm } from '../http/parameters.ts';
import { accountOf, MAILBOX_ID_TO_COME } from '../sealed/identity.ts';
import { randomId } from '../sealed/jwe.ts';
import { createTokenFit, createTokens } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { readChoices, validateChoices } from '../sign-in/consent-choices.ts';
import { signInForm } from '../sign-in/forms.ts';
import { createSignIn, type SignIn, type SignInContent } from '../sign-in/sign-in.ts';
import { isWhole, offeredFor, toGrant, withinPolicy } from './authorization-grant.ts';
import {
  type AuthorizationRequest,
  parseAuthorizationRequest,
  validateRequest,
  validateTarget,
} from './authorization-request.ts';
import { createAuthorizationResponses } from './authorization-response.ts';
import {
  type AuthorizationTransactions,
  createAuthorizationTransactions,
  type PendingAuthorization,
} from './authorization-transaction.ts';
import type { AcceptedFields } from './submissions.ts';

const MAX_FORM_BYTES = 16 * 1024;

/** Both throw OAuthErrors: one with `redirect` is sent to the client, any other is shown as a page. */
export function authorizeHandlers(services: OAuthServices): { show: RequestHandler; submit: RequestHandler } {
  const { issuer, now, clients, powersLeft } = services;
  const tokens = createTokens(services.keyring);
  const signIn = createSignIn(services);
  const transactions = createAuthorizationTransactions(services, signIn);
  const responses = createAuthorizationResponses(services, transactions);
  const showPage = createPage(services, signIn, transactions);

  /** Asks the servers. @returns `undefined` after the page was shown with their refusal */
  async function check(
    request: Request,
    response: Response,
    { pending, content }: { pending: PendingAuthorization; content: SignInContent },
  ): Promise<AcceptedFields | undefined> {
    const { client } = pending.authorization;
    const target = { client: client.jti, servers: client.servers };
    const { rejection, mailbox } = await signIn.checkCredentials(request, content.form, target);
    if (rejection === undefined) return mailbox === undefined ? {} : { mailbox };
    await showPage(request, response, { pending, content: { ...content, ...rejection } });
    return undefined;
  }

  return {
    async show(request, response) {
      const parameters = parseAuthorizationRequest(request);
      const target = await validateTarget(parameters, clients, request.ip);
      const authorization = withinPolicy(validateRequest(parameters, target, issuer), powersLeft);
      const browser = signIn.bindBrowser(request, response);
      await showPage(request, response, { pending: { tid: randomId(), browser, authorization } });
    },

    async submit(request, response) {
      const submitted = await readSignInForm(request);
      const pending = await transactions.unseal(submitted.get('transaction'), request);
      const { authorization, shownAt } = pending;
      const { client } = authorization;
      if (submitted.get('action') === 'cancel') throw cancelled(authorization);

      const offered = offeredFor(authorization, powersLeft);
      const content = { form: signInForm(client.servers).read(submitted), choices: readChoices(submitted, offered) };
      const grant = toGrant(authorization, content, { offered, shownAt, issuer });
      const codeLength = tokens.code.lengthOf({ ...grant.code, mailbox: MAILBOX_ID_TO_COME }, now());
      const fits = createTokenFit(tokens.access, grant.sealedBeside, now());
      const problems = [...validateChoices(content.choices, codeLength), ...content.form.validate(fits)];
      if (problems.length > 0) return showPage(request, response, { pending, content: { ...content, problems } });

      const page = { pending, content };
      const account = accountOf(content.form.credentials(), client.servers);
      await responses.respondOnce(request, response, {
        pending,
        code: grant.code,
        check: () => check(request, response, page),
        remember: (to) => signIn.keepChoices(request, to, { client, offered, account, choices: content.choices }),
      });
    },
  };
}

/** @returns a function that sends the sign-in page; without `content` nothing was submitted yet */
function createPage(
  { now, powersLeft }: Pick<OAuthServices, 'now' | 'powersLeft'>,
  signIn: SignIn,
  transactions: Pick<AuthorizationTransactions, 'seal'>,
) {
  return async function showPage(
    request: Request,
    response: Response,
    { pending, content }: { pending: PendingAuthorization; content?: SignInContent },
  ): Promise<void> {
    const shownAt = now();
    const transaction = await transactions.seal(pending, shownAt);
    const { authorization } = pending;
    const { client } = authorization;
    const offered = offeredFor(authorization, powersLeft);
    const offer = { client, offered, isWhole: isWhole(authorization, powersLeft) };
    const { choices, added } = await signIn.firstChoices(request, offer);
    const page = { ...authorization, offered, added, transaction, shownAt };
    signIn.showPage(response, page, content ?? { form: signInForm(client.servers).blank, choices });
  };
}

async function readSignInForm(request: Request): Promise<Parameters> {
  const form = await readForm(request, MAX_FORM_BYTES);
  // It is unknown which of two values is meant, and to ignore both would grant more than the account owner chose.
  if (form.repeated.size > 0) throw new OAuthError('invalid_request', 'A field of the form came more than once.');
  return form;
}

/** The redirect to any client needs no confirmation: the account owner has chosen to cancel. */
function cancelled({ redirectUri: uri, state }: AuthorizationRequest): OAuthError {
  return new OAuthError('access_denied', 'The person cancelled.', { redirect: { uri, state } });
}
