/** The page at `/`, pages that do not exist, and the files that browsers look for. */
import { describe, expect, test } from 'vitest';
import { PRESET_HOSTS } from '../../../src/oauth/client/dynamic-clients.ts';
import { type OAuthAppOptions, openToClients, startOAuthApp } from '../../support/app/oauth-app.ts';

const html = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const issuer = 'https://mail.example.com';

async function pageOf(options: OAuthAppOptions = {}, path = '/'): Promise<string> {
  await using app = await startOAuthApp({ issuer, ...options });
  return (await app.fetch(path, { headers: html })).text();
}

/** What can be copied from a page, as text. */
const copied = (page: string): string[] =>
  [...page.matchAll(/<code id="[^"]+" tabindex="0" dir="ltr">([^<]*)<\/code>/g)].map(([, text = '']) =>
    text.replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );

describe('GET /', () => {
  test('PAGE-01 names the URL for clients, the steps of each client, and the page of what was granted', async () => {
    const page = await pageOf();
    expect(copied(page)[0]).toBe(`${issuer}/mcp`);
    for (const title of ['Claude', 'Claude Code', 'ChatGPT', 'VS Code', 'Cursor', 'Codex', 'Other applications']) {
      expect(page).toContain(`<summary>${title}</summary>`);
    }
    expect(page).toContain('<a href="/account">');
  });

  test('PAGE-01 without dynamic clients, the page says that a client id is needed, and who has it', async () => {
    const contact = { text: 'help@example.com', url: 'mailto:help@example.com' };
    const page = await pageOf({ operator: { name: 'Example <Ltd>', contact } });
    expect(page).toMatch(
      /you also need a <strong>client ID<\/strong>.*Ask Example &lt;Ltd&gt; for them: <a href="mailto:help@example\.com"/s,
    );
    expect(copied(page)).toEqual(
      expect.arrayContaining([
        `claude mcp add --transport http --client-id YOUR_CLIENT_ID mail ${issuer}/mcp`,
        `codex mcp add mail --url ${issuer}/mcp --oauth-client-id YOUR_CLIENT_ID`,
      ]),
    );
    expect(page).not.toContain('cursor://');
    expect(await pageOf()).toContain('Ask the person who gave you the address for them.');
  });

  test('PAGE-01 with registration, the URL is all that is needed', async () => {
    const page = await pageOf({ dynamicClients: openToClients });
    expect(page).toContain('You need nothing else');
    expect(page).not.toMatch(/client ID|CLIENT_ID/);
    const texts = copied(page);
    expect(texts).toContain(`claude mcp add --transport http mail ${issuer}/mcp`);
    expect(texts).toContain(`codex mcp add mail --url ${issuer}/mcp`);
    const files = texts.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text));
    expect(files).toEqual([
      { servers: { mail: { type: 'http', url: `${issuer}/mcp` } } },
      { mcpServers: { mail: { url: `${issuer}/mcp` } } },
    ]);
    const [, config = ''] = /cursor:\/\/[^"]*config=([^"]+)"/.exec(page) ?? [];
    expect(JSON.parse(Buffer.from(decodeURIComponent(config), 'base64').toString())).toEqual({ url: `${issuer}/mcp` });
    const [, server = ''] = /"vscode:mcp\/install\?([^"]+)"/.exec(page) ?? [];
    expect(JSON.parse(decodeURIComponent(server))).toEqual({ name: 'mail', type: 'http', url: `${issuer}/mcp` });
  });

  test.each([
    ['with metadata documents only, Cursor needs a client id', { acceptsRegistration: false }, 'Cursor'],
    [
      'where its hosts are not trusted, Claude needs a client id',
      { trustedHosts: without('claude.ai', 'claude.com') },
      'Claude',
    ],
  ])('PAGE-01 %s, and the page says so', async (_, changed, title) => {
    const page = await pageOf({ dynamicClients: { ...openToClients, ...changed } });
    expect(page).toContain('For some of them you also need a <strong>client ID</strong>');
    const steps = page.split('<details').filter((part) => /client ID/.test(part.split('</details>')[0] ?? ''));
    expect(steps.map((part) => /<summary>(.*)<\/summary>/.exec(part)?.[1])).toContain(title);
  });

  test('PAGE-02 clients that ask for JSON get the same URLs, and clients that open a stream get no page', async () => {
    await using app = await startOAuthApp({ issuer });
    const asJson = await app.fetch('/', { headers: { accept: 'application/json' } });
    expect(await asJson.json()).toEqual({
      name: 'mail-mcp',
      mcp_url: `${issuer}/mcp`,
      account_url: `${issuer}/account`,
    });
    const stream = await app.fetch('/', { headers: { accept: 'text/event-stream' } });
    expect([stream.status, stream.headers.get('content-type')]).toEqual([401, 'application/json; charset=utf-8']);
    const head = await app.fetch('/', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });
});

