/** Plays an account owner on the sign-in page: requests it, submits it, and follows no redirect. Runs no script of the page. */

export interface FormFields {
  full_name?: string;
  email?: string;
  identities?: string;
  imap_username?: string;
  imap_password?: string;
  use_same_credentials?: string;
  smtp_username?: string;
  smtp_password?: string;
  api_token?: string;
  time_zone?: string;
  end?: string;
  /** Powers to untick. */
  [power: `allow_${string}`]: undefined;
}

/** The response to a submit: another page, or the redirect to the client. */
interface Answer {
  status: number;
  html: string;
  /** Target of the redirect. Absent if the page is shown again. */
  location: string | undefined;
  /** Parameters of the redirect URI: `code` and `state`, or `error`. Absent if the page is shown again. */
  callback: URLSearchParams | undefined;
}

/** A sign-in page in one browser. */
export interface OpenForm {
  html: string;
  /** @param at origin that the form is submitted to; by default the one of the page. Another replica has another */
  submit(fields: FormFields, at?: string): Promise<Answer>;
}

/**
 * Requests the sign-in page of an authorization URL.
 *
 * @param origin sent by the browser; differs from that of the URL for one of several replicas
 */
export async function openForm(authorizationUrl: URL, origin = authorizationUrl.origin): Promise<OpenForm> {
  const page = await fetch(authorizationUrl, { redirect: 'manual', headers: { accept: 'text/html' } });
  const html = await page.text();
  if (page.status !== 200) throw new Error(`The sign-in page answered ${page.status}`);
  const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  const action = new URL(attribute(/<form[^>]*>/.exec(html)?.[0] ?? '', 'action') ?? '', authorizationUrl);
  return {
    html,
    async submit(fields, at = action.origin) {
      const response = await fetch(new URL(action.pathname, at), {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie: cookies.join('; '), origin },
        body: new URLSearchParams(sent({ ...givenFields(html), ...fields })),
      });
      const location = response.headers.get('location') ?? undefined;
      return {
        status: response.status,
        html: await response.text(),
        location,
        callback: location === undefined ? undefined : new URL(location).searchParams,
      };
    },
  };
}

/** @returns the parameters of the redirect URI after a sign-in */
export async function signIn(authorizationUrl: URL, fields: FormFields): Promise<URLSearchParams> {
  const form = await openForm(authorizationUrl);
  const { callback, status } = await form.submit(fields);
  if (callback === undefined) throw new Error(`The sign-in has status ${status} instead of a redirect to the client`);
  return callback;
}

/** Fields that the browser sends without input: the hidden ones, and the powers that are ticked. */
function givenFields(html: string): Record<string, string> {
  const inputs = [
    ...(html.match(/<input[^>]*type="hidden"[^>]*>/g) ?? []),
    ...(html.match(/<input[^>]*name="allow_[^>]*\schecked\s*>/g) ?? []),
  ];
  return Object.fromEntries(inputs.map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']));
}

function sent(fields: Record<string, string | undefined>): [name: string, value: string][] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&');
}
