/**
 * Has the credentials of a form checked, and responds: with the page, or with the code in a redirect to the client (RFC 6749 §4.1.2), also when the form
 * comes twice.
 */
import type { Request, Response } from 'express';
import { accountOf } from '../sealed/identity.ts';
import { type CodePayload, createTokens } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { otherConnectionProblems } from '../sign-in/address-step.ts';
import { validateChoices } from '../sign-in/consent-choices.ts';
import type { SignIn, SignInContent } from '../sign-in/sign-in.ts';
import { type Measure, offeredFor } from './authorization-grant.ts';
import type {
  AuthorizationTransactions,
  PendingAuthorization,
  SubmittedAuthorization,
} from './authorization-transaction.ts';
import { codeKey } from './code-grant.ts';
import { redirectToClient } from './redirect.ts';
import { type AcceptedFields, createSubmissions } from './submissions.ts';

/** A form that can be sent to the servers. */
interface SubmittedForm {
  pending: SubmittedAuthorization;
  /** Everything that the form grants. */
  code: CodePayload;
  /** Asks the servers. Resolves with `undefined` after it has responded with their refusal. */
  check: () => Promise<AcceptedFields | undefined>;
  /** Sets the cookies of a sign-in that succeeded. */
  remember: (response: Response) => Promise<void>;
}

interface AuthorizationResponses {
  /**
   * Checks a form and responds. The same form within a minute gives a code of the same `jti` without a further check, or a page once that code was
   * exchanged.
   *
   * @throws {OAuthError} `invalid_request` if another form has used up the transaction
   */
  respondOnce(request: Request, response: Response, form: SubmittedForm): Promise<void>;
}

function createAuthorizationResponses(
  services: Pick<OAuthServices, 'issuer' | 'keyring' | 'now' | 'log' | 'state' | 'pages'>,
  transactions: Pick<AuthorizationTransactions, 'requireUnused' | 'use'>,
): AuthorizationResponses {
  const { issuer, keyring, now, log, state: marks, pages } = services;
  const { code: codes } = createTokens(keyring);
  const submissions = createSubmissions(services);

  /** The `jti` of the code becomes the id of the grant. */
  async function sendCode(
    response: Response,
    { pending, remember }: Pick<SubmittedForm, 'pending' | 'remember'>,
    payload: CodePayload,
  ): Promise<void> {
    const { redirectUri, state } = pending.authorization;
    const code = await codes.seal(payload, now(), undefined, submissions.codeIdOf(pending));
    await remember(response);
    redirectToClient(response, redirectUri, { code, state, iss: issuer });
  }

  async function repeat(
    request: Request,
    response: Response,
    form: SubmittedForm,
    payload: CodePayload,
  ): Promise<void> {
    const { pending } = form;
    const { client } = pending.authorization;
    log.info({ client: client.jti }, 'the sign-in page was submitted again');
    const [exchangedAt = null] = await marks.readMarks([codeKey(submissions.codeIdOf(pending))]);
    if (exchangedAt === null) await sendCode(response, form, payload);
    else {
      const inLanguage = pages.for(request);
      inLanguage.send(response, 200, inLanguage.signedIn({ clientName: client.name }));
    }
  }

  async function respond(request: Request, response: Response, form: SubmittedForm): Promise<void> {
    const { pending, code, check } = form;
    const submission = submissions.of(pending, code);
    const earlier = await submission.readEarlier();
    if (earlier.isUsed) return repeat(request, response, form, { ...code, ...earlier.accepted });
    await transactions.requireUnused(pending);
    const accepted = earlier.accepted ?? (await check());
    if (accepted === undefined) return;
    if (earlier.accepted === undefined) await submission.accept(accepted);
    // A second click aborts the first request: its success must not use up the transaction of the second.
    if (request.socket.destroyed) return;
    // First what lets the same form come again: the transaction may be used although the answer of the state was lost.
    await submission.use();
    await transactions.use(pending);
    log.info({ client: pending.authorization.client.jti }, 'signed in');
    await sendCode(response, form, { ...code, ...accepted });
  }

  return {
    respondOnce: (request, response, form) =>
      submissions.inTurn(form.pending, request, () => respond(request, response, form)),
  };
}

/** Sends the sign-in page; without `content` nothing was submitted yet. */
export type ShowPage = (
  request: Request,
  response: Response,
  page: { pending: PendingAuthorization; content?: SignInContent; address?: string },
) => Promise<void>;

/** @returns a function that has the credentials of a form checked, and responds with the code or with the page */
export function createCompletion(
  services: OAuthServices,
  signIn: SignIn,
  {
    transactions,
    showPage,
    measure,
  }: { transactions: AuthorizationTransactions; showPage: ShowPage; measure: Measure },
) {
  const { powersLeft } = services;
  const responses = createAuthorizationResponses(services, transactions);

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

  return async function complete(
    request: Request,
    response: Response,
    page: { pending: SubmittedAuthorization; content: SignInContent },
  ): Promise<void> {
    const { pending, content } = page;
    const { authorization } = pending;
    const { client } = authorization;
    const offered = offeredFor(authorization, powersLeft);
    const { grant, codeLength, fits } = measure.of(pending, content);
    const problems = [
      ...validateChoices(content.choices, codeLength),
      ...content.form.validate(fits),
      ...otherConnectionProblems(client, content.form.credentials()),
    ];
    if (problems.length > 0) return showPage(request, response, { pending, content: { ...content, problems } });

    const account = accountOf(content.form.credentials(), client.servers, content.form.approval);
    await responses.respondOnce(request, response, {
      pending,
      code: grant.code,
      check: () => check(request, response, page),
      remember: (to) => signIn.keepChoices(request, to, { client, offered, account, choices: content.choices }),
    });
  };
}
