/**
 * Handles the requests of the authorization server, one file for each endpoint. This one is GET and POST /oauth/authorize: the sign-in page,
 * and the redirect with the code (RFC 6749 §4.1.1, §4.1.2).
 *
 * Invariant: nothing is redirected before the client and the redirect URI have been checked.
 */
import type { Request, RequestHandler, Response } from 'express';
import { OAuthError } from '../../errors.ts';
import type { DefaultConnection } from '../client/client.ts';
import { soleConnection } from '../client/connection-choice.ts';
import { signInForm } from '../forms/forms.ts';
import { type Parameters, parseParameters, readForm } from '../http/parameters.ts';
import { LANGUAGE_PARAMETER } from '../pages/language-choice.ts';
import { PageError } from '../pages/page-error.ts';
import { randomId } from '../sealed/jwe.ts';
import type { OAuthServices } from '../services.ts';
import { createAddressStep } from '../sign-in/address-step.ts';
import { cautiousPowers, readChoices, validateChoices } from '../sign-in/consent-choices.ts';
import { type AddressContent, createSignIn, type SignIn, type SignInContent } from '../sign-in/sign-in.ts';
import type { ProviderResponse, ProviderSignIns } from '../upstream/provider-sign-in.ts';
import { refusalSentence } from '../upstream/refusal-sentence.ts';
import { createMeasure, isWhole, type Measure, offeredFor, withinPolicy, withRoom } from './authorization-grant.ts';
import {
  parseAuthorizationRequest,
  type RequestedAccess,
  validateRequest,
  validateTarget,
} from './authorization-request.ts';
import { createCompletion, type ShowPage } from './authorization-response.ts';
import {
  type AuthorizationTransactions,
  createAuthorizationTransactions,
  type PendingAuthorization,
  type SubmittedAuthorization,
  type SubmittedPage,
} from './authorization-transaction.ts';

const MAX_FORM_BYTES = 16 * 1024;

/** All throw OAuthErrors: one with `redirect` is sent to the client, any other is shown as a page. `resume`: the browser comes back from a provider. */
export function authorizeHandlers(
  services: OAuthServices,
  providerSignIns: ProviderSignIns,
): {
  show: RequestHandler;
  submit: RequestHandler;
  resume(request: Request, response: Response, from: ProviderResponse): Promise<void>;
} {
  const { now, clients, issuer, pages, powersLeft } = services;
  const signIn = createSignIn(services);
  const transactions = createAuthorizationTransactions(services, signIn);
  const showPage = createPage(services, signIn, transactions, providerSignIns);
  const measure = createMeasure(services);
  const complete = createCompletion(services, signIn, { transactions, showPage, measure });
  const { showAddressPage, connect, connectAgain } = createConnecting(services, signIn, transactions, showPage);

  async function atProvider(request: Request, response: Response, page: LeavingPage): Promise<void> {
    const { pending, submitted, content } = page;
    const { signIn: at, hint } = page.provider;
    const form = submitted.without('transaction', 'action');
    const left = { page: 'authorize' as const, transaction: await transactions.seal(pending, now()), form };
    await providerSignIns.start(request, response, { signIn: at, left, hint }).catch((error: unknown) => {
      providerSignIns.report(error, at);
      const problems = [{ place: 'provider' as const, sentence: refusalSentence(error, at) }];
      return showPage(request, response, { pending, content: { ...content, problems } });
    });
  }

  return {
    async show(request, response) {
      const parameters = parseAuthorizationRequest(request);
      const target = await validateTarget(parameters, clients, request.ip);
      const requested = validateRequest(parameters, target, issuer);
      const sole = soleConnection(target.client.connections);
      const of = () => ({ tid: randomId(), browser: signIn.bindBrowser(request, response) });
      if (sole === undefined) {
        const pending = { ...of(), authorization: requested };
        return showAddressPage(request, response, pending, { address: '', problems: [] });
      }
      const client = await clients.connect(target.client, sole);
      const authorization = withinPolicy({ ...requested, client }, powersLeft);
      await showPage(request, response, { pending: { ...of(), authorization } });
    },

    async submit(request, response) {
      const submitted = await readSignInForm(request);
      const page = await transactions.unseal(submitted.get('transaction'), request);
      if (submitted.get('action') === 'cancel') throw cancelled(page.authorization);
      pages.chooseLanguage(request, response, submitted.get(LANGUAGE_PARAMETER));
      const pending = await connect(request, response, page, submitted);
      if (pending === undefined) return;
      const { authorization } = pending;
      const offered = offeredFor(authorization, powersLeft);
      const form = signInForm(authorization.client.servers).read(submitted);
      const content = { form, choices: readChoices(submitted, offered) };
      if (submitted.get(LANGUAGE_PARAMETER) !== undefined) return showPage(request, response, { pending, content });
      const { provider } = form;
      if (provider === undefined) return complete(request, response, { pending, content });
      const problems = [...validateChoices(content.choices, 0), ...form.validate()];
      if (problems.length > 0) return showPage(request, response, { pending, content: { ...content, problems } });
      await atProvider(request, response, { pending, submitted, content, provider });
    },

    resume: createResume(
      transactions,
      { ...services, ...providerSignIns },
      { connectAgain, complete, showPage, measure },
    ),
  };
}

