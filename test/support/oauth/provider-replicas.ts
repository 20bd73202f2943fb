/** Starts the part of replicas that obtains access tokens, in front of one provider that answers as a test says. */
import { UpstreamError } from '../../../src/errors.ts';
import { createLog } from '../../../src/log.ts';
import type { ProviderLogin, ProviderSignIn } from '../../../src/mail/account.ts';
import { createKeyring, type Keyring } from '../../../src/oauth/sealed/jwe.ts';
import { createProviderAccess } from '../../../src/oauth/upstream/provider-access.ts';
import type { ProviderTokens } from '../../../src/oauth/upstream/provider-client.ts';
import { providerOf } from '../../../src/oauth/upstream/providers.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';
import { testKey } from '../app/oauth-app.ts';

export const ROTATING: ProviderSignIn = { provider: 'openid', issuer: 'https://id.example.com', scopes: ['imap'] };
export const LASTING: ProviderSignIn = { provider: 'google' };

export const loginAt = (signIn: ProviderLogin['signIn'], changes: Partial<ProviderLogin> = {}): ProviderLogin => ({
  ...{ kind: 'provider', username: 'ada', refreshToken: 'R0', approval: 'a'.repeat(22) },
  ...{ ...changes, signIn },
});

export const ended = () => new UpstreamError('Provider', 'credentials', 'ended', { code: 'invalid_grant' });
export const down = () => new UpstreamError('Provider', 'unreachable', 'down');
const noState = () => new UpstreamError('Redis', 'unreachable', 'no state');

/** Replicas with one state, in front of one provider that replaces refresh tokens: R0, R1, … */
export function startReplicas({ isShared = true }: { isShared?: boolean } = {}) {
  const now = () => new Date();
  const memory = createMemoryState({ now });
  const requests: string[] = [];
  const state: State = { ...memory, isShared };
  const provider = {
    lifetimeSeconds: 3600,
    /** Takes the place of an answer. */
    answer: (_refreshToken: string): Promise<ProviderTokens> | undefined => undefined,
  };
  let count = 0;
  async function refresh(refreshToken: string, resource: 'mail' | 'graph'): Promise<ProviderTokens> {
    requests.push(`${refreshToken} ${resource}`);
    count += 1;
    const issued = count;
    await new Promise(setImmediate);
    const { lifetimeSeconds } = provider;
    return (
      (await provider.answer(refreshToken)) ?? {
        ...{ accessToken: `A${issued}`, refreshToken: `R${issued}`, lifetimeSeconds },
      }
    );
  }
  const lines: string[] = [];
  const client = { ...({} as ReturnType<Parameters<typeof createProviderAccess>[0]['upstream']['clientOf']>), refresh };
  const replica = (keyring: Keyring = createKeyring({ current: testKey(), previous: [] })) =>
    createProviderAccess({
      upstream: { providerOf, clientOf: () => client },
      ...{ state, now, keyring },
      log: createLog('DEBUG', { write: (line) => void lines.push(line) }),
    });
  const failing = (...methods: (keyof State)[]) => {
    const broken = Object.fromEntries(methods.map((name) => [name, () => Promise.reject(noState())]));
    Object.assign(state, broken);
  };
  return {
    ...{ replica, requests, provider, state, failing, lines },
    repair: () => Object.assign(state, memory, { isShared }),
  };
}

export const tokenOf = async (getting: Promise<{ token: string }>) => (await getting).token;
