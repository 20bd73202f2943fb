/**
 * Answers browsers that come without a link: the page at `/` says what the server is and how clients are connected; other URLs name the way.
 *
 * Invariant: nothing here depends on who asks, but for the language.
 */
import type { RequestHandler } from 'express';
import type { DefaultConnection } from '../client/client.ts';
import { ACCOUNT_PATH, LANDING_PATH, pathIn } from '../http/paths.ts';
import { isFromMcpClient, prefersPage } from '../http/prefers-page.ts';
import { resourceOf } from '../metadata.ts';
import type { Language } from '../pages/languages/en.ts';
import { type AccountKind, kindOf, type LandingView } from '../pages/views.ts';
import type { OAuthServices } from '../services.ts';
import { clientSteps } from './client-steps.ts';

/** Handles GET `/`; all else there is for the MCP endpoint, and for MCP clients that were given the URL without `/mcp`. */
export function landingHandler(services: OAuthServices): RequestHandler {
  const { issuer, pages, operator } = services;
  const description = {
    name: 'mail-mcp',
    ...(operator.name !== undefined && { operator: operator.name }),
    mcp_url: resourceOf(issuer),
    account_url: issuer + ACCOUNT_PATH,
  };
  return (request, response, next) => {
    if (!['GET', 'HEAD'].includes(request.method) || isFromMcpClient(request)) return next();
    response.vary('Accept');
    if (request.accepts(['html', 'json']) === 'json') return void response.json(description);
    const inLanguage = pages.for(request);
    inLanguage.send(response, 200, inLanguage.landing(landingView(services, inLanguage.t)), { script: 'copy' });
  };
}

/** Handles every URL that does not exist. */
export function notFoundHandler({ issuer, pages }: Pick<OAuthServices, 'issuer' | 'pages'>): RequestHandler {
  const url = resourceOf(issuer);
  const error = { error: 'not_found', error_description: `The URL for MCP clients is ${url}` };
  return (request, response) => {
    response.vary('Accept');
    if (!prefersPage(request)) return void response.status(404).json(error);
    const inLanguage = pages.for(request);
    const { noSuchPage: title, oneAddress: sentence } = inLanguage.t.landing;
    const html = inLanguage.signpost({ title, sentence, url, homeUrl: pathIn(issuer, LANDING_PATH) });
    inLanguage.send(response, 404, html, { script: 'copy' });
  };
}

/** Of several connections that are not all of one kind, mailboxes are named. */
function kindOfAll(connections: readonly DefaultConnection[]): AccountKind {
  const [first = 'mail', ...others] = new Set(connections.map(({ servers }) => kindOf(servers)));
  return others.length > 0 ? 'mail' : first;
}

function landingView({ issuer, clients: { dynamicClients } }: OAuthServices, t: Language): LandingView {
  const url = resourceOf(issuer);
  const all = clientSteps(url, dynamicClients, t);
  const withId = all.filter(({ needsId }) => needsId).length;
  return {
    url,
    host: new URL(issuer).host,
    kind: kindOfAll(dynamicClients?.connections ?? []),
    accountUrl: pathIn(issuer, ACCOUNT_PATH),
    needsId: withId === 0 ? 'none' : withId === all.length ? 'all' : 'some',
    clients: all.map(({ id, title, steps }) => ({ id, title, steps })),
  };
}
