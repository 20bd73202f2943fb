/** Follows redirects between servers of this machine as a browser does, with its cookies. Runs no script. */

interface Cookie {
  value: string;
  path: string;
}

export interface Page {
  url: URL;
  status: number;
  html: string;
  headers: Headers;
}

export interface Browser {
  open(url: URL | string): Promise<Page>;
  /** Submits the form of a page, with its hidden fields and ticked boxes. */
  submit(page: Page, fields?: Record<string, string | undefined>): Promise<Page>;
  cookies: ReadonlyMap<string, Cookie>;
}

const MAX_REDIRECTS = 20;

/** @param ends redirects to URLs that start so are not followed */
export function createBrowser(...ends: readonly string[]): Browser {
  const cookies = new Map<string, Cookie>();

  const cookieHeader = ({ hostname, pathname }: URL): string =>
    [...cookies]
      .filter(([key, { path }]) => key.startsWith(`${hostname} `) && pathname.startsWith(path))
      .map(([key, { value }]) => `${key.slice(hostname.length + 1)}=${value}`)
      .join('; ');

  function keep({ hostname }: URL, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
      const isGone = attributes.some((one) => /^expires=thu, 01 jan 1970/i.test(one));
      if (isGone) cookies.delete(`${hostname} ${name}`);
      else cookies.set(`${hostname} ${name}`, { value, path });
    }
  }

  async function go(start: URL, init: RequestInit): Promise<Page> {
    let [url, next] = [start, init];
    for (let count = 0; count < MAX_REDIRECTS; count++) {
      const headers = { accept: 'text/html', cookie: cookieHeader(url), ...next.headers };
      const response = await fetch(url, { redirect: 'manual', ...next, headers });
      keep(url, response.headers);
      const location = response.headers.get('location');
      if (location === null)
        return { url, status: response.status, html: await response.text(), headers: response.headers };
      url = new URL(location, url);
      next = {};
      const { href } = url;
      if (ends.some((end) => href.startsWith(end)))
        return { url, status: response.status, html: '', headers: response.headers };
    }
    throw new Error('too many redirects');
  }

  return {
    cookies,
    open: (url) => go(new URL(url), {}),
    submit(page, fields = {}) {
      // A page without a form is that of an error.
      if (!page.html.includes('<form')) throw new Error(`no form: ${page.status} ${page.url.pathname}`);
      const action = /<form[^>]*action="([^"]*)"/.exec(page.html)?.[1] ?? '';
      const given = { ...givenFields(page.html), ...fields };
      const sent = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const init = { method: 'POST', body: new URLSearchParams(sent), headers: { origin: page.url.origin } };
      return go(new URL(action, page.url), init);
    },
  };
}

function givenFields(html: string): Record<string, string> {
  const inputs = html.match(/<input[^>]*>/g) ?? [];
  const sent = inputs.filter(
    (input) => /type="hidden"/.test(input) || (/type="(checkbox|radio)"/.test(input) && /\schecked\b/.test(input)),
  );
  const attribute = (tag: string, name: string) => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  const selects = (html.match(/<select[^>]*>[\s\S]*?<\/select>/g) ?? []).map((select) => {
    const options = select.match(/<option[^>]*>/g) ?? [];
    const chosen = options.find((option) => /\sselected\b/.test(option)) ?? options[0] ?? '';
    return [attribute(select, 'name'), attribute(chosen, 'value')] as const;
  });
  const given = sent.filter((tag) => !/\sdisabled\b/.test(tag));
  return Object.fromEntries([
    ...given.map((tag) => [attribute(tag, 'name'), attribute(tag, 'value')] as const),
    ...selects,
  ]);
}
