/** Authenticates a client (RFC 6749 §2.3): by HTTP Basic, by parameters in the body, or without a secret if it is a public client. */
import type { Request } from 'express';
import { OAuthError } from '../../errors.ts';
import type { RequestingClient } from '../client/client.ts';
import type { Clients } from '../client/clients.ts';
import { equalsInConstantTime, sha256 } from '../http/constant-time.ts';
import type { Parameters } from '../http/parameters.ts';

interface ClientCredentials {
  clientId: string;
  clientSecret: string | undefined;
}

/** A client as a request names it, before its secret is checked. */
export interface PresentedClient {
  client: RequestingClient;
  clientSecret: string | undefined;
}

/** @throws {OAuthError} `invalid_client` if the client is unknown; `invalid_request` if the request uses two methods at once */
export async function findClient(request: Request, form: Parameters, clients: Clients): Promise<PresentedClient> {
  // An unsupported method must not be taken for no authentication (RFC 7521 §4.2).
  if (form.get('client_assertion')) throw new OAuthError('invalid_client', 'Client assertions are not supported.');
  const { clientId, clientSecret } = presentedCredentials(request, form);
  return { client: await clients.resolve(clientId, request.ip), clientSecret };
}

/** @throws {OAuthError} `invalid_client` if the secret is missing or wrong */
export function authenticateClient({ client, clientSecret }: PresentedClient): RequestingClient {
  if (client.secretHash === null) {
    if (clientSecret !== undefined) throw new OAuthError('invalid_client', 'This client has no secret; send none.');
    return client;
  }
  if (clientSecret === undefined) throw new OAuthError('invalid_client', 'The client secret is missing.');
  if (!equalsInConstantTime(sha256(clientSecret), client.secretHash)) {
    throw new OAuthError('invalid_client', 'The client secret is wrong.');
  }
  return client;
}

function presentedCredentials(request: Request, form: Parameters): ClientCredentials {
  const { authorization } = request.headers;
  const clientId = form.get('client_id');
  const clientSecret = form.get('client_secret');
  if (authorization === undefined) {
    if (!clientId) throw new OAuthError('invalid_client', 'client_id is missing.');
    return { clientId, clientSecret };
  }
  const basic = basicCredentials(authorization);
  if (clientSecret !== undefined) {
    throw new OAuthError('invalid_request', 'The client authenticates in the header and in the body; use one.');
  }
  if (clientId !== undefined && clientId !== basic.clientId) {
    throw new OAuthError('invalid_request', 'The header and the body name different clients.');
  }
  return basic;
}

function basicCredentials(authorization: string): ClientCredentials {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  if (encoded === '' || id === '' || rest.length === 0) {
    throw new OAuthError('invalid_client', 'The Authorization header is not HTTP Basic with client_id and secret.');
  }
  return { clientId: decodeFormValue(id), clientSecret: decodeFormValue(rest.join(':')) || undefined };
}

/** Both parts are form-encoded before Base64 (RFC 6749 §2.3.1); ids and secrets of this server contain nothing that encoding changes. */
function decodeFormValue(text: string): string {
  return new URLSearchParams(`v=${text.replaceAll('&', '%26')}`).get('v') ?? '';
}
