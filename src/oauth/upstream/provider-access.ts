/**
 * Obtains access tokens from providers with the refresh token of a grant, one request at a time for each approval, and keeps them until they expire: in
 * memory, and sealed in the state for the other replicas.
 *
 * Invariant: a refresh token that its provider has replaced is not used again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UpstreamError } from '../../errors.ts';
import { describeError, type Log } from '../../log.ts';
import type { AccessTokens, ProviderToken } from '../../mail/access-tokens.ts';
import type { ProviderLogin } from '../../mail/account.ts';
import type { State } from '../../state/state.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { SEALED_TYPES } from '../sealed/sealed-types.ts';
import { type ApprovalNotes, createApprovalNotes } from './approval-notes.ts';
import { createKeptTokens } from './kept-tokens.ts';
import type { ProviderTokens } from './provider-client.ts';
import type { Upstream } from './upstream.ts';

type Resource = 'mail' | 'graph';

/** What access tokens are kept for. */
type Approval = Pick<ProviderLogin, 'approval' | 'signIn'>;

export interface ProviderAccess extends AccessTokens {
  /**
   * Asks the provider for a new access token, in the place of a trial login.
   *
   * @returns the newest refresh token of the approval
   * @throws {UpstreamError} as AccessTokens.get()
   */
  renew(login: ProviderLogin): Promise<{ refreshToken: string }>;
  /** Keeps what the provider has issued at the sign-in. */
  keep(approval: Approval, tokens: ProviderTokens): Promise<void>;
}

interface Services {
  upstream: Pick<Upstream, 'clientOf' | 'providerOf'>;
  state: State;
  keyring: Keyring;
  now: () => Date;
  log: Log;
}

/** A request to the provider and its commands to the state end before it. After it, the turn of a process that has ended is free. */
const TURN_SECONDS = 30;
const MAX_WAIT_MS = 25_000;
const POLL_MS = 100;

/** A shorter rest of a lifetime is not worth a note of another replica. */
const MIN_LEFT_MS = 15_000;

const MAX_KEPT = 10_000;

export function createProviderAccess(services: Services): ProviderAccess {
  const { upstream, state, now } = services;
  const kept = createKeptTokens();
  const running = new Map<string, Promise<ProviderToken>>();
  const notes = createApprovalNotes(services);
  const refreshTokens = createRefreshTokens(services, notes);
  const inTurn = createTurns(services);

  /** What another replica has obtained. */
  async function fromState(login: ProviderLogin, resource: Resource): Promise<ProviderToken | undefined> {
    if (!state.isShared) return undefined;
    const note = await ifReachable(notes.read(login.approval, resource));
    if (note === undefined || kept.isRefused(keyOf(login, resource), note.value)) return undefined;
    const leftMs = note.expiresAt.getTime() - now().getTime();
    if (leftMs <= MIN_LEFT_MS) return undefined;
    return { ...kept.put(keyOf(login, resource), note.value, leftMs), isNew: false };
  }

  async function request(login: ProviderLogin, resource: Resource): Promise<ProviderToken> {
    const refreshToken = await refreshTokens.newestOf(login);
    const tokens = await upstream.clientOf(login.signIn).refresh(refreshToken, resource);
    await refreshTokens.keep(login, tokens);
    return keepAccessToken(login, resource, tokens);
  }

  async function keepAccessToken(login: Approval, resource: Resource, tokens: ProviderTokens): Promise<ProviderToken> {
    const lifetimeMs = tokens.lifetimeSeconds * 1000;
    const token = kept.put(keyOf(login, resource), tokens.accessToken, lifetimeMs);
    const note = { value: tokens.accessToken, expiresAt: new Date(now().getTime() + lifetimeMs) };
    if (state.isShared) await ifReachable(notes.write(login.approval, resource, note));
    return token;
  }

  /** The requests of one approval run one after another, on all replicas. */
  function requestInTurn(login: ProviderLogin, resource: Resource, isForced: boolean): Promise<ProviderToken> {
    const run = () =>
      inTurn(login.approval, async () => {
        const known = isForced ? undefined : await fromState(login, resource);
        return known ?? request(login, resource);
      });
    const earlier = running.get(login.approval);
    const next = (earlier === undefined ? run() : earlier.then(noop, noop).then(run)).finally(() => {
      if (running.get(login.approval) === next) running.delete(login.approval);
    });
    running.set(login.approval, next);
    return next;
  }

  return {
    async get(login, resource) {
      const key = keyOf(login, resource);
      const known = kept.get(key) ?? (await fromState(login, resource));
      if (known !== undefined) return known;
      // Calls that wait for the request of another one use what it has brought.
      await running.get(login.approval)?.catch(noop);
      return kept.get(key) ?? requestInTurn(login, resource, false);
    },
    discard: (login, resource, token) => kept.refuse(keyOf(login, resource), token),
    async renew(login) {
      await requestInTurn(login, 'mail', true);
      return { refreshToken: await refreshTokens.newestOf(login) };
    },
    async keep(login, tokens) {
      await refreshTokens.keep(login, tokens);
      await keepAccessToken(login, 'mail', tokens);
    },
  };
}

