/** A person at the login form: opens it, fills it in, submits it, and ends where the browser is sent. No JavaScript, like the form. */

export interface FormFields {
  full_name?: string;
  email?: string;
  imap_username?: string;
  imap_password?: string;
  use_same_credentials?: string;
  smtp_username?: string;
  smtp_password?: string;
  api_token?: string;
  end?: string;
  /** Powers whose tick is taken away. */
  [power: `allow_${string}`]: undefined;
}

/** What the browser shows after a submit: another page, or the redirect back to the client. */
export interface Answer {
  status: number;
  html: string;
  /** Where the browser is sent. Absent if the form is shown again. */
  location: string | undefined;
  /** Parameters of the redirect URI: `code` and `state`, or `error`. Absent if the form is shown again. */
  callback: URLSearchParams | undefined;
}

/** An open login form in one browser. */
export interface OpenForm {
  html: string;
  /** @param at where the request goes, if not to where the form came from: another replica */
  submit(fields: FormFields, at?: string): Promise<Answer>;
}

/**
 * Opens the login form that an authorization URL leads to.
 *
 * @param origin of the server, as the browser has it; another than that of the URL for one replica of several
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

/** Signs in and returns the parameters that the client gets on its redirect URI. */
export async function signIn(authorizationUrl: URL, fields: FormFields): Promise<URLSearchParams> {
  const form = await openForm(authorizationUrl);
  const { callback, status } = await form.submit(fields);
  if (callback === undefined) throw new Error(`Signing in answered ${status} instead of going back to the client`);
  return callback;
}

/** What the browser sends by itself: hidden fields, and the powers that are ticked. */
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