function without(...hosts: string[]): Set<string> {
  return new Set([...PRESET_HOSTS].filter((host) => !hosts.includes(host)));
}

describe('a page that does not exist', () => {
  test('PAGE-03 browsers get a page that names the way, and other clients JSON that does', async () => {
    await using app = await startOAuthApp({ issuer });
    const page = await app.fetch('/wp-admin', { headers: html });
    expect(page.status).toBe(404);
    const text = await page.text();
    expect(copied(text)).toEqual([`${issuer}/mcp`]);
    expect(text).toContain('<a class="button" href="/">');
    for (const init of [{}, { method: 'POST', headers: html }]) {
      const answer = await app.fetch('/wp-admin', init);
      expect([answer.status, await answer.json()]).toEqual([
        404,
        { error: 'not_found', error_description: `The URL for MCP clients is ${issuer}/mcp` },
      ]);
    }
  });
});

describe('the operator on the pages', () => {
  const operator = {
    name: 'Example Ltd',
    url: 'https://example.com',
    contact: { text: 'help@example.com', url: 'mailto:help@example.com' },
    privacyUrl: 'https://example.com/privacy',
    logo: {
      type: 'image/svg+xml',
      bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      adaptsToScheme: false,
    },
  };

  test.each(['/', '/wp-admin', '/account', '/oauth/authorize'])(
    'PAGE-04 %s names operator, contact, privacy statement and logo',
    async (path) => {
      const page = await pageOf({ operator }, path);
      for (const target of ['https://example.com', 'mailto:help@example.com', 'https://example.com/privacy']) {
        expect(page).toContain(`<a href="${target}" rel="noreferrer">`);
      }
      expect(page).toContain('<img class="logo on-white" src="/operator-logo" alt="Example Ltd">');
    },
  );

  test('PAGE-04 without settings, a page names no operator, and / says so', async () => {
    expect(await pageOf()).toContain('does not say who runs the server');
    expect(await pageOf({}, '/account')).not.toMatch(/class="operator"|operator-logo/);
  });

  test('PAGE-06 icons, logo and robots.txt are served; an SVG that is opened as a page runs nothing', async () => {
    await using app = await startOAuthApp({ operator });
    const types = {
      '/favicon.svg': 'image/svg+xml',
      '/favicon.ico': 'image/png',
      '/icon.png': 'image/png',
      '/apple-touch-icon.png': 'image/png',
      '/operator-logo': 'image/svg+xml',
    };
    for (const [path, type] of Object.entries(types)) {
      const { status, headers } = await app.fetch(path);
      expect([status, headers.get('content-type')], path).toEqual([200, type]);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*; sandbox$/);
    }
    expect(await (await app.fetch('/robots.txt')).text()).toContain('Disallow:\n');
    await using plain = await startOAuthApp();
    expect((await plain.fetch('/operator-logo')).status).toBe(404);
  });
});
