/** Declares what is known about an MCP client: its redirect URIs, its metadata, and the ways in which it signs in. */
import { fullHandshake } from './conversations.ts';
import type { Discovered, Flow, NewClient } from './replay.ts';

export interface KnownClient {
  name: string;
  /** The flags with which the operator mints its registration. */
  flags: { preset?: string[]; public?: boolean; redirectUri?: string[] };
  flows: Flow[];
  /** Its registration request (RFC 7591); absent if it has none, or none was observed. */
  registers?: NewClient;
  /** Its client metadata document; absent if it has none. The URL of the document is its `client_id`. */
  document?: NewClient & { client_id: string };
  /** `TRUSTED_CLIENT_HOSTS` for its document; absent if it is trusted by default. */
  trustedHosts?: string;
}

/** The metadata of most clients. */
export const publicClient = (client_name: string, ...redirect_uris: string[]): NewClient => ({
  client_name,
  redirect_uris,
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
});

const withAllScopes = ({ resource, scopes }: Discovered) => ({ scope: scopes, resource });

/** The scope of the challenge, and `offline_access` to request a refresh token. */
export const asTheSdk = ({ resource, challengeScope }: Discovered) => ({
  scope: `${challengeScope} offline_access`,
  prompt: 'consent',
  resource,
});

/** Defaults of most clients: they send `resource`, request all scopes, and begin with initialize. */
export const flow = (title: string, redirectUri: string, more: Partial<Flow> = {}): Flow => ({
  title,
  redirectUri,
  asks: withAllScopes,
  namesResource: true,
  conversation: fullHandshake,
  ...more,
});
