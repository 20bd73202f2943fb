/** Remembers the newest refresh token of each approval: in memory, and in the state where the provider replaces them (RFC 9700 §4.14.2). */
import { UpstreamError } from '../../errors.ts';
import { describeError, type Log } from '../../log.ts';
import type { ProviderLogin } from '../../mail/account.ts';
import { SEALED_TYPES } from '../sealed/sealed-types.ts';
import type { ApprovalNotes } from './approval-notes.ts';
import type { ProviderTokens } from './provider-client.ts';
import type { Upstream } from './upstream.ts';

interface RefreshTokens {
  /**
   * Requests an access token with the newest refresh token, and keeps what comes with it.
   *
   * @throws {UpstreamError} as ProviderClient.refresh(); of the service `Redis` if the provider replaces refresh tokens, and the state cannot say which
   *   one is the newest: an older one may end the approval
   */
  use(login: ProviderLogin, resource: 'mail' | 'graph'): Promise<ProviderTokens>;
  /** What the last request of this process has used or brought. */
  remembered(login: ProviderLogin): string;
  keep(
    approval: Pick<ProviderLogin, 'approval' | 'signIn'>,
    tokens: Pick<ProviderTokens, 'refreshToken'>,
  ): Promise<void>;
}

interface Services {
  upstream: Pick<Upstream, 'clientOf' | 'providerOf'>;
  notes: ApprovalNotes;
  now: () => Date;
  log: Log;
}

const MAX_REMEMBERED = 10_000;

export function createRefreshTokens({ upstream, notes, now, log }: Services): RefreshTokens {
  const newest = new Map<string, string>();
  /** Approvals of which the state has an older one. */
  const unsaved = new Set<string>();

  const isReplaced = ({ signIn }: Pick<ProviderLogin, 'signIn'>) => upstream.providerOf(signIn).isRotating;

  async function save(approval: string, value: string): Promise<void> {
    const expiresAt = new Date(now().getTime() + SEALED_TYPES.providerToken.lifetimeSeconds * 1000);
    await notes.write(approval, 'refresh', { value, expiresAt });
    unsaved.delete(approval);
  }

  function remember(approval: string, refreshToken: string): void {
    for (const key of newest.keys()) {
      if (newest.size < MAX_REMEMBERED) break;
      newest.delete(key);
      unsaved.delete(key);
    }
    newest.set(approval, refreshToken);
  }

  async function newestOf(login: ProviderLogin): Promise<string> {
    const { approval, refreshToken } = login;
    const known = newest.get(approval);
    if (!isReplaced(login)) return known ?? refreshToken;
    if (known !== undefined && unsaved.has(approval)) await save(approval, known);
    return (await notes.read(approval, 'refresh'))?.value ?? known ?? refreshToken;
  }

  const keep: RefreshTokens['keep'] = async (approved, { refreshToken }) => {
    if (refreshToken === undefined) return;
    const { approval } = approved;
    remember(approval, refreshToken);
    if (!isReplaced(approved)) return;
    unsaved.add(approval);
    await save(approval, refreshToken).catch((error: unknown) => {
      if (!(error instanceof UpstreamError)) throw error;
      const what = 'a new refresh token of a provider is in the memory of this process alone';
      log.error({ error: describeError(error) }, what);
    });
  };

  return {
    async use(login, resource) {
      const client = upstream.clientOf(login.signIn);
      let used = await newestOf(login);
      const tokens = await client.refresh(used, resource).catch((error: unknown) => {
        // What this process remembers may have expired unused, while another replica has given the client a newer one.
        if (used === login.refreshToken || isReplaced(login) || !isEndOfApproval(error)) throw error;
        used = login.refreshToken;
        return client.refresh(used, resource);
      });
      // Without a new one, the one that was used stays valid (RFC 6749 §6).
      await keep(login, { refreshToken: tokens.refreshToken ?? used });
      return tokens;
    },
    remembered: ({ approval, refreshToken }) => newest.get(approval) ?? refreshToken,
    keep,
  };
}

const isEndOfApproval = (error: unknown): boolean => error instanceof UpstreamError && error.fault === 'credentials';
