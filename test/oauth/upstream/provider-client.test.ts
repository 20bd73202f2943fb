/** Speaks with a provider that answers what no provider should. */
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { createProviderClient, type ProviderClientOptions } from '../../../src/oauth/upstream/provider-client.ts';
import { providerOf } from '../../../src/oauth/upstream/providers.ts';

type Fetch = NonNullable<ProviderClientOptions['fetch']>;

const ISSUER = 'https://id.example.com';
const METADATA = { issuer: ISSUER, authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token` };

/** @param token answers requests for tokens */
function clientOf(token: Fetch, metadata: object = METADATA) {
  return createProviderClient({
    provider: providerOf({ provider: 'openid', issuer: ISSUER, scopes: ['imap'] }),
    registration: { clientId: 'mail-mcp-there', clientSecret: 'a secret there' },
    redirectUri: 'https://mail.example.com/oauth/upstream/callback',
    fetch: async (url, options) => (url.includes('well-known') ? Response.json(metadata) : token(url, options)),
  });
}

const json = (members: object) => async () =>
  Response.json({ access_token: 'A1', token_type: 'Bearer', expires_in: 60, ...members });

async function faultOf(token: Fetch): Promise<[string, string, string]> {
  const error: unknown = await clientOf(token)
    .refresh('R0', 'mail')
    .catch((reason: unknown) => reason);
  if (!(error instanceof UpstreamError)) throw new Error('no UpstreamError', { cause: error });
  return [error.service, error.fault, error.message];
}

/** A body that ends with an error after its first bytes. */
const broken = (reason: Error) => async () =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"access_token":'));
        controller.error(reason);
      },
    }),
    { headers: { 'content-type': 'application/json' } },
  );

/** A body without an end. @param read counts its bytes */
function endless(read: { bytes: number }): Fetch {
  const chunk = new Uint8Array(64 * 1024).fill(32);
  return async () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          read.bytes += chunk.length;
          controller.enqueue(chunk);
        },
      }),
      { headers: { 'content-type': 'application/json' } },
    );
}

/** What becomes of a refresh that Microsoft refuses with a code. */
async function faultAtMicrosoft([error, code]: [string, string], resource: 'mail' | 'graph' = 'mail') {
  const description = `${code}: text of Microsoft\r\nTrace ID: 1`;
  const client = createProviderClient({
    provider: providerOf({ provider: 'microsoft' }),
    registration: { clientId: 'mail-mcp-there', clientSecret: 'a secret there' },
    redirectUri: 'https://mail.example.com/oauth/upstream/callback',
    fetch: async (url) =>
      url.includes('well-known')
        ? Response.json({ ...METADATA, issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' })
        : Response.json({ error, error_description: description }, { status: 400 }),
  });
  const fault: unknown = await client.refresh('R0', resource).catch((reason: unknown) => reason);
  if (!(fault instanceof UpstreamError)) throw new Error('no UpstreamError', { cause: fault });
  expect(fault.message).not.toContain('text of Microsoft');
  return fault;
}

describe('a refresh that Microsoft refuses', () => {
  test.each(
    (
      [
        [
          'the account owner',
          'invalid_grant',
          'AADSTS50076 AADSTS50079 AADSTS50173 AADSTS70008 AADSTS700082 AADSTS9002313',
        ],
        ['an administrator', 'invalid_grant', 'AADSTS65001 AADSTS50105 AADSTS50057'],
        ['a rule of the organization', 'interaction_required', 'AADSTS53000 AADSTS53003 AADSTS50097 AADSTS700003'],
        ['a party that is not known', 'invalid_grant', 'AADSTS123456'],
      ] as const
    ).flatMap(([by, error, codes]) => codes.split(' ').map((code) => [by, error, code] as const)),
  )('ends the approval where %s has to do something (%s, %s)', async (_by, error, code) => {
    expect(await faultAtMicrosoft([error, code])).toMatchObject({ fault: 'credentials', code });
  });

  test.each([
    ['invalid_client', 'AADSTS7000215'],
    ['invalid_client', 'AADSTS7000222'],
    ['invalid_client', 'AADSTS7000218'],
    ['unauthorized_client', 'AADSTS700016'],
    ['invalid_grant', 'AADSTS7000215'],
    ['invalid_grant', 'AADSTS700016'],
    ['invalid_grant', 'AADSTS50011'],
    ['invalid_request', 'AADSTS90002'],
    ['invalid_request', 'AADSTS900023'],
  ])('ends nothing where the operator has to (%s, %s)', async (error, code) => {
    const message = expect.stringMatching(`^Microsoft refuses the requests of this server \\(${code}\\)`);
    expect(await faultAtMicrosoft([error, code])).toMatchObject({ fault: 'refused', code, message });
  });

  test.each([
    ['invalid_grant', 'AADSTS50196'],
    ['invalid_request', 'AADSTS90055'],
    ['invalid_grant', 'AADSTS90033'],
  ])('PROV-05 ends nothing where only time is needed (%s, %s)', async (error, code) => {
    expect(await faultAtMicrosoft([error, code])).toMatchObject({ fault: 'unreachable', code });
  });

  test.each([
    ['AADSTS65001', 'refused', /^An administrator of your organization has to allow/],
    ['AADSTS53003', 'refused', /^A rule of your organization forbids this sign-in at Microsoft \(AADSTS53003\)/],
    ['AADSTS50173', 'credentials', /sign in again/],
  ])('for sending alone, %s is the fault %s', async (code, fault, sentence) => {
    const refused = await faultAtMicrosoft(['invalid_grant', code], 'graph');
    expect([refused.fault, refused.message]).toEqual([fault, expect.stringMatching(sentence)]);
  });
});

describe('what a provider answers', () => {
  test.each<[string, object]>([
    ['a control character in the access token', { access_token: 'A\u0001auth=Bearer B' }],
    ['a line break in the access token', { access_token: 'A\r\nX: y' }],
    ['an access token beyond ASCII', { access_token: 'Ä1' }],
    ['an access token that is too long to be kept', { access_token: 'A'.repeat(40_000) }],
    ['a refresh token that is too long to be kept', { refresh_token: 'R'.repeat(27_999) }],
    ['a refresh token that is too long once it is sealed', { refresh_token: '"'.repeat(14_000) }],
    ['an empty access token', { access_token: '' }],
    ['a lifetime that is negative', { expires_in: -1 }],
    ['a lifetime that is a word', { expires_in: 'soon' }],
    ['another type of token', { token_type: 'mac' }],
  ])('%s is refused with a sentence', async (_what, members) => {
    expect(await faultOf(json(members))).toEqual(['Provider', 'refused', expect.stringContaining('id.example.com')]);
  });

  test.each<[string, object, number]>([
    ['0', { expires_in: 0 }, 0],
    ['a number as text', { expires_in: '60' }, 60],
    ['a hundred years', { expires_in: 3e9 }, 86_400],
    ['nothing', { expires_in: undefined }, 300],
  ])('a lifetime of %s', async (_what, members, lifetimeSeconds) => {
    expect(await clientOf(json(members)).refresh('R0', 'mail')).toMatchObject({ lifetimeSeconds });
  });

  test('an answer without an end is not read to its end', async () => {
    const read = { bytes: 0 };
    expect((await faultOf(endless(read)))[1]).toBe('refused');
    expect(read.bytes).toBeLessThan(2 * 1024 * 1024);
  });

  test.each([
    ['time runs out', 'timeout', new DOMException('late', 'TimeoutError')],
    ['the connection ends', 'unreachable', new TypeError('terminated')],
  ])('%s in the middle of an answer: it is the fault %s', async (_what, fault, reason) => {
    expect((await faultOf(broken(reason)))[1]).toBe(fault);
  });

  test('a redirect is not followed', async () => {
    let requests = 0;
    const redirect = async () => {
      requests += 1;
      return new Response(null, { status: 307, headers: { location: 'http://127.0.0.1:9/' } });
    };
    expect((await faultOf(redirect))[1]).toBe('refused');
    expect(requests).toBe(1);
  });

  test.each(['nonsense', 7, 'javascript:alert(1)', 'https://a;b.example/'])(
    'the authorization endpoint %s leaves the page as it is',
    async (authorization_endpoint) => {
      const client = clientOf(json({}), { ...METADATA, authorization_endpoint });
      expect(await client.authorizationOrigin()).toBe(ISSUER);
      const secrets = { state: 's', nonce: 'n', codeVerifier: 'v'.repeat(43) };
      await expect(client.authorizationUrl(secrets, { isConsentAsked: false })).rejects.toMatchObject({
        ...{ service: 'Provider', fault: 'refused' },
      });
    },
  );
});
