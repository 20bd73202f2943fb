/** The operator's browser at `/admin`: signs in, and sends forms with cookie, token and origin as a browser does. */

export interface AdminSite {
  /** Where requests are sent. */
  origin: string;
  /** The origin of the pages. */
  issuer: string;
}

export interface Operator {
  /** `name=value` */
  cookie: string;
  csrf: string;
}

export type Fields = Record<string, string | readonly string[]>;

/** @param headers replace those that the browser would send */
export function postAdmin(
  { origin, issuer }: AdminSite,
  fields: Fields,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = new URLSearchParams();
  for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) body.append(name, value);
  return fetch(`${origin}/admin`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: issuer, ...headers },
    body,
  });
}

export const signIn = (site: AdminSite, token: string, headers: Record<string, string> = {}): Promise<Response> =>
  postAdmin(site, { action: 'sign-in', 'admin-token': token }, headers);

export const getAdmin = (site: AdminSite, cookie = ''): Promise<Response> =>
  fetch(`${site.origin}/admin`, { headers: { cookie } });

export const csrfIn = (html: string): string => /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? '';

export async function operatorOf(site: AdminSite, token: string): Promise<Operator> {
  const [setCookie = ''] = (await signIn(site, token)).headers.getSetCookie();
  const cookie = setCookie.split(';')[0] ?? '';
  return { cookie, csrf: csrfIn(await (await getAdmin(site, cookie)).text()) };
}

export const send = (site: AdminSite, { cookie, csrf }: Operator, fields: Fields): Promise<Response> =>
  postAdmin(site, { action: 'mint', csrf, ...fields }, { cookie });

/** @returns what can be copied from a page, by id */
export function copiedFrom(html: string): Record<string, string> {
  const found = [...html.matchAll(/<code id="([^"]+)" tabindex="0" dir="ltr">([^<]*)<\/code>/g)];
  return Object.fromEntries(found.map(([, id = '', text = '']) => [id, plain(text)]));
}

export const plain = (html: string): string =>
  html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

/** The sentences of the summary of problems. */
export const problemsIn = (html: string): string[] =>
  [...html.matchAll(/<li><a href="#[^"]*">(.*?)<\/a><\/li>/g)].map(([, text = '']) => plain(withoutSpans(text)));

/** The markup without the spans that keep names of flags together. */
export const withoutSpans = (html: string): string => html.replace(/<\/?span[^>]*>/g, '');