interface LeavingPage {
  pending: PendingAuthorization;
  submitted: Parameters;
  content: SignInContent;
  provider: NonNullable<SignInContent['form']['provider']>;
}

/** @returns a function that goes on with the sign-in page after the browser has come back from a provider */
function createResume(
  transactions: Pick<AuthorizationTransactions, 'resume'>,
  { powersLeft, report }: Pick<OAuthServices, 'powersLeft'> & Pick<ProviderSignIns, 'report'>,
  {
    connectAgain,
    complete,
    showPage,
    measure,
  }: Pick<ReturnType<typeof createConnecting>, 'connectAgain'> & {
    complete: ReturnType<typeof createCompletion>;
    showPage: ShowPage;
    measure: Measure;
  },
) {
  return async function resume(request: Request, response: Response, from: ProviderResponse): Promise<void> {
    const submitted = parseParameters(from.left.form);
    const pending = await connectAgain(await transactions.resume(from.left.transaction, request), submitted);
    const { client } = pending.authorization;
    const choices = readChoices(submitted, offeredFor(pending.authorization, powersLeft));
    const unapproved = signInForm(client.servers).read(submitted);
    if (unapproved.provider === undefined) throw wayHasChanged();
    const { signIn: at } = unapproved.provider;
    try {
      const approval = await from.approve(at, response);
      if (approval === 'asked again') return;
      const fits = (whole: SignInContent['form']) => measure.fits(pending, { form: whole, choices });
      const form = await withRoom(approval, { servers: client.servers, submitted }, fits);
      await approval.keep();
      await complete(request, response, { pending, content: { form, choices } });
    } catch (error) {
      report(error, at);
      const problems = [{ place: 'provider' as const, sentence: refusalSentence(error, at) }];
      await showPage(request, response, { pending, content: { form: unapproved, choices, problems } });
    }
  };
}

