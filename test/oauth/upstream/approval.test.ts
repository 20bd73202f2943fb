/** Checks what providers say of an account: organization, scopes, audience, and the address as a proposal. */
import { describe, expect, test } from 'vitest';
import type { ProviderSignIn } from '../../../src/mail/account.ts';
import { approvedBy, refreshedTokens } from '../../../src/oauth/upstream/approval.ts';
import type { ProviderTokens } from '../../../src/oauth/upstream/provider-client.ts';
import { providerOf } from '../../../src/oauth/upstream/providers.ts';

const OPENID: ProviderSignIn = { provider: 'openid', issuer: 'https://id.example.com', scopes: ['imap', 'smtp'] };
const GOOGLE: ProviderSignIn = { provider: 'google' };
const MICROSOFT: ProviderSignIn = { provider: 'microsoft' };

function approve(signIn: ProviderSignIn, tokens: Partial<ProviderTokens>) {
  const issued = { accessToken: 'opaque', lifetimeSeconds: 3600, refreshToken: 'refresh', ...tokens };
  return approvedBy(signIn, providerOf(signIn), issued, 'a'.repeat(22));
}

const reasonOf = (signIn: ProviderSignIn, tokens: Partial<ProviderTokens>): string => {
  try {
    approve(signIn, tokens);
    return 'approved';
  } catch (error) {
    return (error as { reason: string }).reason;
  }
};

describe('the organization', () => {
  const scope = 'https://mail.google.com/ IMAP.AccessAsUser.All SMTP.Send imap smtp';

  test.each<[string, ProviderSignIn, Record<string, unknown>, string]>([
    ['Google: its domain', { ...GOOGLE, tenants: ['example.com'] }, { hd: 'example.com' }, 'approved'],
    ['another one', { ...GOOGLE, tenants: ['example.com'] }, { hd: 'example.com.evil.example' }, 'other_tenant'],
    ['Google: an address alone', { ...GOOGLE, tenants: ['example.com'] }, { email: 'a@example.com' }, 'other_tenant'],
    ['Google: a tenant id', { ...GOOGLE, tenants: ['example.com'] }, { tid: 'example.com' }, 'other_tenant'],
    ['Google: a list', { ...GOOGLE, tenants: ['example.com'] }, { hd: ['example.com'] }, 'other_tenant'],
    ['Microsoft: its id', { ...MICROSOFT, tenants: ['one', 'two'] }, { tid: 'TWO' }, 'approved'],
    ['Microsoft: a domain', { ...MICROSOFT, tenants: ['example.com'] }, { hd: 'example.com' }, 'other_tenant'],
    ['Microsoft: an address', { ...MICROSOFT, tenants: ['example.com'] }, { upn: 'a@example.com' }, 'other_tenant'],
    ['Microsoft: nothing', { ...MICROSOFT, tenants: ['one'] }, {}, 'other_tenant'],
    [
      'another provider, which asserts none',
      { ...OPENID, tenants: ['one'] },
      { tid: 'one', hd: 'one' },
      'other_tenant',
    ],
    ['none required', MICROSOFT, { tid: 'any' }, 'approved'],
  ])('PROV-02 %s', (_what, signIn, claims, outcome) => {
    expect(reasonOf(signIn, { claims, scope })).toBe(outcome);
  });

  test('without an ID token no required organization is asserted', () => {
    expect(reasonOf({ provider: 'fastmail', tenants: ['one'] }, { scope: undefined })).toBe('other_tenant');
  });
});

describe('the scopes', () => {
  test.each<[ProviderSignIn, string | undefined, string]>([
    [OPENID, 'openid imap smtp', 'approved'],
    [OPENID, 'openid imap', 'missing_scope'],
    [OPENID, 'openid imapx smtp', 'missing_scope'],
    [OPENID, undefined, 'approved'],
    [GOOGLE, 'openid https://mail.google.com/', 'approved'],
    [GOOGLE, 'openid https://www.googleapis.com/auth/gmail.readonly', 'missing_scope'],
    [GOOGLE, undefined, 'missing_scope'],
    [MICROSOFT, 'IMAP.AccessAsUser.All SMTP.Send', 'approved'],
    [MICROSOFT, 'https://outlook.office.com/imap.accessasuser.all https://outlook.office.com/SMTP.Send', 'approved'],
    [MICROSOFT, 'https://outlook.office.com/SMTP.Send', 'missing_scope'],
  ])('%o with "%s": %s', (signIn, scope, outcome) => {
    expect(reasonOf(signIn, { scope })).toBe(outcome);
  });
});

describe('the audience of a JWT', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwtFor = (aud: unknown) => `${part({ alg: 'RS256' })}.${part({ aud })}.c2ln`;
  const scope = 'IMAP.AccessAsUser.All SMTP.Send';

  test.each([
    ['https://outlook.office.com', 'approved'],
    ['https://outlook.office.com/', 'approved'],
    [['https://outlook.office365.com'], 'approved'],
    ['https://graph.microsoft.com', 'wrong_audience'],
    ['https://outlook.office.com.evil.example', 'wrong_audience'],
    [undefined, 'wrong_audience'],
    [[], 'wrong_audience'],
    [7, 'wrong_audience'],
    [{ 0: 'https://outlook.office.com' }, 'wrong_audience'],
    [['https://outlook.office.com', 7], 'wrong_audience'],
    [[['https://outlook.office.com']], 'wrong_audience'],
    [null, 'wrong_audience'],
  ])('%s: %s', (aud, outcome) => {
    expect(reasonOf(MICROSOFT, { scope, accessToken: jwtFor(aud) })).toBe(outcome);
  });

  test.each(['opaque', 'a.b.c', `${part({ alg: 'RS256' })}.${part('text')}.c2ln`])(
    '%s, which is none, is left to the mail server',
    (accessToken) => {
      expect(reasonOf(MICROSOFT, { scope, accessToken })).toBe('approved');
    },
  );
});

