/** Signs in to a real server as a client of Missive, with a stand-in for Missive. */
import { z } from 'zod';
import { challengeOf } from '../../../src/oauth/http/pkce.ts';
import { type OpenForm, openForm } from '../app/person.ts';
import { REDIRECT_URI, type Registration, startApp, type TestApp } from '../app/start-app.ts';
import { type MissiveStandIn, startMissive } from './stand-in.ts';

const Answer = z.record(z.string(), z.unknown());

export const VERIFIER = 'v'.repeat(43);

export interface MissiveSignIn extends AsyncDisposable {
  app: TestApp;
  missive: MissiveStandIn;
  client: Registration;
  /** Opens the sign-in page. */
  form(parameters?: Record<string, string>): Promise<OpenForm>;
  authorizationUrl(parameters?: Record<string, string>): URL;
  /** Sends a form of the client to the token endpoint. */
  token(form: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Signs in and returns the tokens. */
  tokens(): Promise<{ access_token: string; refresh_token: string }>;
}

/** @param flags of `generate`, in addition to those of the stand-in */
export async function startMissiveSignIn(
  environment: NodeJS.ProcessEnv = {},
  flags: Record<string, unknown> = {},
): Promise<MissiveSignIn> {
  const app = await startApp(environment);
  const missive = await startMissive();
  const { url, token: apiToken } = missive;
  const client = await app.mint({ url, token: apiToken }, flags);

  function authorizationUrl(parameters: Record<string, string> = {}): URL {
    const target = new URL('/oauth/authorize', app.origin);
    target.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: REDIRECT_URI,
      state: 'state',
      code_challenge: challengeOf(VERIFIER),
      code_challenge_method: 'S256',
      ...parameters,
    }).toString();
    return target;
  }

  async function token(form: Record<string, string>) {
    const { client_id, client_secret = '' } = client;
    const body = new URLSearchParams({ client_id, client_secret, ...form });
    const response = await fetch(`${app.origin}/oauth/token`, { method: 'POST', body });
    return { status: response.status, body: Answer.parse(await response.json()) };
  }

  const form = (parameters?: Record<string, string>) => openForm(authorizationUrl(parameters));

  return {
    app,
    missive,
    client,
    form,
    authorizationUrl,
    token,
    async tokens() {
      const { callback } = await (await form()).submit({ api_token: apiToken });
      const code = callback?.get('code') ?? '';
      const { body } = await token({ grant_type: 'authorization_code', code, code_verifier: VERIFIER });
      return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([app.stop(), missive[Symbol.asyncDispose]()]);
    },
  };
}
