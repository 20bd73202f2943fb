/** Checks what `mail-mcp doctor` says of a provider: a real one on this machine, and stand-ins of Google and Microsoft. */
import { describe, expect, test } from 'vitest';
import { checkProvider } from '../../src/commands/doctor/provider-checks.ts';
import type { ProviderSignIn } from '../../src/mail/account.ts';
import { redirectUriOf } from '../../src/oauth/upstream/callback-path.ts';
import { startOpenidProvider } from '../support/oauth/openid-provider.ts';
import { createStandInProvider, GOOGLE, MICROSOFT } from '../support/oauth/stand-in-provider.ts';
import { freePort } from '../support/servers/ports.ts';

const ISSUER = 'https://mail.example.com';
const SETTINGS = {
  issuers: [ISSUER] as const,
  registrations: {},
  redisUrl: 'redis://localhost',
  replicas: 1,
};

type Given = Partial<Parameters<typeof checkProvider>[1]>;

async function linesOf(signIn: ProviderSignIn, given: Given = {}, send?: Parameters<typeof checkProvider>[2]) {
  const checks = await checkProvider(signIn, { ...SETTINGS, ...given }, send);
  return checks.map(({ name, status, says }) => `${status} ${name}: ${says}`.replaceAll(/localhost:\d+/g, 'PROVIDER'));
}

type StandIn = Awaited<ReturnType<typeof createStandInProvider>>;

const sendTo =
  ({ fetch }: StandIn) =>
  (url: string, init: RequestInit) =>
    fetch(url, init as Parameters<StandIn['fetch']>[1]);

const withId = { clientId: 'mail-mcp-there', clientSecret: 'a secret there' };

describe('PROV-10 doctor checks a provider', () => {
  test('that is well: issuer, registration, redirect URI, organizations, refresh tokens', async () => {
    await using provider = await startOpenidProvider(ISSUER);
    const { issuer, clientId, clientSecret } = provider;
    const signIn = { provider: 'openid' as const, issuer, clientId, clientSecret, scopes: ['imap', 'smtp'] };
    expect(await linesOf(signIn)).toEqual([
      'ok metadata of PROVIDER: has the issuer of the connection.',
      'ok registration at PROVIDER: the provider knows client id and secret.',
      `skipped redirect URI: the registration at PROVIDER must have ${redirectUriOf(ISSUER, signIn)}.`,
      'ok organizations: all accounts of PROVIDER may sign in.',
      'ok refresh tokens: PROVIDER is taken to replace them; the newest one is kept in Redis.',
    ]);
    expect(await linesOf({ ...signIn, clientSecret: 'wrong' })).toContain(
      'failed registration at PROVIDER: the provider refuses it (invalid_client).',
    );
    expect(await linesOf({ ...signIn, scopes: ['mail'] })).toContain(
      'warning metadata of PROVIDER: does not name the scopes mail.',
    );
    expect(await linesOf({ ...signIn, issuer: `${issuer}/` })).toContain(
      'failed metadata of PROVIDER: has another issuer.',
    );
    expect(await linesOf({ ...signIn, issuer: `${issuer}/realm` })).toContain(
      'failed metadata of PROVIDER: is not an answer of a provider (status 404).',
    );
    expect(await linesOf({ ...signIn, issuer: `http://localhost:${await freePort()}` })).toContain(
      'failed metadata of PROVIDER: does not arrive (ECONNREFUSED).',
    );
  });

  test('of which the settings lack the registration, or Redis', async () => {
    const send = sendTo(await createStandInProvider(GOOGLE, 'x'));
    expect((await linesOf({ provider: 'google' }, {}, send))[0]).toMatch(
      /^failed sign-in at Google: accounts sign in at Google, where this server is not registered: set GOOGLE_CLIENT_ID/,
    );
    const fastmail = { provider: 'fastmail' as const, clientId: 'x' };
    const invalid = async () => Response.json({ error: 'invalid_grant' }, { status: 400 });
    expect(await linesOf(fastmail, { redisUrl: undefined, replicas: 2 }, invalid)).toMatchObject([
      expect.stringMatching(/^failed sign-in at Fastmail: .* several replicas need REDIS_URL/),
      expect.stringMatching(/^skipped metadata/),
      'ok registration at Fastmail: the provider knows client id and secret.',
      expect.anything(),
      expect.anything(),
      expect.stringMatching(/^failed refresh tokens/),
    ]);
  });

  test.each<[string, RegExp, string?]>([
    ['AADSTS7000222: expired', /The client secret has expired\. Make a new client secret .* \(AADSTS7000222\)$/],
    ['AADSTS700016: none', /The application does not exist in this organization/],
    ['AADSTS9002313: malformed', /the provider does not say whether it is right \(AADSTS9002313\)\.$/],
    ['AADSTS70008: expired', /the provider knows client id and secret\.$/, 'invalid_grant'],
    ['AADSTS90055: too many', /the provider does not say whether it is right \(AADSTS90055\)\.$/, 'slow_down'],
    ['something else', /the provider refuses it \(invalid_client\)\.$/],
    ['something else', /the provider does not say whether it is right \(constructor\)\.$/, 'constructor'],
  ])(
    'at Microsoft, whose code says what is wrong: %s',
    async (error_description, sentence, given = 'invalid_client') => {
      const standIn = await createStandInProvider(MICROSOFT, 'x');
      const error = error_description.includes('malformed') ? 'invalid_grant' : given;
      standIn.fail = ({ href }) => {
        return href === MICROSOFT.token ? Response.json({ error, error_description }, { status: 400 }) : undefined;
      };
      const lines = await linesOf({ provider: 'microsoft', ...withId }, {}, sendTo(standIn));
      expect(lines[0]).toBe('ok metadata of Microsoft: has the issuer of the connection.');
      expect(lines[1]).toMatch(sentence);
    },
  );

  test('at a tenant of Microsoft that does not exist', async () => {
    const answer = { error: 'invalid_tenant', error_description: "AADSTS90002: Tenant 'x' not found." };
    const send = async () => Response.json(answer, { status: 400 });
    expect((await linesOf({ provider: 'microsoft', tenants: ['x'], ...withId }, {}, send))[0]).toBe(
      'failed metadata of Microsoft: The tenant does not exist: Check --upstream-tenant.',
    );
  });

  test.each([
    ['endpoints without https', { token_endpoint: 'http://id.example.com/token' }, /without https: token_endpoint/],
    ['no S256', { code_challenge_methods_supported: ['plain'] }, /does not have S256/],
  ])('whose metadata has %s', async (_what, changed, sentence) => {
    const issuer = 'https://id.example.com';
    const endpoints = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'].map((one) => [one, `${issuer}/${one}`]);
    const send = async (url: string) =>
      url.includes('.well-known')
        ? Response.json({ issuer, ...Object.fromEntries(endpoints), ...changed })
        : Response.json({ error: 'invalid_grant' }, { status: 400 });
    const lines = await linesOf({ provider: 'openid', issuer, scopes: ['imap'], ...withId }, {}, send);
    expect(lines.join('\n')).toMatch(sentence);
  });
});
