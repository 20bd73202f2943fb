/**
 * Answers browsers that come without a link: the page at `/` says what the server is and how clients are connected; other URLs name the way.
 *
 * Invariant: nothing here depends on who asks.
 */
import type { RequestHandler } from 'express';
import { ACCOUNT_PATH, LANDING_PATH, pathIn } from '../http/paths.ts';
import { isFromMcpClient, prefersPage } from '../http/prefers-page.ts';
import { resourceOf } from '../metadata.ts';
import { ACCOUNT_WORDS, type LandingView } from '../pages/views.ts';
import type { OAuthServices } from '../services.ts';
import { clientSteps } from './client-steps.ts';

/** Handles GET `/`; all else there is for the MCP endpoint, and for MCP clients that were given the URL without `/mcp`. */
export function landingHandler(services: OAuthServices): RequestHandler {
  const { issuer, pages, operator } = services;
  const view = landingView(services);
  const description = {
    name: 'mail-mcp',
    ...(operator.name !== undefined && { operator: operator.name }),
    mcp_url: view.url,
    account_url: issuer + ACCOUNT_PATH,
  };
  return (request, response, next) => {
    if (!['GET', 'HEAD'].includes(request.method) || isFromMcpClient(request)) return next();
    response.vary('Accept');
    if (request.accepts(['html', 'json']) === 'json') return void response.json(description);
    pages.send(response, 200, pages.landing(view), { script: 'copy' });
  };
}

/** Handles every URL that does not exist. */
export function notFoundHandler({ issuer, pages }: Pick<OAuthServices, 'issuer' | 'pages'>): RequestHandler {
  const url = resourceOf(issuer);
  const html = pages.signpost({
    title: 'There is no such page',
    sentence: 'This server is used through an assistant such as Claude or ChatGPT, which needs only one address of it.',
    url,
    homeUrl: pathIn(issuer, LANDING_PATH),
  });
  const error = { error: 'not_found', error_description: `The URL for MCP clients is ${url}` };
  return (request, response) => {
    response.vary('Accept');
    if (prefersPage(request)) return pages.send(response, 404, html, { script: 'copy' });
    response.status(404).json(error);
  };
}

function landingView({ issuer, clients: { dynamicClients } }: OAuthServices): LandingView {
  const url = resourceOf(issuer);
  const all = clientSteps(url, dynamicClients);
  const withId = all.filter(({ needsId }) => needsId).length;
  const service = dynamicClients !== undefined && !('imap' in dynamicClients.connection.servers) ? 'missive' : 'mail';
  return {
    url,
    host: new URL(issuer).host,
    words: ACCOUNT_WORDS[service],
    accountUrl: pathIn(issuer, ACCOUNT_PATH),
    needsId: withId === 0 ? 'none' : withId === all.length ? 'all' : 'some',
    clients: all.map(({ id, title, steps }) => ({ id, title, steps })),
  };
}
