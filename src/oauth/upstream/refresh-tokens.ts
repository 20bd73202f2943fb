/** Uses the newest refresh token of each approval: that of the state where the provider replaces them (RFC 9700 §4.14.2), or where the client has none. */
import { UpstreamError } from '../../errors.ts';
import { describeError, type Log } from '../../log.ts';
import type { ProviderLogin } from '../../mail/account.ts';
import type { ProviderTokens } from './provider-client.ts';
import type { StoredTokens } from './stored-tokens.ts';
import type { Upstream } from './upstream.ts';

interface RefreshTokens {
  /**
   * Requests an access token with the newest refresh token, and keeps what comes with it.
   *
   * @throws {UpstreamError} as ProviderClient.refresh(); as StoredTokens.read() if the refresh token is in the state: an older one may end the approval
   */
  use(login: ProviderLogin, resource: 'mail' | 'graph'): Promise<ProviderTokens>;
  /** What the last request of this process has used or brought; `undefined` if the client's tokens have no room for it. */
  remembered(login: ProviderLogin): string | undefined;
  /** Whether the newest one is in the state. */
  isStored(approval: Pick<ProviderLogin, 'signIn' | 'custody'>): boolean;
}

interface Services {
  upstream: Pick<Upstream, 'clientOf' | 'providerOf'>;
  stored: StoredTokens;
  log: Log;
}

/** The refresh token to use. */
interface Newest {
  value: string;
  /** Of the record in the state; absent if the client's token has the refresh token. */
  expiresAt?: Date;
}

const MAX_REMEMBERED = 10_000;

export function createRefreshTokens({ upstream, stored, log }: Services): RefreshTokens {
  const { newest, unsaved, remember, forget } = createMemory();

  const isStored: RefreshTokens['isStored'] = ({ signIn, custody }) =>
    custody !== undefined || upstream.providerOf(signIn).isRotating;

  async function save(login: ProviderLogin, value: string, expiresAt: Date): Promise<void> {
    const { approval, custody } = login;
    await stored.replace(login, { value, expiresAt });
    unsaved.delete(approval);
    if (custody !== undefined) newest.delete(approval);
  }

  async function newestOf(login: ProviderLogin): Promise<Newest> {
    const { approval, refreshToken = '' } = login;
    const known = newest.get(approval);
    if (!isStored(login)) return { value: known ?? refreshToken };
    const record = await stored.read(login);
    if (known === undefined || !unsaved.has(approval)) return record;
    if (record.value !== unsaved.get(approval)) {
      // Another replica has used the one that was there, and has gone on from it.
      forget(approval);
      return record;
    }
    await save(login, known, record.expiresAt);
    return { ...record, value: known };
  }

  async function keep(login: ProviderLogin, refreshToken: string, { value, expiresAt }: Newest): Promise<void> {
    const { approval } = login;
    remember(approval, refreshToken);
    if (expiresAt === undefined) return;
    unsaved.set(approval, value);
    await save(login, refreshToken, expiresAt).catch((error: unknown) => {
      if (!(error instanceof UpstreamError) || error.service !== 'Redis') throw error;
      const what = 'a new refresh token of a provider is in the memory of this process alone';
      log.error({ error: describeError(error) }, what);
    });
  }

  return {
    isStored,
    async use(login, resource) {
      const client = upstream.clientOf(login.signIn);
      const before = await newestOf(login);
      let used = before.value;
      const tokens = await client.refresh(used, resource).catch((error: unknown) => {
        const { refreshToken } = login;
        // What this process remembers may have expired unused, while another replica has given the client a newer one.
        if (isStored(login) || refreshToken === undefined || used === refreshToken || !isEndOfApproval(error)) {
          throw error;
        }
        used = refreshToken;
        return client.refresh(used, resource);
      });
      // Without a new one, the one that was used stays valid (RFC 6749 §6).
      await keep(login, tokens.refreshToken ?? used, before);
      return tokens;
    },
    remembered: ({ approval, refreshToken }) => refreshToken && (newest.get(approval) ?? refreshToken),
  };
}

/** What this process knows of each approval. */
function createMemory() {
  const newest = new Map<string, string>();
  /** What the state has in the place of the newest one, where it could not be written. */
  const unsaved = new Map<string, string>();

  function forget(approval: string): void {
    newest.delete(approval);
    unsaved.delete(approval);
  }

  function remember(approval: string, refreshToken: string): void {
    for (const key of newest.keys()) {
      if (newest.size < MAX_REMEMBERED) break;
      forget(key);
    }
    newest.set(approval, refreshToken);
  }

  return { newest, unsaved, remember, forget };
}

const isEndOfApproval = (error: unknown): boolean => error instanceof UpstreamError && error.fault === 'credentials';
