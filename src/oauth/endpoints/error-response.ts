/** Sends an OAuthError: by redirect to the client, as a page to the account owner, as JSON to the client, with a challenge on `/mcp`. */
import type { Request, Response } from 'express';
import type { OAuthError, OAuthErrorCode } from '../../errors.ts';
import { challenge } from '../bearer/bearer.ts';
import { errorDescription } from '../http/error-description.ts';
import {
  ACCOUNT_PATH,
  ADMIN_PATH,
  AUTHORIZE_PATHS,
  isUpstreamCallback,
  LANDING_PATH,
  MCP_PATHS,
  pathIn,
  REGISTRATION_PATHS,
  REVOCATION_PATHS,
  TOKEN_PATHS,
} from '../http/paths.ts';
import { prefersPage } from '../http/prefers-page.ts';
import { redirectHost, withParameters } from '../http/redirect-uri.ts';
import { resourceOf } from '../metadata.ts';
import { PageError } from '../pages/page-error.ts';
import type { PagesInLanguage } from '../pages/pages.ts';
import type { ErrorView } from '../pages/views.ts';
import type { OAuthServices } from '../services.ts';
import { redirectToClient } from './redirect.ts';

/** RFC 6749 §5.2; RFC 6750 §3.1. */
const STATUSES: Record<OAuthErrorCode, number> = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  access_denied: 400,
  server_error: 500,
  temporarily_unavailable: 503,
  invalid_token: 401,
  insufficient_scope: 403,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
};

/** @returns the part of the app's error handler that responds to OAuthErrors; it logs nothing */
export function createErrorResponse({ issuer, pages }: Pick<OAuthServices, 'issuer' | 'pages'>) {
  return function respond(error: OAuthError, request: Request, response: Response): void {
    const { code, message, redirect, wait } = error;
    if (wait) response.set('Retry-After', String(wait.seconds));
    // The rest of a body that does not arrive would be taken for the next request.
    if (error.status === 408) response.set('Connection', 'close');
    if (redirect) {
      const { uri, state, needsConfirmation } = redirect;
      const parameters = { error: code, error_description: errorDescription(message), state, iss: issuer };
      if (needsConfirmation)
        sendPage(error, response, pages.for(request), {
          url: withParameters(uri, parameters),
          name: redirectHost(uri),
        });
      else redirectToClient(response, uri, parameters);
    } else if (AUTHORIZE_PATHS.includes(request.path) || isUpstreamCallback(request.path))
      sendPage(error, response, pages.for(request));
    else if (request.path === ACCOUNT_PATH)
      sendAccountPage(error, response, pages.for(request), pathIn(issuer, ACCOUNT_PATH));
    else if (request.path === ADMIN_PATH) sendAdminPage(error, response, pages.inEnglish);
    else {
      setChallenge(error, request, response, issuer);
      if (MCP_PATHS.includes(request.path) && prefersPage(request))
        sendSignpost(error, response, pages.for(request), issuer);
      else sendJson(error, response);
    }
  };
}

const statusOf = ({ code, wait, status }: OAuthError): number => wait?.status ?? status ?? STATUSES[code];

/** The status of a page: that of the error if it says more than 400. */
const pageStatusOf = (error: OAuthError): number =>
  error.wait?.status ?? error.status ?? (statusOf(error) >= 500 ? statusOf(error) : 400);

/** What a page says of an error. */
type Said = Pick<ErrorView, 'title' | 'advice' | 'next'>;

function showError(error: OAuthError, response: Response, pages: PagesInLanguage, said: Said): void {
  const isTranslated = error instanceof PageError;
  const html = pages.error({
    ...said,
    sentence: isTranslated ? error.sentence(pages.t) : error.message,
    isInEnglish: !isTranslated && pages.t.code !== 'en',
    code: error.code,
  });
  pages.send(response, pageStatusOf(error), html);
}

/**
 * Sends the error to the account owner: until the redirect URI is validated, it cannot be sent to the client.
 *
 * @param next link that sends the error to the client, if the account owner follows it
 */
function sendPage(error: OAuthError, response: Response, pages: PagesInLanguage, next?: ErrorView['next']): void {
  const { errors } = pages.t;
  const isOurs = pageStatusOf(error) >= 500;
  const title = isOurs ? errors.ourFault : errors.cannotGoOn;
  const advice = isOurs || error.wait ? errors.sentNothingTryAgain : errors.sentNothingStartAgain;
  showError(error, response, pages, { title, advice, next });
}

/** Sends an error of `/account` to the account owner. */
function sendAccountPage(error: OAuthError, response: Response, pages: PagesInLanguage, start: string): void {
  const { errors } = pages.t;
  const isOurs = pageStatusOf(error) >= 500;
  const title = isOurs ? errors.ourFault : errors.signInAgain;
  const advice = isOurs ? errors.nothingTakenBackTryAgain : errors.nothingTakenBackSignIn;
  showError(error, response, pages, { title, advice, next: { url: start, name: errors.theStart } });
}

/** Sends an error of `/admin` to the operator. */
function sendAdminPage(error: OAuthError, response: Response, pages: PagesInLanguage): void {
  const isOurs = pageStatusOf(error) >= 500;
  showError(error, response, pages, {
    title: isOurs ? pages.t.errors.ourFault : 'This form cannot be read',
    advice: `Nothing was minted. ${isOurs ? 'Go back and try again in a minute.' : 'Go back and correct it.'}`,
    next: { url: ADMIN_PATH, name: 'the start' },
  });
}

/** Names the way to a person who has opened the URL for clients in a browser. The status and the challenge are those of every client. */
function sendSignpost(error: OAuthError, response: Response, pages: PagesInLanguage, issuer: string): void {
  const { landing } = pages.t;
  const html = pages.signpost({
    title: landing.forAssistant,
    sentence: landing.nothingInBrowser,
    url: resourceOf(issuer),
    homeUrl: pathIn(issuer, LANDING_PATH),
  });
  pages.send(response, statusOf(error), html, { script: 'copy' });
}

function setChallenge(error: OAuthError, request: Request, response: Response, issuer: string): void {
  const { code } = error;
  const status = statusOf(error);
  if (status >= 500 || status === 429) {
    // Another token or secret would not help.
  } else if (REGISTRATION_PATHS.includes(request.path)) {
    // Registration needs no authentication.
  } else if (![...TOKEN_PATHS, ...REVOCATION_PATHS].includes(request.path)) {
    response.set('WWW-Authenticate', challenge(request, error, issuer));
  } else if (code === 'invalid_client' && request.headers.authorization !== undefined) {
    // Only for clients that used the header (RFC 6749 §5.2).
    response.set('WWW-Authenticate', 'Basic realm="mail-mcp"');
  }
}

function sendJson(error: OAuthError, response: Response): void {
  response.set('Cache-Control', 'no-store');
  response.status(statusOf(error)).json({ error: error.code, error_description: errorDescription(error.message) });
}