/** @returns functions that find the connection of a submitted page, and ask for the address where it decides */
function createConnecting(
  services: Pick<OAuthServices, 'now' | 'powersLeft' | 'clients' | 'operator'>,
  signIn: Pick<SignIn, 'showAddressPage'>,
  transactions: Pick<AuthorizationTransactions, 'seal'>,
  showPage: ShowPage,
) {
  const { now, powersLeft, clients } = services;
  const choose = createAddressStep(services);

  async function showAddressPage(
    request: Request,
    response: Response,
    pending: PendingAuthorization<RequestedAccess>,
    content: AddressContent,
  ): Promise<void> {
    const transaction = await transactions.seal(pending, now());
    signIn.showAddressPage(request, response, { ...pending.authorization, transaction }, content);
  }

  async function connected(page: SubmittedPage, to: DefaultConnection): Promise<SubmittedAuthorization> {
    const client = await clients.connect(page.authorization.client, to);
    return { ...page, authorization: withinPolicy({ ...page.authorization, client }, powersLeft) };
  }

  const stepOf = (page: SubmittedPage, submitted: Parameters) =>
    choose(submitted, { connections: page.authorization.client.connections, shownFor: page.connection });

  return {
    showAddressPage,

    /** @returns `undefined` after it has responded with another page */
    async connect(request: Request, response: Response, page: SubmittedPage, submitted: Parameters) {
      const step = await stepOf(page, submitted);
      if (step.connection === undefined) return showAddressPage(request, response, page, step).then(() => undefined);
      const pending = await connected(page, step.connection);
      if (!step.isNew) return pending;
      await showPage(request, response, { pending, address: step.address });
      return undefined;
    },

    /** After a sign-in at the provider of the connection. @throws {OAuthError} `invalid_request` if it is no more that of the page */
    async connectAgain(page: SubmittedPage, submitted: Parameters) {
      const step = await stepOf(page, submitted);
      if (step.connection === undefined || step.isNew) throw wayHasChanged();
      return connected(page, step.connection);
    },
  };
}

const wayHasChanged = (): PageError => new PageError('invalid_request', (t) => t.errors.wayHasChanged);

/** @returns a function that sends the sign-in page; without `content` nothing was submitted yet */
function createPage(
  { now, powersLeft }: Pick<OAuthServices, 'now' | 'powersLeft'>,
  signIn: SignIn,
  transactions: Pick<AuthorizationTransactions, 'seal'>,
  { formTarget, obstacle, endsAtRestart }: Pick<ProviderSignIns, 'formTarget' | 'obstacle' | 'endsAtRestart'>,
): ShowPage {
  return async function showPage(request, response, { pending, content, address }) {
    const shownAt = now();
    const transaction = await transactions.seal(pending, shownAt);
    const { authorization } = pending;
    const { client } = authorization;
    const offered = offeredFor(authorization, powersLeft);
    const offer = { client, offered, cautious: cautiousPowers(client), isWhole: isWhole(authorization, powersLeft) };
    const { choices, added } = await signIn.firstChoices(request, offer);
    const { blank, startingWith } = signInForm(client.servers);
    const form = content?.form ?? (address === undefined ? blank : startingWith(address));
    const providerOrigin = form.provider && (await formTarget(form.provider.signIn));
    const isEnded = form.provider !== undefined && endsAtRestart(form.provider.signIn);
    const page = { ...authorization, offered, added, transaction, shownAt, providerOrigin, endsAtRestart: isEnded };
    const problems = content?.problems ?? obstaclesOf(form.provider, obstacle);
    signIn.showPage(request, response, page, { ...(content ?? { form, choices }), problems });
  };
}

/** What is known before the account owner leaves for the provider. */
function obstaclesOf(
  provider: SignInContent['form']['provider'],
  obstacle: ProviderSignIns['obstacle'],
): NonNullable<SignInContent['problems']> {
  if (provider === undefined) return [];
  const found = obstacle(provider.signIn);
  if (found === undefined) return [];
  return [{ place: 'provider', sentence: refusalSentence(found, provider.signIn), isLasting: true }];
}

async function readSignInForm(request: Request): Promise<Parameters> {
  const form = await readForm(request, MAX_FORM_BYTES);
  // It is unknown which of two values is meant, and to ignore both would grant more than the account owner chose.
  if (form.repeated.size > 0) throw new PageError('invalid_request', (t) => t.errors.fieldTwice);
  return form;
}

/** The redirect to any client needs no confirmation: the account owner has chosen to cancel. */
function cancelled({ redirectUri: uri, state }: RequestedAccess): OAuthError {
  return new OAuthError('access_denied', 'The person cancelled.', { redirect: { uri, state } });
}
