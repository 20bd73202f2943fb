/** Replays the requests of a client from its first request to a tool call, a refresh, and another call. */
import { randomBytes } from 'node:crypto';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../src/mail/account.ts';
import { challengeOf } from '../../../src/oauth/http/pkce.ts';
import { type FormFields, openForm } from '../../support/app/person.ts';
import { type Registration, signInFields } from '../../support/app/start-app.ts';
import type { Conversation } from './conversations.ts';
import { type Headers, type Reply, type Send, send, sendFrom } from './wire.ts';

/** A registration request, or a client metadata document (RFC 7591 §2), with all that the client sends. */
export interface NewClient {
  client_name: string;
  redirect_uris: string[];
  token_endpoint_auth_method?: string | null;
  [field: string]: unknown;
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
  /** The path of the URL that it was given; by default `/mcp`. */
  path?: '/';
  /** Its first request without a token: a POST by default; `get`: a GET; `metadata`: none, it knows where the metadata is. */
  startsWith?: 'get' | 'metadata';
  /** Where it finds the endpoints: in the metadata by default; `root`: at the root of the origin. */
  endpoints?: 'root';
  /** How it sends its secret; absent for a public client. */
  secret?: 'post' | 'basic';
  /** Additional parameters of the authorization request. */
  asks?(discovered: Discovered): Record<string, string>;
  /** Whether the token requests have `resource`, as the authorization request does. `twice`: all of them have it twice. */
  namesResource?: boolean | 'twice';
  state?: string;
  /** The origin, for clients that are web pages. */
  page?: string;
  userAgent?: string;
  /**
   * How it refreshes, instead of once: two requests at the same time; again after a minute, because the first answer was lost; or with the same
   * token in a second window, ten minutes after the first one has used the new tokens.
   */
  refreshes?: 'twice at once' | 'again later' | 'in a second window';
  /** Whether the owner unticks sending and deleting on the sign-in page. */
  isLimitedByOwner?: boolean;
  /** `scope` of its refresh requests; absent if they have none. */
  refreshScope?(discovered: Discovered): string;
  conversation: Conversation;
}

const Metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  registration_endpoint: z.string().optional(),
  authorization_response_iss_parameter_supported: z.literal(true),
});

const Registered = z.looseObject({
  client_id: z.string(),
  client_secret: z.string().optional(),
  redirect_uris: z.array(z.string()).min(1),
  grant_types: z.array(z.enum(['authorization_code', 'refresh_token'])).min(1),
  response_types: z.tuple([z.literal('code')]),
  token_endpoint_auth_method: z.string(),
});

const ProtectedResource = z.object({
  resource: z.string(),
  authorization_servers: z.tuple([z.string()]),
  scopes_supported: z.array(z.string()),
});

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string(), token_type: z.literal('Bearer') });

type Tokens = z.output<typeof Tokens>;

/** Registers a dynamic client (RFC 7591 §3.1). */
export async function register(origin: string, flow: Flow, request: NewClient): Promise<Registration> {
  const sendAsClient = senderOf(flow);
  const { metadata } = await discover(urlOf(origin, flow), flow, sendAsClient);
  const endpoint = flow.endpoints === 'root' ? `${origin}/register` : metadata.registration_endpoint;
  const json = { 'content-type': 'application/json', accept: 'application/json' };
  const { status, body } = await sendAsClient('POST', endpoint ?? '', json, JSON.stringify(request));
  expect(status, body).toBe(201);
  const registered = Registered.parse(JSON.parse(body));
  expect(registered).toMatchObject({
    redirect_uris: request.redirect_uris,
    token_endpoint_auth_method: request.token_endpoint_auth_method ?? 'client_secret_basic',
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
  const url = urlOf(origin, flow);
  const { discovered, metadata } = await discover(url, flow, sendAsClient);
  const atRoot = flow.endpoints === 'root';
  const verifier = randomBytes(32).toString('base64url');
  const code = await authorize(atRoot ? `${origin}/authorize` : metadata.authorization_endpoint, account, {
    iss: metadata.issuer,
    choices: flow.isLimitedByOwner ? { end: 'revoked', allow_send: undefined, allow_delete: undefined } : {},
    query: authorizationRequest(flow, discovered, client.client_id, challengeOf(verifier)),
  });
  const tokenClient: TokenClient = {
    endpoint: atRoot ? `${origin}/token` : metadata.token_endpoint,
    registration: client,
    secret: flow.secret,
    resources: flow.namesResource ? resourcesOf(flow, discovered) : [],
    send: sendAsClient,
  };
  const first = await requestTokens(tokenClient, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: flow.redirectUri,
    code_verifier: verifier,
  });
  const call = ({ access_token }: Tokens) => flow.conversation({ url, token: access_token, send: sendAsClient });
  const scope = flow.refreshScope && { scope: flow.refreshScope(discovered) };
  const refresh = () =>
    requestTokens(tokenClient, { grant_type: 'refresh_token', refresh_token: first.refresh_token, ...scope });
  return [await call(first), await callAfterRefresh(flow, refresh, call)];
}

async function callAfterRefresh(
  { refreshes }: Flow,
  refresh: () => Promise<Tokens>,
  call: (tokens: Tokens) => Promise<string[]>,
): Promise<string[]> {
  if (refreshes === undefined) return call(await refresh());
  const [first] = await Promise.all(refreshes === 'twice at once' ? [refresh(), refresh()] : [refresh()]);
  if (refreshes === 'twice at once') return call(first);
  if (refreshes === 'again later') return secondsLater(63, async () => call(await refresh()));
  await call(first);
  return secondsLater(600, async () => {
    await call(await refresh());
    return call(first);
  });
}

/** Advances the clock of the server, which runs in this process. */
async function secondsLater<Result>(seconds: number, act: () => Promise<Result>): Promise<Result> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
  try {
    return await act();
  } finally {
    vi.useRealTimers();
  }
}

