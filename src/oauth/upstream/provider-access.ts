/**
 * Obtains access tokens from providers with the refresh token of a grant, one request at a time for each approval, and keeps them until they expire: in
 * memory, and sealed in the state for the other replicas.
 *
 * Invariant: a refresh token that its provider has replaced is not used again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { AccessTokens, ProviderToken } from '../../mail/access-tokens.ts';
import type { ProviderLogin } from '../../mail/account.ts';
import type { State } from '../../state/state.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { refreshedTokens } from './approval.ts';
import { type ApprovalNotes, createApprovalNotes } from './approval-notes.ts';
import { reportFault } from './fault-report.ts';
import { createKeptTokens, type KeptTokens } from './kept-tokens.ts';
import type { ProviderTokens } from './provider-client.ts';
import { createRefreshTokens } from './refresh-tokens.ts';
import { asUnreachable, createStoredTokens } from './stored-tokens.ts';
import type { Upstream } from './upstream.ts';

type Resource = 'mail' | 'graph';

/** What access tokens are kept for. */
type Approval = Pick<ProviderLogin, 'approval' | 'signIn' | 'custody'>;

export interface ProviderAccess extends AccessTokens {
  /**
   * Asks the provider for a new access token, in the place of a trial login.
   *
   * @returns the newest refresh token of the approval; without one if the client's tokens have no room for it
   * @throws {UpstreamError} as AccessTokens.get()
   */
  renew(login: ProviderLogin): Promise<{ refreshToken?: string }>;
  /**
   * Keeps what the provider has issued at the sign-in; a refresh token that belongs into the state until the code was exchanged.
   *
   * @param options.isOnce it is used at once and not refreshed
   * @throws {UpstreamError} as the state, if the refresh token belongs there
   */
  keep(approval: Approval, tokens: ProviderTokens, options?: { isOnce?: boolean }): Promise<void>;
  /** Puts a refresh token into the state until the code was exchanged. @throws {RangeError} if it is too long; {UpstreamError} as the state */
  deposit(approval: Approval, refreshToken: string): Promise<void>;
  /** Keeps until the grant ends what was put into the state, if anything was. @throws {UpstreamError} as AccessTokens.get() */
  settle(login: ProviderLogin, until: Date): Promise<void>;
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

export function createProviderAccess(services: Services): ProviderAccess {
  const { now } = services;
  const kept = createKeptTokens();
  /** What is being obtained, for all calls that want it. */
  const wanted = new Map<string, Promise<ProviderToken>>();
  const notes = createApprovalNotes(services);
  const stored = createStoredTokens(notes, now);
  const refreshTokens = createRefreshTokens({ ...services, stored });
  const inTurn = createQueues(createTurns(services, refreshTokens));
  const issue = createIssue(services, refreshTokens);
  const { fromState, keepAccessToken } = createSharedTokens(services, { notes, kept });

  async function request(login: ProviderLogin, resource: Resource): Promise<ProviderToken> {
    return keepAccessToken(login, resource, await issue(login, resource));
  }

  const requestInTurn = (login: ProviderLogin, resource: Resource, isForced: boolean): Promise<ProviderToken> =>
    inTurn(login, async () => {
      const known = isForced ? undefined : (kept.get(keyOf(login, resource)) ?? (await fromState(login, resource)));
      return known ?? request(login, resource);
    });

  /** @throws {UpstreamError} as `work`; marked if the state could not be reached and has the refresh token */
  const ofLogin = <T>(login: Approval, work: Promise<T>): Promise<T> =>
    refreshTokens.isStored(login) ? work.catch(asUnreachable) : work;

  return {
    async get(login, resource) {
      const key = keyOf(login, resource);
      const known = kept.get(key) ?? wanted.get(key);
      if (known !== undefined) return known;
      const obtain = async () => (await fromState(login, resource)) ?? requestInTurn(login, resource, false);
      const obtaining = ofLogin(login, obtain()).finally(() => wanted.delete(key));
      wanted.set(key, obtaining);
      return obtaining;
    },
    discard: (login, resource, token) => kept.refuse(keyOf(login, resource), token),
    async renew(login) {
      await ofLogin(login, requestInTurn(login, 'mail', true));
      const refreshToken = refreshTokens.remembered(login);
      return refreshToken === undefined ? {} : { refreshToken };
    },
    async keep(login, tokens, { isOnce = false } = {}) {
      const { refreshToken } = tokens;
      // In custody it was put there before.
      const isToStore = !isOnce && login.custody === undefined && refreshTokens.isStored(login);
      if (isToStore && refreshToken !== undefined) await stored.deposit(login, refreshToken);
      await keepAccessToken(login, 'mail', tokens);
    },
    deposit: stored.deposit,
    async settle(login, expiresAt) {
      if (!refreshTokens.isStored(login)) return;
      // In its turn: beside a refresh it would write the replaced one back.
      const settling = inTurn(login, async () => {
        const { value } = await stored.read(login);
        await stored.replace(login, { value, expiresAt });
      });
      await ofLogin(login, settling);
    },
  };
}

/** @returns a function that requests tokens, checks them and logs faults */
function createIssue({ upstream, log }: Services, { use }: Pick<ReturnType<typeof createRefreshTokens>, 'use'>) {
  return async function issue(login: ProviderLogin, resource: Resource): Promise<ProviderTokens> {
    const { signIn } = login;
    try {
      const tokens = await use(login, resource);
      return refreshedTokens(signIn, upstream.providerOf(signIn), { tokens, resource });
    } catch (error) {
      reportFault(error, signIn, { log, what: 'a provider has issued no access token' });
      throw error;
    }
  };
}

/** Shares access tokens with the other replicas. */
function createSharedTokens({ state, now }: Services, { notes, kept }: { notes: ApprovalNotes; kept: KeptTokens }) {
  /** What another replica has obtained. */
  async function fromState(login: ProviderLogin, resource: Resource): Promise<ProviderToken | undefined> {
    if (!state.isShared) return undefined;
    const note = await ifReachable(notes.read(login, resource));
    if (note === undefined || kept.isRefused(keyOf(login, resource), note.value)) return undefined;
    const leftMs = note.expiresAt.getTime() - now().getTime();
    const lifetimeMs = note.expiresAt.getTime() - note.issuedAt.getTime();
    const token = kept.put(keyOf(login, resource), note.value, { leftMs, lifetimeMs });
    return kept.get(keyOf(login, resource)) && { ...token, isNew: false };
  }

  async function keepAccessToken(login: Approval, resource: Resource, tokens: ProviderTokens): Promise<ProviderToken> {
    const lifetimeMs = tokens.lifetimeSeconds * 1000;
    const token = kept.put(keyOf(login, resource), tokens.accessToken, { leftMs: lifetimeMs, lifetimeMs });
    const note = { value: tokens.accessToken, expiresAt: new Date(now().getTime() + lifetimeMs) };
    if (state.isShared) await ifReachable(notes.write(login, resource, note));
    return token;
  }

  return { fromState, keepAccessToken };
}

/** @returns a function that runs the work of one approval one after another in this process, each in its turn */
function createQueues(inTurn: ReturnType<typeof createTurns>): ReturnType<typeof createTurns> {
  /** The last work of each approval. */
  const running = new Map<string, Promise<unknown>>();
  return function inQueue<T>(login: Approval, work: () => Promise<T>): Promise<T> {
    const run = () => inTurn(login, work);
    const earlier = running.get(login.approval);
    const next = (earlier === undefined ? run() : earlier.then(noop, noop).then(run)).finally(() => {
      if (running.get(login.approval) === next) running.delete(login.approval);
    });
    running.set(login.approval, next);
    return next;
  };
}

/**
 * @returns a function that runs the work of one approval at a time, on all replicas. Without the state, on this one alone; if it has the refresh token, it
 *   is required
 */
function createTurns({ state, now }: Services, { isStored }: Pick<ReturnType<typeof createRefreshTokens>, 'isStored'>) {
  return async function inTurn<T>(login: Approval, run: () => Promise<T>): Promise<T> {
    if (!state.isShared) return run();
    const isRequired = isStored(login);
    const turn = `provider-turn:${login.approval}`;
    const claim = () => state.claim(turn, new Date(now().getTime() + TURN_SECONDS * 1000));
    for (let waitedMs = 0; (await (isRequired ? claim() : ifReachable(claim()))) instanceof Date; waitedMs += POLL_MS) {
      if (waitedMs >= MAX_WAIT_MS) throw busy();
      await sleep(POLL_MS);
    }
    const endsAt = performance.now() + TURN_SECONDS * 1000;
    try {
      return await run();
    } finally {
      // After its end it belongs to another process.
      if (performance.now() < endsAt) await state.release(turn).catch(noop);
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
