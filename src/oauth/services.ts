/** What the authorization server needs from outside. */
import type { Service, VerifyLogin } from '../account.ts';
import type { Log } from '../log.ts';
import type { Policy, Power } from '../policy.ts';
import type { State } from '../state/state.ts';
import type { Clients } from './client/clients.ts';
import type { Keyring } from './sealed/jwe.ts';

export interface OAuthServices {
  /** Public origin without a trailing slash; compared byte by byte by clients (RFC 8414 §3.3). */
  issuer: string;
  /** Whether the metadata is also found where clients look that know OpenID Connect, or take `/mcp` for the issuer. */
  hasMetadataAliases: boolean;
  keyring: Keyring;
  now: () => Date;
  log: Log;
  state: State;
  /** Processes that serve the same issuer. */
  replicas: number;
  clients: Clients;
  verifyLogin: VerifyLogin;
  /** What an operator's policy leaves for the owner of an account to grant. */
  powersLeft: (policy: Policy, service: Service) => readonly Power[];
}
