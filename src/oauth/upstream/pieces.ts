/**
 * Keeps a sealed value in cookies of the browser, in pieces that fit: for sign-ins at a provider, whose response comes from another site
 * (RFC 6265bis §8.8.2, SameSite=Lax).
 */
import type { Request, Response } from 'express';
import { sha256 } from '../http/constant-time.ts';
import { cookieOf, ownCookieName } from '../http/cookies.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import { basePathOf, CONNECTION_PREFIX } from '../http/paths.ts';

export interface CookiePieces {
  /** @returns the value that finds the pieces again: a hash of the sealed value */
  put(request: Request, response: Response, sealed: string): string;
  /** @returns `undefined` if this browser does not have all pieces of the value with this hash */
  take(request: Request, response: Response, hash: string): string | undefined;
}

/** Browsers keep 4,096 bytes of name, value and attributes. */
const PIECE_CHARS = 3_800;

/** Of all values together, below what proxies accept in a header; older ones are then removed. */
const MAX_CHARS = 14_500;

/** Of all pages that leave for a provider, so that they see the older values: `/account`, and those of connections in paths. */
const PATH = '/';

const prefixAt = (issuer: string): string => ownCookieName('mail-mcp-up-', issuer);

/** The cookie that names the connection whose page was left. It only chooses who reads the pieces. */
const connectionCookie = (prefix: string, hash: string): string => `${prefix}${hash.slice(0, 16)}-c`;

/**
 * @param issuer of this server
 * @returns the connection, in the path of its issuer, that this browser has left for a provider; for the callback that all of them share
 */
export function leftConnection(request: Request, issuer: string): string | undefined {
  const state = parseParameters(queryOf(request)).get('state');
  return state === undefined ? undefined : cookieOf(request, connectionCookie(prefixAt(issuer), state));
}

export function createCookiePieces(issuer: string): CookiePieces {
  const secure = issuer.startsWith('https:');
  const prefix = prefixAt(issuer);
  const connection = basePathOf(issuer).slice(CONNECTION_PREFIX.length);
  const options = { httpOnly: true, secure, sameSite: 'lax' as const, path: PATH };

  const piecesOf = (request: Request): [name: string, value: string][] =>
    (request.headers.cookie ?? '')
      .split('; ')
      .filter((pair) => pair.startsWith(prefix))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);

  const nameOf = (hash: string, index: number) => `${prefix}${hash.slice(0, 16)}-${index}`;

  return {
    put(request, response, sealed) {
      const hash = sha256(sealed);
      const others = piecesOf(request);
      const length = others.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
      if (length + sealed.length + connection.length > MAX_CHARS)
        for (const [name] of others) response.clearCookie(name, options);
      for (let index = 0; index * PIECE_CHARS < sealed.length; index++) {
        const piece = sealed.slice(index * PIECE_CHARS, (index + 1) * PIECE_CHARS);
        response.cookie(nameOf(hash, index), piece, { ...options, maxAge: 600_000 });
      }
      if (connection !== '') {
        response.cookie(connectionCookie(prefix, hash), connection, { ...options, maxAge: 600_000 });
      }
      return hash;
    },
    take(request, response, hash) {
      const known = new Map(piecesOf(request));
      let sealed = '';
      if (connection !== '') response.clearCookie(connectionCookie(prefix, hash), options);
      for (let index = 0; known.has(nameOf(hash, index)); index++) {
        sealed += known.get(nameOf(hash, index));
        response.clearCookie(nameOf(hash, index), options);
      }
      return sealed !== '' && sha256(sealed) === hash ? sealed : undefined;
    },
  };
}
