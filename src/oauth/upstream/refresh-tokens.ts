/** Remembers the newest refresh token of each approval: in memory, and in the state where the provider replaces them (RFC 9700 §4.14.2). */
import { UpstreamError } from '../../errors.ts';
import { describeError, type Log } from '../../log.ts';
import type { ProviderLogin } from '../../mail/account.ts';
import { SEALED_TYPES } from '../sealed/sealed-types.ts';
import type { ApprovalNotes, NotedApproval } from './approval-notes.ts';
import type { ProviderTokens } from './provider-client.ts';
import type { StoredTokens } from './stored-tokens.ts';
import type { Upstream } from './upstream.ts';

interface RefreshTokens {
  /**
   * Requests an access token with the newest refresh token, and keeps what comes with it.
   *
   * @throws {UpstreamError} as ProviderClient.refresh(); as StoredTokens.read() if the refresh token is in the state; of the service `Redis` if the
   *   provider replaces refresh tokens, and the state cannot say which one is the newest: an older one may end the approval
   */
  use(login: ProviderLogin, resource: 'mail' | 'graph'): Promise<ProviderTokens>;
  /** What the last request of this process has used or brought; `undefined` if the client's tokens have no room for it. */
  remembered(login: ProviderLogin): string | undefined;
  keep(approval: Approval, tokens: Pick<ProviderTokens, 'refreshToken'>): Promise<void>;
}

type Approval = Pick<ProviderLogin, 'approval' | 'signIn'>;

interface Services {
  upstream: Pick<Upstream, 'clientOf' | 'providerOf'>;
  notes: ApprovalNotes;
  stored: StoredTokens;
  now: () => Date;
  log: Log;
}

/** The refresh token to use. */
interface Newest {
  value: string;
  /** Of the record in the state; absent if the client's token has the refresh token. */
  expiresAt?: Date;
}

const MAX_REMEMBERED = 10_000;

export function createRefreshTokens({ upstream, notes, stored, now, log }: Services): RefreshTokens {
  const newest = new Map<string, string>();
  /** Approvals of which the state has an older one. */
  const unsaved = new Set<string>();

  const isReplaced = ({ signIn }: Pick<ProviderLogin, 'signIn'>) => upstream.providerOf(signIn).isRotating;

  /** @param expiresAt of the record that the token is stored in; left out where the client has one too */
  async function save(approved: NotedApproval, value: string, expiresAt?: Date): Promise<void> {
    if (expiresAt !== undefined) await stored.replace(approved, { value, expiresAt });
    else await notes.write(approved, 'refresh', { value, expiresAt: noteEnd(now()) });
    unsaved.delete(approved.approval);
    if (expiresAt !== undefined) newest.delete(approved.approval);
  }

  function remember(approval: string, refreshToken: string): void {
    for (const key of newest.keys()) {
      if (newest.size < MAX_REMEMBERED) break;
      newest.delete(key);
      unsaved.delete(key);
    }
    newest.set(approval, refreshToken);
  }

  async function newestOf(login: ProviderLogin): Promise<Newest> {
    const { approval, refreshToken = '' } = login;
    const known = newest.get(approval);
    const isUnsaved = known !== undefined && unsaved.has(approval);
    if (login.custody !== undefined) {
      const record = await stored.read(login);
      if (isUnsaved) await save(login, known, record.expiresAt);
      return isUnsaved ? { ...record, value: known } : record;
    }
    if (!isReplaced(login)) return { value: known ?? refreshToken };
    if (isUnsaved) await save(login, known);
    return { value: (await notes.read(login, 'refresh'))?.value ?? known ?? refreshToken };
  }

  async function keep(approved: Approval & NotedApproval, refreshToken: string, expiresAt?: Date): Promise<void> {
    const { approval } = approved;
    remember(approval, refreshToken);
    if (!isReplaced(approved) && expiresAt === undefined) return;
    unsaved.add(approval);
    await save(approved, refreshToken, expiresAt).catch((error: unknown) => {
      if (!(error instanceof UpstreamError) || error.service !== 'Redis') throw error;
      const what = 'a new refresh token of a provider is in the memory of this process alone';
      log.error({ error: describeError(error) }, what);
    });
  }

  return {
    async use(login, resource) {
      const client = upstream.clientOf(login.signIn);
      const { value, expiresAt } = await newestOf(login);
      let used = value;
      const tokens = await client.refresh(used, resource).catch((error: unknown) => {
        const { refreshToken } = login;
        // What this process remembers may have expired unused, while another replica has given the client a newer one.
        if (refreshToken === undefined || used === refreshToken || isReplaced(login) || !isEndOfApproval(error)) {
          throw error;
        }
        used = refreshToken;
        return client.refresh(used, resource);
      });
      // Without a new one, the one that was used stays valid (RFC 6749 §6).
      await keep(login, tokens.refreshToken ?? used, expiresAt);
      return tokens;
    },
    remembered: ({ approval, refreshToken }) => refreshToken && (newest.get(approval) ?? refreshToken),
    keep: async (approved, { refreshToken }) => (refreshToken === undefined ? undefined : keep(approved, refreshToken)),
  };
}

const noteEnd = (now: Date): Date => new Date(now.getTime() + SEALED_TYPES.providerToken.lifetimeSeconds * 1000);

const isEndOfApproval = (error: unknown): boolean => error instanceof UpstreamError && error.fault === 'credentials';