describe('PROV-02 what a refresh brings', () => {
  const jwt = (claims: object) =>
    ['{"alg":"RS256"}', JSON.stringify(claims), 'c2ln']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
  const EXCHANGE = 'https://outlook.office.com';
  const ofTenant = { ...MICROSOFT, tenants: ['one', 'two'] };

  function outcomeOf(signIn: ProviderSignIn, issued: Partial<ProviderTokens>, resource: 'mail' | 'graph' = 'mail') {
    const tokens = { accessToken: 'opaque', lifetimeSeconds: 3600, ...issued };
    try {
      return refreshedTokens(signIn, providerOf(signIn), { tokens, resource }) === tokens ? 'used' : 'changed';
    } catch (error) {
      return `${(error as { fault: string }).fault} ${(error as { code: string }).code}`;
    }
  }

  test.each<[string, ProviderSignIn, Partial<ProviderTokens>, string]>([
    ['an organization that is allowed', ofTenant, { claims: { tid: 'TWO' } }, 'used'],
    ['another one', ofTenant, { claims: { tid: 'three' } }, 'credentials OTHER_TENANT'],
    [
      'another one, in the access token',
      ofTenant,
      { accessToken: jwt({ aud: EXCHANGE, tid: 'three' }) },
      'credentials OTHER_TENANT',
    ],
    ['another domain', { ...GOOGLE, tenants: ['one'] }, { claims: { hd: 'two' } }, 'credentials OTHER_TENANT'],
    ['no domain', { ...GOOGLE, tenants: ['one'] }, { claims: {} }, 'credentials OTHER_TENANT'],
    ['no assertion', { ...GOOGLE, tenants: ['one'] }, {}, 'used'],
    ['no assertion, and a JWT', ofTenant, { accessToken: jwt({ aud: EXCHANGE }) }, 'used'],
    ['none required', MICROSOFT, { claims: { tid: 'three' } }, 'used'],
    ['no scope in the answer', GOOGLE, { scope: undefined }, 'used'],
    ['fewer scopes', GOOGLE, { scope: 'openid' }, 'refused MISSING_SCOPE'],
    [
      'a token for another resource',
      MICROSOFT,
      { accessToken: jwt({ aud: 'https://graph.microsoft.com' }) },
      'refused WRONG_AUDIENCE',
    ],
  ])('%s', (_what, signIn, issued, outcome) => {
    expect(outcomeOf(signIn, issued)).toBe(outcome);
  });

  test.each([
    [{ scope: 'Mail.Send', accessToken: jwt({ aud: 'https://graph.microsoft.com' }) }, 'used'],
    [{ scope: 'IMAP.AccessAsUser.All' }, 'refused MISSING_SCOPE'],
    [{ accessToken: jwt({ aud: EXCHANGE }) }, 'refused WRONG_AUDIENCE'],
  ])('for sending, row %#', (issued, outcome) => {
    expect(outcomeOf(MICROSOFT, issued, 'graph')).toBe(outcome);
  });
});

describe('the account', () => {
  const scope = 'imap smtp';

  test.each([
    [{ email: 'a@example.com', upn: 'b@example.com' }, 'a@example.com'],
    [{ email: 'no address', preferred_username: 'b@example.com' }, 'b@example.com'],
    [{ email: 7, upn: 'c@example.com' }, 'c@example.com'],
    [{ email: 'a@b@c' }, undefined],
    [{ email: 'a\r\nb@example.com' }, undefined],
    [{ email: 'a\0@example.com' }, undefined],
    [{ email: `${'a'.repeat(400)}@example.com` }, undefined],
    [{ email: 'a@example.com\x01' }, undefined],
    [{ email: 'a,b@example.com' }, undefined],
    [{ email: 'a@example.com>,<b' }, undefined],
    [{ email: '"a"@example.com' }, undefined],
    [{}, undefined],
  ])('row %#: an address is proposed if it is one', (claims, address) => {
    expect(approve(OPENID, { scope, claims }).address).toBe(address);
  });

  test('its name is short, and has no control characters', () => {
    const { name } = approve(OPENID, { scope, claims: { name: `Ada\r\nBcc: x${'y'.repeat(400)}` } });
    expect(name).toMatch(/^Ada {2}Bcc: xy+$/);
    expect(name).toHaveLength(256);
  });

  test('what is sealed of it is the provider, the approval and the refresh token', () => {
    const { facts } = approve(OPENID, { scope, claims: { sub: 'subject', email: 'a@example.com' } });
    const common = { approval: 'a'.repeat(22), provider_token: 'refresh' };
    expect(facts).toEqual({ ...common, sign_in: 'openid', provider_hash: expect.stringMatching(/^[\w-]{11}$/) });
    expect(approve(MICROSOFT, { claims: {} }).facts).toEqual({ ...common, sign_in: 'microsoft' });
  });
});
