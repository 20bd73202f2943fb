import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { exampleServers, redirectUri, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ICON_LINK, openSignIn } from '../../support/app/sign-in-page.ts';

const https = { issuer: 'https://mail.example.com' };

describe('the sign-in page', () => {
  test('FORM-01 names the client, the redirect host, both mail servers and the requested powers, and can be cancelled', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ name: 'Test <b>& Co' });
    const { html } = await openSignIn(app, client, { scope: 'mail.read mail.delete' });
    expect(html).toContain('<strong>Test &lt;b&gt;&amp; Co</strong>');
    expect(html).toContain('<strong>client.example</strong>');
    expect(html).toContain('<strong>imap.example.com:993</strong>, over TLS');
    expect(html).toContain('<strong>smtp.example.com:465</strong>, over TLS');
    expect(html).toContain('Read and search all your mail');
    expect(html).toContain('Delete messages');
    expect(html).not.toContain('Send mail in your name');
    expect(html).toContain('name="action" value="cancel"');
    expect(html).not.toContain('program on this device');
  });

  test('FORM-01 warns when the access goes to a program on this device', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ presets: ['inspector'], redirectUris: [] });
    const { html } = await openSignIn(app, client, { redirect_uri: 'http://localhost:7777/oauth/callback' });
    expect(html).toContain('program on this device');
    expect(html).toContain('localhost:7777');
    const cursor = await app.mint({ presets: ['cursor'], redirectUris: [] });
    const uri = 'cursor://anysphere.cursor-mcp/oauth/callback';
    expect((await openSignIn(app, cursor, { redirect_uri: uri })).html).toContain('program on this device');
  });

  test('FORM-01 control and bidirectional characters of a client name are removed', async () => {
    await using app = await startOAuthApp();
    const name = `a\u202eb\u2066c\u0000d\u200be\nf${'x'.repeat(200)}`;
    const payload = { v: 1 as const, name, redirect_uris: [redirectUri], servers: exampleServers };
    const clientId = await app.tokens.client.seal(payload, app.now());
    const { html } = await openSignIn(app, { clientId, clientSecret: null });
    expect(html).toContain(`<strong>abcde f${'x'.repeat(56)}…</strong>`);
  });

  test('FORM-03 FORM-04 the page has its security headers, with the redirect target in form-action', async () => {
    await using app = await startOAuthApp(https);
    const { headers } = (await openSignIn(app, await app.mint())).response;
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]+='; script-src 'sha256-[\w+/]+='; img-src 'self'; form-action 'self' https:\/\/client\.example https:; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'strict-transport-security': expect.stringContaining('max-age='),
    });
  });

  test('FORM-03 the page has one script, which the policy allows by its hash, no event handler and no resource of another origin', async () => {
    await using app = await startOAuthApp();
    const { html, response } = await openSignIn(app, await app.mint());
    const scripts = [...html.matchAll(/<script>([^<]*)<\/script>/g)].map(([, script = '']) => script);
    expect(scripts).toHaveLength(1);
    const hash = createHash('sha256').update(scripts.join()).digest('base64');
    expect(response.headers.get('content-security-policy')).toContain(`script-src 'sha256-${hash}';`);
    expect(html.replace(/<script>/, '').replace(ICON_LINK, '')).not.toMatch(
      /<script|\son\w+=|style="|src=|<link|url\(/,
    );
  });

  test('FORM-10 every field has a label, an autocomplete token, and no value', async () => {
    await using app = await startOAuthApp();
    const { html } = await openSignIn(app, await app.mint());
    const tokens = {
      full_name: 'name',
      email: 'username',
      imap_username: 'off',
      imap_password: 'current-password',
      smtp_username: 'section-smtp username',
      smtp_password: 'section-smtp current-password',
    };
    for (const [name, token] of Object.entries(tokens)) {
      const input = new RegExp(`<input id="${name}" name="${name}"[^>]*>`).exec(html)?.[0];
      expect(input, name).toContain(`autocomplete="${token}"`);
      expect(input).toContain('value=""');
      expect(html).toContain(`<label for="${name}">`);
    }
    expect(html).toMatch(/<input[^>]*name="use_same_credentials"[^>]*checked/);
  });
});

test.each([
  [['claude', 'inspector'], undefined, 'https://claude.ai/api/mcp/auth_callback', 'Claude'],
  [['claude', 'inspector'], undefined, 'http://localhost:6274/oauth/callback', 'MCP Inspector'],
  [['gemini-cli', 'mcp-remote', 'claude'], undefined, 'http://localhost:1/oauth/callback', 'Gemini CLI or mcp-remote'],
  [['claude', 'inspector'], 'Office', 'https://claude.ai/api/mcp/auth_callback', 'Office'],
])('FORM-01 a client of the presets %j, named %s, is named at %s as %s', async (presets, name, redirectUri, shown) => {
  await using app = await startOAuthApp();
  const client = await app.mint({ presets, redirectUris: [], name });
  const { html } = await openSignIn(app, client, { redirect_uri: redirectUri });
  expect(html).toContain(`<strong>${shown}</strong> would like`);
});
