/** Makes the requests of clients to the token endpoint, and reads its responses. */
import { z } from 'zod';
import { codeVerifier, type MintedClient, type OAuthApp } from './oauth-app.ts';
import { callbackOf } from './sign-in-page.ts';

export type Form = Record<string, string>;

/** The status as text, and the members of the body. */
const Answer = z.looseObject({
  status: z.string(),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  scope: z.string().optional(),
});
export type Answer = z.output<typeof Answer>;

export async function codeOf(
  app: OAuthApp,
  client: MintedClient,
  overrides: Record<string, string> = {},
): Promise<string> {
  return (await callbackOf(app, client, overrides)).get('code') ?? '';
}

export const secretOf = ({ clientSecret }: MintedClient): Form => (clientSecret ? { client_secret: clientSecret } : {});

/** The exchange of a code, by a client that authenticates in the body. */
export const codeGrant = (client: MintedClient, code: string, more: Form = {}): Form => ({
  grant_type: 'authorization_code',
  code,
  code_verifier: codeVerifier,
  client_id: client.clientId,
  ...secretOf(client),
  ...more,
});

export const refreshGrant = (client: MintedClient, refreshToken: string, more: Form = {}): Form => ({
  grant_type: 'refresh_token',
  refresh_token: refreshToken,
  client_id: client.clientId,
  ...secretOf(client),
  ...more,
});

export const basic = (id: string, secret: string): Form => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

export async function answerOf(response: Response): Promise<Answer> {
  const body = z.record(z.string(), z.unknown()).parse(await response.json());
  return Answer.parse({ status: String(response.status), ...body });
}

export async function tokensOf(app: OAuthApp, client: MintedClient, overrides: Record<string, string> = {}) {
  const code = await codeOf(app, client, overrides);
  return answerOf(await app.post('/oauth/token', codeGrant(client, code)));
}
