/** Goes with the requests of a client from its first 401 to a tool call, and refreshes the tokens at the end. */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../src/mail/account.ts';
import { challengeOf } from '../../../src/oauth/http/pkce.ts';
import { openForm } from '../../support/app/person.ts';
import { type Registration, signInFields } from '../../support/app/start-app.ts';
import type { Conversation } from './conversations.ts';
import { type Headers, type Reply, type Send, send, sendFrom } from './wire.ts';

/** What a client says about itself when it registers. */
export interface NewClient {
  client_name: string;
  redirect_uris: string[];
  grant_types: string[];
  response_types: string[];
  token_endpoint_auth_method: string;
  client_uri?: string;
  application_type?: string;
  scope?: string;
  software_id?: string;
  software_version?: string;
}

/** What a client has found out when it sends the person to the form. */
export interface Discovered {
  resource: string;
  /** Of the protected resource, in one string. */
  scopes: string;
  /** Of the 401. */
  challengeScope: string;
}

/** One way in which a client signs in and works. */
export interface Flow {
  /** What is special about it. */
  title: string;
  redirectUri: string;
  /** Where it looks for the endpoints: in the metadata, or at the root of the origin, whatever the metadata says. */
  endpoints?: 'root';
  /** How it sends its secret; without one it is a public client. */
  secret?: 'post' | 'basic';
  /** Parameters of the authorization request beside those that all send. */
  asks?(discovered: Discovered): Record<string, string>;
  /** Whether the token requests name the resource, as the authorization request does. */
  namesResource?: boolean;
  state?: string;
  /** The origin of the page that the client is, for clients that are pages. */
  page?: string;
  userAgent?: string;
  /** Two places of it refresh the same grant at the same time. */
  refreshesTwice?: boolean;
  conversation: Conversation;
}

const Metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  registration_endpoint: z.string().optional(),
  authorization_response_iss_parameter_supported: z.literal(true),
});

const Registered = z.looseObject({ client_id: z.string(), client_secret: z.string().optional() });

const ProtectedResource = z.object({
  resource: z.string(),
  authorization_servers: z.tuple([z.string()]),
  scopes_supported: z.array(z.string()),
});

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string(), token_type: z.literal('Bearer') });

/** How a client that nobody minted comes by its registration (RFC 7591 §3.1). */
export async function register(origin: string, flow: Flow, request: NewClient): Promise<Registration> {
  const speak = speakerOf(flow);
  const { metadata } = await discover(`${origin}/mcp`, speak);
  const endpoint = flow.endpoints === 'root' ? `${origin}/register` : metadata.registration_endpoint;
  const json = { 'content-type': 'application/json', accept: 'application/json' };
  const { status, body } = await speak('POST', endpoint ?? '', json, JSON.stringify(request));
  expect(status, body).toBe(201);
  const registered = Registered.parse(JSON.parse(body));
  expect(registered).toMatchObject({
    redirect_uris: request.redirect_uris,
    token_endpoint_auth_method: request.token_endpoint_auth_method,
  });
  return registered;
}

/** @returns the mailboxes that the tool told, before and after the refresh */
export async function replay(origin: string, who: MailAccount, client: Registration, flow: Flow): Promise<string[][]> {
  const speak = speakerOf(flow);
  const url = `${origin}/mcp`;
  const { discovered, metadata } = await discover(url, speak);
  const endpoints = {
    authorize: flow.endpoints === 'root' ? `${origin}/authorize` : metadata.authorization_endpoint,
    token: flow.endpoints === 'root' ? `${origin}/token` : metadata.token_endpoint,
  };
  const verifier = randomBytes(32).toString('base64url');
  const { code } = await authorize(endpoints.authorize, who, {
    ...flow.asks?.(discovered),
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: flow.redirectUri,
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    state: flow.state ?? randomBytes(16).toString('hex'),
    iss: metadata.issuer,
  });
  const ask = (form: Record<string, string>) =>
    requestTokens(speak, endpoints.token, client, flow, {
      ...form,
      ...(flow.namesResource && { resource: discovered.resource }),
    });
  const first = await ask({
    grant_type: 'authorization_code',
    code,
    redirect_uri: flow.redirectUri,
    code_verifier: verifier,
  });
  const before = await flow.conversation({ url, token: first.access_token, send: speak });
  const refresh = () => ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  const [second] = await Promise.all(flow.refreshesTwice ? [refresh(), refresh()] : [refresh()]);
  return [before, await flow.conversation({ url, token: second.access_token, send: speak })];
}

function speakerOf({ page, userAgent }: Flow): Send {
  const speak = page === undefined ? send : sendFrom(page);
  if (userAgent === undefined) return speak;
  return (method, url, headers, body) => speak(method, url, { ...headers, 'user-agent': userAgent }, body);
}

/** RFC 9728 §5.1 and RFC 8414 §3. */
async function discover(url: string, speak: Send) {
  const refused = await speak('POST', url, { 'content-type': 'application/json' }, '{}');
  expect(refused.status).toBe(401);
  const challenge = refused.headers['www-authenticate'] ?? '';
  const [, resourceMetadata = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
  const resource = ProtectedResource.parse(await readJson(speak, resourceMetadata));
  const [issuer] = resource.authorization_servers;
  const metadata = Metadata.parse(await readJson(speak, `${issuer}/.well-known/oauth-authorization-server`));
  expect(metadata.issuer).toBe(issuer);
  const discovered: Discovered = {
    resource: resource.resource,
    scopes: resource.scopes_supported.join(' '),
    challengeScope: /scope="([^"]+)"/.exec(challenge)?.[1] ?? '',
  };
  return { discovered, metadata };
}

async function readJson(speak: Send, url: string): Promise<unknown> {
  const { status, body } = await speak('GET', url, { 'mcp-protocol-version': '2025-11-25' });
  expect(status).toBe(200);
  return JSON.parse(body);
}

/** The person's browser: opens the form, fills it in, and is sent to where the client listens. */
async function authorize(endpoint: string, who: MailAccount, sent: Record<string, string>): Promise<{ code: string }> {
  const { iss, ...parameters } = sent;
  const form = await openForm(new URL(`${endpoint}?${new URLSearchParams(parameters)}`));
  const { location = '', callback, html } = await form.submit(signInFields(who));
  expect(location.split('?')[0], html).toBe(sent.redirect_uri);
  expect(callback?.getAll('state')).toEqual([sent.state]);
  expect(callback?.getAll('iss')).toEqual([iss]);
  return { code: callback?.get('code') ?? '' };
}

async function requestTokens(
  speak: Send,
  endpoint: string,
  { client_id, client_secret = '' }: Registration,
  { secret }: Flow,
  form: Record<string, string>,
): Promise<z.output<typeof Tokens>> {
  const body = new URLSearchParams({
    ...form,
    ...(secret !== 'basic' && { client_id }),
    ...(secret === 'post' && { client_secret }),
  });
  const basic: Headers = { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` };
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const reply: Reply = await speak('POST', endpoint, { ...headers, ...(secret === 'basic' && basic) }, `${body}`);
  expect(reply.status, reply.body).toBe(200);
  return Tokens.parse(JSON.parse(reply.body));
}
