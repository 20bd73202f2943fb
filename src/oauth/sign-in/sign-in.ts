/**
 * Signs account owners in: shows the sign-in page, binds it to one browser, and checks the credentials that were typed.
 *
 * Invariant: an attempt is counted before a mail server is asked.
 */
import type { Request, Response } from 'express';
import type { DefaultConnection } from '../client/client.ts';
import { formActionSources } from '../http/redirect-uri.ts';
import type { AccountFormView } from '../pages/views.ts';
import type { OAuthServices } from '../services.ts';
import { type BrowserBinding, createBrowserBinding } from './browser-binding.ts';
import { type CheckCredentials, createCredentialsCheck } from './credentials-check.ts';
import { createRememberedChoices, type RememberedChoices } from './remembered-choices.ts';
import {
  type AccountSignInPage,
  type AddressContent,
  type AddressPage,
  accountAddressView,
  accountSignInView,
  addressView,
  type PageContent,
  type SignInContent,
  type SignInPage,
  signInView,
} from './sign-in-page.ts';

export interface SignIn {
  bindBrowser: BrowserBinding['bind'];
  isFromOurPage(request: Request, cookieHash: string): boolean;
  isSameBrowser(request: Request, cookieHash: string): boolean;
  /** Sends the sign-in page of `/oauth/authorize`: status 429 and `Retry-After` after too many attempts, else 200. */
  showPage(request: Request, response: Response, page: SignInPage, content: SignInContent): void;
  /** Sends the page before it, which asks for the address. */
  showAddressPage(request: Request, response: Response, page: AddressPage, content: AddressContent): void;
  /** Sends the page of `/account` that asks for the address. */
  showAccountAddressPage(
    request: Request,
    response: Response,
    connections: readonly DefaultConnection[],
    content: AddressContent,
  ): void;
  /** Sends the sign-in page of `/account`, with the same statuses. */
  showAccountPage(
    request: Request,
    response: Response,
    page: AccountSignInPage,
    content: PageContent<AccountFormView>,
  ): void;
  checkCredentials: CheckCredentials;
  firstChoices: RememberedChoices['firstChoices'];
  keepChoices: RememberedChoices['keep'];
}

export type { AddressContent, PageContent, SignInContent };

export function createSignIn(services: OAuthServices): SignIn {
  const { issuer, pages } = services;
  const binding = createBrowserBinding(issuer);
  const remembered = createRememberedChoices(services);

  return {
    bindBrowser: binding.bind,
    isFromOurPage: binding.isFromOurPage,
    isSameBrowser: binding.isSameBrowser,
    showPage(request, response, page, content) {
      const inLanguage = pages.for(request);
      const status = setRetryAfter(response, content);
      const view = signInView(page, content, issuer, inLanguage.t);
      const formAction = [
        ...formActionSources(page.redirectUri),
        ...(page.providerOrigin ? [page.providerOrigin] : []),
      ];
      inLanguage.send(response, status, inLanguage.signIn(view), { formAction, script: 'reader' });
    },
    showAddressPage(request, response, page, content) {
      const inLanguage = pages.for(request);
      const html = inLanguage.signInAddress(addressView(page, content, issuer, inLanguage.t));
      inLanguage.send(response, 200, html, { formAction: formActionSources(page.redirectUri) });
    },
    showAccountAddressPage(request, response, connections, content) {
      const inLanguage = pages.for(request);
      const html = inLanguage.accountAddress(accountAddressView(connections, content, issuer, inLanguage.t));
      inLanguage.send(response, 200, html, { formAction: [] });
    },
    showAccountPage(request, response, page, content) {
      const inLanguage = pages.for(request);
      const status = setRetryAfter(response, content);
      const formAction = page.providerOrigin ? [page.providerOrigin] : [];
      const html = inLanguage.accountSignIn(accountSignInView(page, content, issuer, inLanguage.t));
      inLanguage.send(response, status, html, { formAction, script: 'reader' });
    },
    checkCredentials: createCredentialsCheck(services, remembered),
    firstChoices: remembered.firstChoices,
    keepChoices: remembered.keep,
  };
}

function setRetryAfter(response: Response, { retryAfterSeconds }: { retryAfterSeconds?: number }): number {
  if (retryAfterSeconds === undefined) return 200;
  response.set('Retry-After', String(retryAfterSeconds));
  return 429;
}
