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
