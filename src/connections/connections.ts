/**
 * Finds the connection that a request names, by host or path.
 *
 * Invariant: what one connection grants is refused at every other.
 */
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { DefaultConnection } from '../oauth/client/client.ts';
import type { Clients } from '../oauth/client/clients.ts';
import { addressBlock } from '../oauth/http/address-block.ts';
import { createAddressCounts } from '../oauth/http/address-counts.ts';
import { CONNECTION_PREFIX, isUpstreamCallback } from '../oauth/http/paths.ts';
import type { OAuthServices } from '../oauth/services.ts';
import { leftConnection } from '../oauth/upstream/pieces.ts';
import type { Upstream } from '../oauth/upstream/upstream.ts';

/** The connections beside the default one. */
export interface ConnectionSettings {
  /** By host, as in URLs. */
  byHost: ReadonlyMap<string, DefaultConnection>;
  /** @throws if it is not a sealed connection of this server; one that has ended is returned */
  unseal(sealed: string): Promise<DefaultConnection>;
  /** @returns the clients whose servers and limits are those of the connection */
  clientsOf(connection: DefaultConnection): Clients;
  /** @param issuer whose callback the providers know */
  upstreamOf(issuer: string): Upstream;
}

/** A connection with its routes. */
interface Place {
  connection: DefaultConnection;
  clients: Clients;
  routes: RequestHandler;
}

type Services = Pick<OAuthServices, 'issuer' | 'now'>;

/** What differs from the services of the default connection. */
export type OfConnection = Pick<OAuthServices, 'issuer' | 'clients'> & { upstream?: Upstream };

/** Connections in paths whose routes are kept; a further one replaces the one that was used least recently. */
const MAX_PLACES = 100;

/** Texts in the place of a connection that one network may send in a minute; each of them costs an attempt to decrypt it. */
const MAX_UNKNOWN_PER_MINUTE = 60;

const UNKNOWN = 'There is no such connection. Ask the operator of this server for the URL.';
const ENDED = 'This connection has ended. Ask the operator of this server for another URL.';
const TOO_MANY = 'Too many requests for connections that do not exist. Try again in a minute.';

/**
 * @param routesOf makes the routes of a connection, which answer every request
 * @returns a handler that passes on the requests for the default connection
 */
export function connectionHandler(
  services: Services,
  settings: ConnectionSettings,
  routesOf: (own: OfConnection) => RequestHandler,
): RequestHandler {
  const { origin, protocol } = new URL(services.issuer);
  const unknown = createAddressCounts(services.now, MAX_UNKNOWN_PER_MINUTE);
  const toPlace = (connection: DefaultConnection, own: Omit<OfConnection, 'clients'>): Place => {
    const clients = settings.clientsOf(connection);
    return { connection, clients, routes: routesOf({ ...own, clients }) };
  };
  const byPath = createPlaceCache(async (sealed) => {
    const connection = await settings.unseal(sealed).catch(() => undefined);
    return connection && toPlace(connection, { issuer: origin + CONNECTION_PREFIX + sealed });
  });
  const byHost = new Map(
    [...settings.byHost].map(([host, connection]) => {
      const issuer = `${protocol}//${host}`;
      return [host, toPlace(connection, { issuer, upstream: settings.upstreamOf(issuer) })];
    }),
  );

  async function placeIn(request: Request, sealed: string): Promise<Place | 404 | 429> {
    const block = addressBlock(request.ip);
    if (!byPath.has(sealed) && unknown.isFull(block)) return 429;
    const place = await byPath.get(sealed);
    if (place !== undefined) return place;
    unknown.add(block);
    return 404;
  }

  return async (request, response, next) => {
    const ofHost = byHost.get(hostOf(request, protocol));
    const named = ofHost === undefined ? connectionIn(request, services.issuer) : undefined;
    const place = named === undefined ? ofHost : await placeIn(request, named.sealed);
    if (place === undefined) return next();
    if (place === 404) return refuse(response, 404, UNKNOWN);
    if (place === 429) return refuse(response, 429, TOO_MANY);
    if (hasEnded(place, services.now())) return refuse(response, 404, ENDED);
    request.url = named?.url ?? request.url;
    await place.routes(request, response, next);
  };
}

function hasEnded({ connection: { id, expiresAt }, clients }: Place, now: Date): boolean {
  return (expiresAt !== null && expiresAt <= now) || (id !== undefined && clients.isDeniedBySettings(id));
}

/** Keeps the places that were used last. */
function createPlaceCache(make: (sealed: string) => Promise<Place | undefined>) {
  /** In the order of their last use. */
  const places = new Map<string, Place>();
  return {
    has: (sealed: string): boolean => places.has(sealed),
    async get(sealed: string): Promise<Place | undefined> {
      const place = places.get(sealed) ?? (await make(sealed));
      if (place === undefined) return undefined;
      places.delete(sealed);
      places.set(sealed, place);
      for (const [oldest] of places) if (places.size > MAX_PLACES) places.delete(oldest);
      return place;
    },
  };
}

function refuse(response: Response, status: 404 | 429, sentence: string): void {
  if (status === 429) response.set('Retry-After', '60');
  response
    .status(status)
    .json({ error: status === 429 ? 'too_many_requests' : 'not_found', error_description: sentence });
}

/** Hosts are case-insensitive, and a proxy may add the default port (RFC 9110 §4.2.3). */
function hostOf({ headers }: IncomingMessage, protocol: string): string {
  return (headers.host ?? '').toLowerCase().replace(protocol === 'https:' ? /:443$/ : /:80$/, '');
}

/** At most the length of a sealed connection, and its characters. */
const SEALED = '([\\w.-]{1,4000})';

/** The metadata documents have the path of their issuer or resource behind their own (RFC 8414 §3.1, RFC 9728 §3.1). */
const METADATA = new RegExp(
  `^(/\\.well-known/(?:oauth-protected-resource|oauth-authorization-server|openid-configuration))/c/${SEALED}((?:[/?].*)?)$`,
);
const ENDPOINT = new RegExp(`^/c/${SEALED}((?:[/?].*)?)$`);

/** @returns the connection that the URL names, and the URL without it */
function connectionIn(request: Request, issuer: string): { sealed: string; url: string } | undefined {
  const { url } = request;
  const [, document = '', ofDocument, afterDocument = ''] = METADATA.exec(url) ?? [];
  if (ofDocument !== undefined) return { sealed: ofDocument, url: document + afterDocument };
  const [, sealed, rest = ''] = ENDPOINT.exec(url) ?? [];
  if (sealed !== undefined) return { sealed, url: rest.startsWith('/') ? rest : `/${rest}` };
  // A provider knows one callback for all connections of a host.
  const left = isUpstreamCallback(request.path) ? leftConnection(request, issuer) : undefined;
  return left === undefined ? undefined : { sealed: left, url };
}
