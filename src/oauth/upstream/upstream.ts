/**
 * Signs account owners in at the OpenID provider in front of their mail servers, and obtains access tokens there (RFC 6749, OpenID Connect Core 1.0).
 *
 * Invariant: only the operator chooses a provider; what it says of an address decides nothing.
 */
import { UpstreamError } from '../../errors.ts';
import type { ProviderSignIn } from '../../mail/account.ts';
import { en } from '../pages/languages/en.ts';
import { redirectUriOf } from './callback-path.ts';
import { NOT_REGISTERED } from './fault-report.ts';
import { createProviderClient, type ProviderClient, type ProviderClientOptions } from './provider-client.ts';
import { type Provider, providerOf, type Registration, type Registrations } from './providers.ts';

export interface Upstream {
  providerOf(signIn: ProviderSignIn): Provider;
  /** @throws {UpstreamError} `refused` if neither the connection nor the settings have a registration at the provider */
  clientOf(signIn: ProviderSignIn): ProviderClient;
}

/** More than the registrations of any installation. */
const MAX_CLIENTS = 1_000;

export function createUpstream({
  issuer,
  registrations,
  fetch,
}: {
  /** Public origin of this server. */
  issuer: string;
  registrations: Registrations;
  fetch?: ProviderClientOptions['fetch'];
}): Upstream {
  const clients = new Map<string, ProviderClient>();
  return {
    providerOf,
    clientOf(signIn) {
      const provider = providerOf(signIn);
      const registration = registrationOf(signIn, registrations);
      const redirectUri = redirectUriOf(issuer, signIn);
      const key = JSON.stringify([provider.issuer, redirectUri, registration, provider.mailScopes]);
      const client = clients.get(key) ?? createProviderClient({ provider, registration, redirectUri, fetch });
      if (clients.size >= MAX_CLIENTS) clients.clear();
      clients.set(key, client);
      return client;
    },
  };
}

function registrationOf(signIn: ProviderSignIn, known: Registrations): Registration {
  const { provider, clientId, clientSecret } = signIn;
  const registration = clientId === undefined ? known[provider] : { clientId, clientSecret };
  if (registration !== undefined) return registration;
  const { title } = providerOf(signIn);
  const sentence = en.providerRefusals.notRegistered({ provider: title });
  throw new UpstreamError('Provider', 'refused', sentence, { code: NOT_REGISTERED });
}
