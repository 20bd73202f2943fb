/** Finds what the settings lack for the sign-in of a connection at its provider: for the operator, before an account owner notices. */
import type { ProviderSignIn } from '../../mail/account.ts';
import { providerOf, type Registrations } from './providers.ts';

interface Settings {
  registrations: Registrations;
  redisUrl: string | undefined;
  replicas: number;
}

/** @returns a sentence for each fault, without its end; empty if account owners can sign in */
export function signInFaults(signIn: ProviderSignIn, { registrations, redisUrl, replicas }: Settings): string[] {
  const { title, isRotating } = providerOf(signIn);
  const isRegistered = signIn.clientId !== undefined || registrations[signIn.provider] !== undefined;
  return [
    ...(isRegistered ? [] : [registrationFault(signIn)]),
    ...(isRotating && replicas > 1 && redisUrl === undefined
      ? [
          `accounts sign in at ${title}, which replaces refresh tokens: several replicas need REDIS_URL, to keep the newest one`,
        ]
      : []),
  ];
}

/** @returns which settings a server lacks that is not registered at the provider */
export function registrationFault(signIn: ProviderSignIn): string {
  const { title } = providerOf(signIn);
  const name = signIn.provider.toUpperCase();
  return `accounts sign in at ${title}, where this server is not registered: set ${name}_CLIENT_ID and ${name}_CLIENT_SECRET, or mint with --upstream-client-id`;
}
