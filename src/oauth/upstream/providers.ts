/** Describes the OpenID providers in front of mail servers: endpoints, scopes, and how each deviates. The documentation behind each row is in docs/providers.md. */
import type { PROVIDERS, ProviderSignIn } from '../../mail/account.ts';

/** What this server is registered as at a provider. */
export interface Registration {
  clientId: string;
  /** Absent: a public client. */
  clientSecret?: string | undefined;
}

/** The registrations of the settings, for connections that have none of their own. */
export type Registrations = Readonly<Partial<Record<(typeof PROVIDERS)[number], Registration>>>;

export interface Provider {
  /** As people know it. */
  title: string;
  /** Issuer identifier (OpenID Connect Discovery 1.0 §4). */
  issuer: string;
  /** Endpoints of a provider that publishes no metadata, and issues no ID tokens. */
  endpoints?: { authorization: string; token: string };
  /** Scopes of the access token for the mail servers. */
  mailScopes: readonly string[];
  /** Present: messages can be sent with this scope where SMTP is switched off. */
  sendScope?: string;
  /** Further parameters of the authorization request. */
  parameters: Readonly<Record<string, string>>;
  /** Parameters with which the provider issues a refresh token although the account owner has approved before. */
  consentParameters: Readonly<Record<string, string>>;
  /** True if each refresh may end the refresh token that it used (RFC 9700 §4.14.2): then the newest one is kept in the state. */
  isRotating: boolean;
  /** True if a response without `scope` may lack some of the scopes: the account owner can untick them. */
  hasGranularConsent: boolean;
  /** `aud` of its access tokens for the mail servers, where they are JWTs. */
  audiences?: readonly string[];
  /** `aud` of those that send, likewise. */
  sendAudiences?: readonly string[];
}

/** The scopes with which every provider is asked for an ID token and a refresh token. */
export const IDENTITY_SCOPES = ['openid', 'profile', 'email', 'offline_access'] as const;

/** @throws {TypeError} if a connection to `openid` lacks its issuer: minting requires it */
export function providerOf(signIn: ProviderSignIn): Provider {
  switch (signIn.provider) {
    case 'google':
      return GOOGLE;
    case 'microsoft':
      return { ...MICROSOFT, issuer: `https://login.microsoftonline.com/${tenantOf(signIn)}/v2.0` };
    case 'fastmail':
      return FASTMAIL;
    case 'openid':
      return openidProvider(signIn);
  }
}

const GOOGLE: Provider = {
  title: 'Google',
  issuer: 'https://accounts.google.com',
  mailScopes: ['https://mail.google.com/'],
  parameters: { access_type: 'offline' },
  consentParameters: { prompt: 'consent' },
  isRotating: false,
  hasGranularConsent: true,
};

const MICROSOFT: Omit<Provider, 'issuer'> = {
  title: 'Microsoft',
  mailScopes: ['https://outlook.office.com/IMAP.AccessAsUser.All', 'https://outlook.office.com/SMTP.Send'],
  sendScope: 'https://graph.microsoft.com/Mail.Send',
  parameters: {},
  consentParameters: { prompt: 'consent' },
  isRotating: false,
  hasGranularConsent: false,
  audiences: ['https://outlook.office.com', 'https://outlook.office365.com', '00000002-0000-0ff1-ce00-000000000000'],
  sendAudiences: ['https://graph.microsoft.com', '00000003-0000-0000-c000-000000000000'],
};

const FASTMAIL: Provider = {
  title: 'Fastmail',
  issuer: 'https://api.fastmail.com',
  endpoints: {
    authorization: 'https://api.fastmail.com/oauth/authorize',
    token: 'https://api.fastmail.com/oauth/refresh',
  },
  mailScopes: ['https://www.fastmail.com/dev/protocol-imap', 'https://www.fastmail.com/dev/protocol-smtp'],
  parameters: {},
  consentParameters: { prompt: 'consent' },
  isRotating: true,
  hasGranularConsent: false,
};

/** An older name of Microsoft's issuer, whose metadata lead to the same endpoints. */
const OLD_MICROSOFT_HOST = 'sts.windows.net';

/** @returns the provider of the table that has an issuer on the same host; `undefined` if none has */
export function knownProviderOf(issuer: string): ProviderSignIn['provider'] | undefined {
  const host = new URL(issuer).hostname.replace(/\.$/, '');
  if (host === OLD_MICROSOFT_HOST) return 'microsoft';
  return (['google', 'microsoft', 'fastmail'] as const).find(
    (provider) => new URL(providerOf({ provider }).issuer).hostname === host,
  );
}

/** A tenant has endpoints of its own, at which only its accounts can sign in. */
const tenantOf = ({ tenants = [] }: ProviderSignIn): string =>
  tenants.length === 1 ? encodeURIComponent(tenants[0] ?? '') : 'common';

function openidProvider({ issuer, scopes = [] }: ProviderSignIn): Provider {
  if (issuer === undefined) throw new TypeError('a connection to an OpenID provider has no issuer');
  return {
    title: new URL(issuer).host,
    issuer,
    mailScopes: scopes,
    parameters: {},
    consentParameters: { prompt: 'consent' },
    isRotating: true,
    hasGranularConsent: false,
  };
}