function authorizationRequest(
  flow: Flow,
  discovered: Discovered,
  clientId: string,
  challenge: string,
): URLSearchParams {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: flow.redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: flow.state ?? randomBytes(16).toString('hex'),
    ...flow.asks?.(discovered),
  });
  if (flow.namesResource === 'twice') query.append('resource', discovered.resource);
  return query;
}

const resourcesOf = ({ namesResource }: Flow, { resource }: Discovered): string[] =>
  namesResource === 'twice' ? [resource, resource] : [resource];

function senderOf({ page, userAgent }: Flow): Send {
  const sendAsClient = page === undefined ? send : sendFrom(page);
  if (userAgent === undefined) return sendAsClient;
  return (method, url, headers, body) => sendAsClient(method, url, { ...headers, 'user-agent': userAgent }, body);
}

const urlOf = (origin: string, { path }: Flow): string => origin + (path ?? '/mcp');

/** RFC 9728 §5.1 and RFC 8414 §3. */
async function discover(url: string, flow: Flow, sendAsClient: Send) {
  const challenge = flow.startsWith === 'metadata' ? '' : await challengeAt(url, flow, sendAsClient);
  const wellKnown = new URL(`/.well-known/oauth-protected-resource${flow.path ? '' : '/mcp'}`, url).href;
  const [, resourceMetadata = wellKnown] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
  expect(resourceMetadata).toBe(wellKnown);
  const resource = ProtectedResource.parse(await readJson(sendAsClient, resourceMetadata));
  // Some clients compare both (RFC 9728 §3.3).
  expect(new URL(resource.resource).href).toBe(url);
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

/** Sends a request without a token. @returns the challenge */
async function challengeAt(url: string, { startsWith }: Flow, sendAsClient: Send): Promise<string> {
  const refused =
    startsWith === 'get'
      ? await sendAsClient('GET', url, { accept: '*/*', 'mcp-protocol-version': '2024-11-05' })
      : await sendAsClient('POST', url, { 'content-type': 'application/json' }, '{}');
  expect(refused.status).toBe(401);
  return refused.headers['www-authenticate'] ?? '';
}

async function readJson(sendAsClient: Send, url: string): Promise<unknown> {
  const { status, body } = await sendAsClient('GET', url, { 'mcp-protocol-version': '2025-11-25' });
  expect(status).toBe(200);
  return JSON.parse(body);
}

/** Opens the sign-in page, submits it, and checks the redirect to the client. @returns the code */
async function authorize(
  endpoint: string,
  account: MailAccount,
  { iss, choices, query }: { iss: string; choices: FormFields; query: URLSearchParams },
): Promise<string> {
  const form = await openForm(new URL(`${endpoint}?${query}`));
  const { location = '', callback, html } = await form.submit({ ...signInFields(account), ...choices });
  expect(location.split('?')[0], html).toBe(query.get('redirect_uri'));
  expect(callback?.getAll('state')).toEqual([query.get('state')]);
  expect(callback?.getAll('iss')).toEqual([iss]);
  return callback?.get('code') ?? '';
}

/** How a client sends token requests. */
interface TokenClient {
  secret: Flow['secret'] | undefined;
  endpoint: string;
  registration: Registration;
  /** Values of `resource`. */
  resources: string[];
  send: Send;
}

async function requestTokens(
  { endpoint, registration: { client_id, client_secret = '' }, secret, resources, send: sendAsClient }: TokenClient,
  form: Record<string, string>,
): Promise<Tokens> {
  const body = new URLSearchParams({
    ...form,
    ...(secret !== 'basic' && { client_id }),
    ...(secret === 'post' && { client_secret }),
  });
  for (const resource of resources) body.append('resource', resource);
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
