/** Implements the client side of OAuth for a client with a client id and a secret. */
import type { OAuthClientProvider, OAuthDiscoveryState, OAuthTokens } from '@modelcontextprotocol/client';

/** Keeps the tokens of a client with a client id, and the URL of the sign-in page. */
export class RegisteredClient implements OAuthClientProvider {
  readonly redirectUrl: string;
  /** URL of the sign-in page; set when the server requires a sign-in. */
  authorizationUrl: URL | undefined;
  readonly #registration: { client_id: string; client_secret?: string };
  #tokens: OAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  constructor(registration: { client_id: string; client_secret?: string | undefined }, redirectUrl: string) {
    const { client_id, client_secret } = registration;
    this.#registration = client_secret === undefined ? { client_id } : { client_id, client_secret };
    this.redirectUrl = redirectUrl;
  }

  get clientMetadata() {
    return { client_name: 'mail-mcp demo', redirect_uris: [this.redirectUrl] };
  }

  clientInformation() {
    return this.#registration;
  }

  tokens() {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens) {
    this.#tokens = tokens;
  }

  redirectToAuthorization(url: URL) {
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }

  codeVerifier() {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovery = state;
  }

  discoveryState() {
    return this.#discovery;
  }
}
