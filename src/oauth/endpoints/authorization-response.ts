/** Responds to a sign-in that succeeds: with the code, in a redirect to the client (RFC 6749 §4.1.2), also when the form comes twice. */
import type { Request, Response } from 'express';
import { type CodePayload, createTokens } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import type { AuthorizationTransactions, SubmittedAuthorization } from './authorization-transaction.ts';
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

export interface AuthorizationResponses {
  /**
   * Checks a form and responds. The same form within a minute gives a code of the same `jti` without a further check, or a page once that code was
   * exchanged.
   *
   * @throws {OAuthError} `invalid_request` if another form has used up the transaction
   */
  respondOnce(request: Request, response: Response, form: SubmittedForm): Promise<void>;
}

export function createAuthorizationResponses(
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
