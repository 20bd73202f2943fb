/** Declares how the connections to mail servers get the access tokens of a provider, and logs in with one, refused ones replaced once. */
import { UpstreamError } from '../errors.ts';
import type { Login, PasswordLogin, ProviderLogin } from './account.ts';

/** An access token of a provider (RFC 6749 §1.4). */
export interface ProviderToken {
  token: string;
  /** By the monotonic clock. */
  expiresAtMs: number;
  /** True if the provider has issued it for this request: another one would not differ. */
  isNew: boolean;
}

export interface AccessTokens {
  /**
   * @param resource what the token gives access to: the mail servers, or the API that sends where SMTP is switched off
   * @throws {UpstreamError} of the service `Provider`: `credentials` if what was approved has ended there, else as it did not answer
   */
  get(login: ProviderLogin, resource: 'mail' | 'graph'): Promise<ProviderToken>;
  /** Forgets a token that a server has refused. */
  discard(login: ProviderLogin, resource: 'mail' | 'graph', token: string): void;
}

/** What is sent to a mail server: user name and password, or user name and access token. */
export type Credential = PasswordLogin | { kind: 'token'; username: string; token: string; expiresAtMs: number };

/**
 * Runs `use` with the credential of a login. If the server refuses an access token that was issued earlier, it runs once more with a new one.
 *
 * @throws {UpstreamError} as `use` and AccessTokens.get() do
 */
export async function withCredential<T>(
  login: Login,
  accessTokens: AccessTokens | undefined,
  use: (credential: Credential) => Promise<T>,
): Promise<T> {
  if (login.kind === 'password') return use(login);
  if (accessTokens === undefined) throw new Error('no access tokens of providers are available here');
  const { username } = login;
  const attempt = ({ token, expiresAtMs }: ProviderToken) => use({ kind: 'token', username, token, expiresAtMs });
  for (let isLast = false; ; isLast = true) {
    const issued = await accessTokens.get(login, 'mail');
    try {
      return await attempt(issued);
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      accessTokens.discard(login, 'mail', issued.token);
      if (isLast || issued.isNew) throw error;
    }
  }
}

/** Code of the fault of a login whose access token the server has refused. */
export const TOKEN_REFUSED = 'TOKEN_REFUSED';

const isTokenRefused = (error: unknown): boolean => error instanceof UpstreamError && error.code === TOKEN_REFUSED;
