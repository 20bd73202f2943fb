/** Keeps a validated authorization request in a hidden field of the sign-in page: sealed, bound to one browser, used once. */
import type { Request } from 'express';
import { hasRedirectUri } from '../http/redirect-uri.ts';
import { resourceOf } from '../metadata.ts';
import { PageError } from '../pages/page-error.ts';
import { rememberedUntil, toSeconds } from '../sealed/jwe.ts';
import { createTokens, SEALED_TYPES, type Transaction } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import { type AuthorizationRequest, errorRedirect, type RequestedAccess } from './authorization-request.ts';

/** An authorization request whose sign-in page is shown. */
export interface PendingAuthorization<R extends RequestedAccess = AuthorizationRequest> {
  /** The same whenever the page is shown again, so that one transaction issues one code. */
  tid: string;
  /** Hash of the cookie of the browser that received the page. */
  browser: string;
  authorization: R;
}

/** An authorization request whose sign-in page was submitted. */
export interface SubmittedAuthorization<R extends RequestedAccess = AuthorizationRequest>
  extends PendingAuthorization<R> {
  /** When the submitted page was made. */
  shownAt: Date;
}

/** A page as it was submitted. `connection`: `jti` of the connection that it was shown for, if it was known and has one. */
export type SubmittedPage = SubmittedAuthorization<RequestedAccess> & { connection: string | undefined };

export interface AuthorizationTransactions {
  /** @throws {OAuthError} `invalid_request` if the request is too long */
  seal(pending: PendingAuthorization<RequestedAccess>, shownAt: Date): Promise<string>;
  /**
   * Only the sealed transaction decides what is being authorized; the other fields of the form have no influence on it.
   *
   * @throws {OAuthError} `invalid_request` if the page has expired, or was not submitted by the browser that received it
   */
  unseal(sealed: string | undefined, request: Request): Promise<SubmittedPage>;
  /** As unseal(), for a browser that comes back from a provider: no page of this server has sent the request. */
  resume(sealed: string, request: Request): Promise<SubmittedPage>;
  /** @throws {OAuthError} `invalid_request` if the transaction was used before */
  requireUnused(pending: PendingAuthorization): Promise<void>;
  /** Uses the transaction up. @throws {OAuthError} `invalid_request` if it was used before */
  use(pending: PendingAuthorization): Promise<void>;
}

export function createAuthorizationTransactions(
  services: Pick<OAuthServices, 'issuer' | 'keyring' | 'now' | 'state' | 'clients'>,
  { isFromOurPage, isSameBrowser }: Pick<SignIn, 'isFromOurPage' | 'isSameBrowser'>,
): AuthorizationTransactions {
  const { issuer, keyring, now, state, clients } = services;
  const tokens = createTokens(keyring);

  async function unsealFor(
    request: Request,
    sealed: string | undefined,
    isOwn: SignIn['isFromOurPage'],
  ): Promise<SubmittedPage> {
    const transaction = await tokens.transaction.unseal(sealed ?? '', now()).catch((cause) => {
      throw new PageError('invalid_request', (t) => t.errors.staleSignIn, { cause });
    });
    // Another connection has other servers: its page was made for those.
    if (transaction.aud !== resourceOf(issuer)) throw new PageError('invalid_request', (t) => t.errors.staleSignIn);
    if (!isOwn(request, transaction.browser)) throw new PageError('invalid_request', (t) => t.errors.staleSignIn);
    const client = await clients.resolve(transaction.client_id, request.ip);
    // The client's document may have removed the URI since (CIMD-06).
    if (!hasRedirectUri(client, transaction.redirect_uri))
      throw new PageError('invalid_request', (t) => t.errors.staleSignIn);
    const { tid, browser, iat, connection } = transaction;
    const authorization = { client, ...fromSealed(transaction) };
    return { tid, browser, shownAt: new Date(iat * 1000), authorization, connection };
  }

  return {
    async seal({ tid, browser, authorization }, shownAt) {
      return tokens.transaction.seal({ tid, browser, ...toSealed(authorization) }, shownAt).catch((cause) => {
        if (!(cause instanceof RangeError)) throw cause;
        // A state of control characters grows sixfold in JSON; any other fits (AUTHZ-20).
        const redirect = errorRedirect(authorization);
        throw new PageError('invalid_request', (t) => t.errors.requestTooLong, { cause, redirect });
      });
    },

    unseal: (sealed, request) => unsealFor(request, sealed, isFromOurPage),
    resume: (sealed, request) => unsealFor(request, sealed, isSameBrowser),

    async requireUnused({ tid }) {
      const [usedAt = null] = await state.readMarks([transactionKey(tid)]);
      if (usedAt !== null) throw new PageError('invalid_request', (t) => t.errors.staleSignIn);
    },

    async use({ tid }) {
      // A page that is shown again expires later than the first one; the mark is kept as long as the latest can be valid.
      const markUntil = rememberedUntil({ exp: toSeconds(now()) + SEALED_TYPES.transaction.lifetimeSeconds });
      if ((await state.claim(transactionKey(tid), markUntil)) !== null) {
        throw new PageError('invalid_request', (t) => t.errors.staleSignIn);
      }
    },
  };
}

const transactionKey = (tid: string): string => `transaction:${tid}`;

function toSealed(request: RequestedAccess | AuthorizationRequest): Omit<Transaction, 'tid' | 'browser'> {
  const { client } = request;
  const [only] = client.connections;
  // Another connection may have taken the place of the one whose servers the page shows.
  const connection = 'servers' in client ? (client.connection ?? only?.id) : undefined;
  return {
    client_id: client.id,
    redirect_uri: request.redirectUri,
    ...(request.state !== undefined && { state: request.state }),
    code_challenge: request.codeChallenge,
    aud: request.resource,
    scope: request.scope,
    ...(connection !== undefined && { connection }),
  };
}

function fromSealed(transaction: Transaction): Omit<RequestedAccess, 'client'> {
  return {
    redirectUri: transaction.redirect_uri,
    state: transaction.state,
    codeChallenge: transaction.code_challenge,
    resource: transaction.aud,
    scope: transaction.scope,
  };
}
