/** Declares what the authorization server gets from outside: configuration, clock, state, clients and the login check. */
import type { Service, VerifyLogin } from '../account.ts';
import type { Log } from '../log.ts';
import type { Policy, Power } from '../policy.ts';
import type { Config } from '../settings/config.ts';
import type { State } from '../state/state.ts';
import type { Clients } from './client/clients.ts';
import type { Pages } from './pages/pages.ts';
import type { Keyring } from './sealed/jwe.ts';
import type { ProviderAccess } from './upstream/provider-access.ts';
import type { Upstream } from './upstream/upstream.ts';

export interface OAuthServices {
  /** Public origin without a trailing slash; compared byte by byte by clients (RFC 8414 §3.3). */
  issuer: string;
  /** Whether the metadata is also served at the paths of OpenID Connect, and of clients that use `/mcp` as the issuer. */
  hasMetadataAliases: boolean;
  keyring: Keyring;
  now: () => Date;
  log: Log;
  state: State;
  /** Number of processes that serve the same issuer. */
  replicas: number;
  operator: Config['operator'];
  pages: Pages;
  clients: Clients;
  verifyLogin: VerifyLogin;
  upstream: Upstream;
  providerAccess: ProviderAccess;
  /** Waits before a sign-in that is delayed; by default with a timer. */
  pause?: (milliseconds: number) => Promise<void>;
  /** @returns the powers that an operator's policy allows */
  powersLeft: (policy: Policy, service: Service) => readonly Power[];
}
