/** Requests and submits the sign-in page as a browser does: with its cookie and its hidden field. */
import type { MintedClient, OAuthApp } from './oauth-app.ts';

/** The only link of a page to a file of this server, besides the logo of the operator. */
export const ICON_LINK = '<link rel="icon" href="/favicon.svg" type="image/svg+xml">';

export interface SignInPage {
  response: Response;
  html: string;
  /** `name=value`, as the browser sends it. */
  cookie: string;
  transaction: string;
}

/** @param cookie of a browser that already has one */
export async function openSignIn(
  app: OAuthApp,
  client: MintedClient,
  overrides: Record<string, string | undefined> = {},
  cookie?: string,
): Promise<SignInPage> {
  const response = await app.fetch(app.authorizePath(client, overrides), { headers: cookie ? { cookie } : {} });
  return pageOf(response, cookie);
}

/** @returns the page of a response */
export async function pageOf(response: Response, cookie = ''): Promise<SignInPage> {
  const html = await response.text();
  const [setCookie] = response.headers.getSetCookie();
  return {
    response,
    html,
    cookie: setCookie?.split(';')[0] ?? cookie,
    transaction: /name="transaction" value="([^"]*)"/.exec(html)?.[1] ?? '',
  };
}

/** Fields of an account owner with the same credentials for both servers. */
export const ada = {
  full_name: 'Ada Lovelace',
  email: 'ada@example.com',
  imap_username: '',
  imap_password: 'correct horse',
  use_same_credentials: '1',
};

/** The text of a page or of a part of it, without its elements. */
export const textIn = (html: string): string => html.replace(/<[^>]*>/g, '');

/** Submits the page from the origin of the app; `headers` replace those that the browser would send. */
export function submit(
  app: OAuthApp,
  page: Pick<SignInPage, 'cookie' | 'transaction'>,
  fields: Record<string, string> = ada,
  headers: Record<string, string> = {},
): Promise<Response> {
  return app.post(
    '/oauth/authorize',
    { transaction: page.transaction, ...fields },
    { cookie: page.cookie, origin: app.issuer, ...headers },
  );
}

/** @returns the parameters of the redirect URI after Ada has signed in */
export async function callbackOf(
  app: OAuthApp,
  client: MintedClient,
  overrides: Record<string, string | undefined> = {},
  fields: Record<string, string> = ada,
): Promise<URLSearchParams> {
  const response = await submit(app, await openSignIn(app, client, overrides), fields);
  return new URL(response.headers.get('location') ?? 'about:blank').searchParams;
}
