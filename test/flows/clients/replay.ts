/** Replays the requests of a client from its first 401 to a tool call, a refresh, and another call. */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../src/mail/account.ts';
import { challengeOf } from '../../../src/oauth/http/pkce.ts';
import { openForm } from '../../support/app/person.ts';
import { type Registration, signInFields } from '../../support/app/start-app.ts';
import type { Conversation } from './conversations.ts';
import { type Headers, type Reply, type Send, send, sendFrom } from './wire.ts';

/** A registration request (RFC 7591 §2). */
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

/** What a client has discovered before it opens the sign-in page. */
export interface Discovered {
  resource: string;
  /** `scopes_supported` of the protected resource, in one string. */
  scopes: string;
  /** `scope` of the challenge in the 401. */
  challengeScope: string;
}

/** One way in which a client signs in and calls a tool. */
export interface Flow {
  /** What distinguishes it from other clients. */
  title: string;
  redirectUri: string;
  /** Where it finds the endpoints: in the metadata by default; `root`: at the root of the origin. */
  endpoints?: 'root';
  /** How it sends its secret; absent for a public client. */
  secret?: 'post' | 'basic';
  /** Additional parameters of the authorization request. */
  asks?(discovered: Discovered): Record<string, string>;
  /** Whether the token requests have `resource`, as the authorization request does. */
  namesResource?: boolean;
  state?: string;
  /** The origin, for clients that are web pages. */
  page?: string;
  userAgent?: string;
  /** Whether it sends two refresh requests at the same time. */
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

/** Registers a dynamic client (RFC 7591 §3.1). */
export async function register(origin: string, flow: Flow, request: NewClient): Promise<Registration> {
  const sendAsClient = senderOf(flow);
  const { metadata } = await discover(`${origin}/mcp`, sendAsClient);
  const endpoint = flow.endpoints === 'root' ? `${origin}/register` : metadata.registration_endpoint;
  const json = { 'content-type': 'application/json', accept: 'application/json' };
  const { status, body } = await sendAsClient('POST', endpoint ?? '', json, JSON.stringify(request));
  expect(status, body).toBe(201);
  const registered = Registered.parse(JSON.parse(body));
  expect(registered).toMatchObject({
    redirect_uris: request.redirect_uris,
    token_endpoint_auth_method: request.token_endpoint_auth_method,
  });
  return registered;
}

/** @returns the mailboxes that the tool returned, before and after the refresh */
export async function replay(
  origin: string,
  account: MailAccount,
  client: Registration,
  flow: Flow,
): Promise<string[][]> {
  const sendAsClient = senderOf(flow);
  const url = `${origin}/mcp`;
  const { discovered, metadata } = await discover(url, sendAsClient);
  const endpoints = {
    authorize: flow.endpoints === 'root' ? `${origin}/authorize` : metadata.authorization_endpoint,
    token: flow.endpoints === 'root' ? `${origin}/token` : metadata.token_endpoint,
  };
  const verifier = randomBytes(32).toString('base64url');
  const { code } = await authorize(endpoints.authorize, account, {
    ...flow.asks?.(discovered),
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: flow.redirectUri,
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    state: flow.state ?? randomBytes(16).toString('hex'),
    iss: metadata.issuer,
  });
  const tokenClient: TokenClient = {
    endpoint: endpoints.token,
    registration: client,
    secret: flow.secret,
    send: sendAsClient,
  };
  const ask = (form: Record<string, string>) =>
    requestTokens(tokenClient, { ...form, ...(flow.namesResource && { resource: discovered.resource }) });
  const first = await ask({
    grant_type: 'authorization_code',
    code,
    redirect_uri: flow.redirectUri,
    code_verifier: verifier,
  });
  const before = await flow.conversation({ url, token: first.access_token, send: sendAsClient });
  const refresh = () => ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  const [second] = await Promise.all(flow.refreshesTwice ? [refresh(), refresh()] : [refresh()]);
  return [before, await flow.conversation({ url, token: second.access_token, send: sendAsClient })];
}

function senderOf({ page, userAgent }: Flow): Send {
  const sendAsClient = page === undefined ? send : sendFrom(page);
  if (userAgent === undefined) return sendAsClient;
  return (method, url, headers, body) => sendAsClient(method, url, { ...headers, 'user-agent': userAgent }, body);
}

/** RFC 9728 §5.1 and RFC 8414 §3. */
async function discover(url: string, sendAsClient: Send) {
  const refused = await sendAsClient('POST', url, { 'content-type': 'application/json' }, '{}');
  expect(refused.status).toBe(401);
  const challenge = refused.headers['www-authenticate'] ?? '';
  const [, resourceMetadata = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
  const resource = ProtectedResource.parse(await readJson(sendAsClient, resourceMetadata));
  const [issuer] = resource.authorization_servers;
  const metadata = Metadata.parse(await readJson(sendAsClient, `${issuer}/.well-known/oauth-authorization-server`));
  expect(metadata.issuer).toBe(issuer);
  const discovered: Discovered = {
    resource: resource.resource,
    scopes: resource.scopes_supported.join(' '),
    challengeScope: /scope="([^"]+)"/.exec(challenge)?.[1] ?? '',
  };
  return { discovered, metadata };
}

async function readJson(sendAsClient: Send, url: string): Promise<unknown> {
  const { status, body } = await sendAsClient('GET', url, { 'mcp-protocol-version': '2025-11-25' });
  expect(status).toBe(200);
  return JSON.parse(body);
}

/** Opens the sign-in page, submits it, and checks the redirect to the client. */
async function authorize(
  endpoint: string,
  account: MailAccount,
  sent: Record<string, string>,
): Promise<{ code: string }> {
  const { iss, ...parameters } = sent;
  const form = await openForm(new URL(`${endpoint}?${new URLSearchParams(parameters)}`));
  const { location = '', callback, html } = await form.submit(signInFields(account));
  expect(location.split('?')[0], html).toBe(sent.redirect_uri);
  expect(callback?.getAll('state')).toEqual([sent.state]);
  expect(callback?.getAll('iss')).toEqual([iss]);
  return { code: callback?.get('code') ?? '' };
}

/** How a client sends token requests. */
interface TokenClient {
  secret: Flow['secret'] | undefined;
  endpoint: string;
  registration: Registration;
  send: Send;
}

async function requestTokens(
  { endpoint, registration: { client_id, client_secret = '' }, secret, send: sendAsClient }: TokenClient,
  form: Record<string, string>,
): Promise<z.output<typeof Tokens>> {
  const body = new URLSearchParams({
    ...form,
    ...(secret !== 'basic' && { client_id }),
    ...(secret === 'post' && { client_secret }),
  });
  const basic: Headers = { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` };
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const reply: Reply = await sendAsClient(
    'POST',
    endpoint,
    { ...headers, ...(secret === 'basic' && basic) },
    `${body}`,
  );
  expect(reply.status, reply.body).toBe(200);
  return Tokens.parse(JSON.parse(reply.body));
}