/** The newest refresh token of each approval: in memory, and in the state where the provider replaces them. */
function createRefreshTokens({ upstream, now, log }: Services, notes: ApprovalNotes) {
  const newest = new Map<string, string>();
  return {
    /** @throws {UpstreamError} if the provider replaces refresh tokens, and the state cannot say which one is the newest: an older one may end the approval */
    async newestOf({ approval, signIn, refreshToken }: ProviderLogin): Promise<string> {
      const stored = upstream.providerOf(signIn).isRotating
        ? (await notes.read(approval, 'refresh'))?.value
        : undefined;
      return stored ?? newest.get(approval) ?? refreshToken;
    },
    async keep({ approval, signIn }: Approval, { refreshToken }: ProviderTokens): Promise<void> {
      if (refreshToken === undefined) return;
      for (const key of newest.keys()) if (newest.size >= MAX_KEPT) newest.delete(key);
      newest.set(approval, refreshToken);
      if (!upstream.providerOf(signIn).isRotating) return;
      const until = new Date(now().getTime() + SEALED_TYPES.providerToken.lifetimeSeconds * 1000);
      await notes.write(approval, 'refresh', { value: refreshToken, expiresAt: until }).catch((error: unknown) => {
        if (!(error instanceof UpstreamError)) throw error;
        log.error(
          { error: describeError(error) },
          'a new refresh token of a provider is in the memory of this process alone',
        );
      });
    },
  };
}

/** @returns a function that runs the work of one approval at a time, on all replicas; without the state, on this one alone */
function createTurns({ state, now }: Services) {
  return async function inTurn<T>(approval: string, run: () => Promise<T>): Promise<T> {
    if (!state.isShared) return run();
    const turn = `provider-turn:${approval}`;
    const claim = () => state.claim(turn, new Date(now().getTime() + TURN_SECONDS * 1000));
    for (let waitedMs = 0; (await ifReachable(claim())) instanceof Date; waitedMs += POLL_MS) {
      if (waitedMs >= MAX_WAIT_MS) throw busy();
      await sleep(POLL_MS);
    }
    try {
      return await run();
    } finally {
      await state.release(turn).catch(noop);
    }
  };
}

/** @returns `undefined` if the state cannot be reached */
async function ifReachable<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: unknown) => {
    if (error instanceof UpstreamError) return undefined;
    throw error;
  });
}

const noop = () => undefined;

const keyOf = ({ approval }: Approval, resource: Resource): string => `${approval} ${resource}`;

const busy = (): UpstreamError =>
  new UpstreamError('Provider', 'timeout', 'Another request to the provider takes too long. Try again in a minute.', {
    code: 'BUSY',
  });
