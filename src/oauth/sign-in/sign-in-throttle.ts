/**
 * Limits how often credentials may be tried on the sign-in page, so that it can be used neither to guess a password nor to keep others from signing
 * in. A login has to wait after attempts in a row. What people share (a network, a client) never has to: it only makes attempts slower, by the number
 * of distinct logins that have failed.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../account.ts';
import { createSemaphore } from '../../state/semaphore.ts';
import type { State } from '../../state/state.ts';
import { addressBlock } from '../http/address-block.ts';
import type { Sentence } from '../pages/languages/en.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createLoginLimit } from './login-limit.ts';
import { aliasesOf, type Logins, loginsOf } from './logins.ts';
import { createSharedDelays, type SharedGroup } from './shared-delays.ts';

/**
 * Attempts in a row that need no wait, of one login. From one network, a network being an address block; from all networks together; and from one
 * browser in which the login has succeeded before, which strangers cannot lock.
 */
const MAX_FREE_ATTEMPTS = { ofNetwork: 10, ofAllNetworks: 50, ofKnownBrowser: 10 };

/** Attempts of one network that are delayed at the same time. Further ones are asked to come back. */
const MAX_DELAYED_OF_NETWORK = 3;

interface SignInAttempt {
  /** 0: the servers may be asked. Otherwise nothing was counted. */
  waitSeconds: number;
  /** The servers accepted the login: the attempts before it no longer count. */
  succeeded(): Promise<void>;
  /** The login has reached no server: the attempt does not count. */
  withdraw(): Promise<void>;
}

export interface SignInThrottle {
  /**
   * Counts an attempt. To be called before the servers are asked, and again for each further attempt. It takes up to 15 s where a delay applies.
   *
   * @param attempt.clientJti the client that the login is for, or a fixed name in its place
   * @param attempt.address of the browser, behind trusted proxies
   * @param attempt.browser id of a browser in which this login has succeeded before
   * @throws {UpstreamError} if the counts cannot be kept: then sign-in is not possible
   */
  attempt(attempt: {
    clientJti: string;
    account: Logins;
    address: string | undefined;
    browser?: string | undefined;
  }): Promise<SignInAttempt>;
}

/** @param services.pause waits; by default with a timer */
export function createSignInThrottle(services: {
  state: State;
  keyring: Keyring;
  now: () => Date;
  pause?: ((milliseconds: number) => Promise<void>) | undefined;
}): SignInThrottle {
  const { state, now, pause = sleep } = services;
  const secret = services.keyring.current.derive('sign-in-throttle');
  const keyOf = (...parts: readonly string[]): string =>
    `sign-in:${createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url')}`;
  const limits = createLoginLimit({ state, now });
  const delays = createSharedDelays({ state, now });
  const delayed = createSemaphore({ placesPerKey: MAX_DELAYED_OF_NETWORK });

  /** @returns 0 after the delay, or seconds to wait if too many attempts of the network are delayed now */
  async function delay(network: string, shared: readonly SharedGroup[]): Promise<number> {
    const [ofNetwork, ofClient] = await Promise.all([
      delays.seconds(shared.filter(({ kind }) => kind !== 'client')),
      delays.seconds(shared.filter(({ kind }) => kind === 'client')),
    ]);
    // A client has people in all networks: its delay takes no place from them.
    if (ofNetwork === 0) return ofClient === 0 ? 0 : pause(ofClient * 1000).then(() => 0);
    if (!delayed.tryAcquire(network)) return ofNetwork;
    try {
      await pause(Math.max(ofNetwork, ofClient) * 1000);
      return 0;
    } finally {
      delayed.release(network);
    }
  }

  function limitsOf(account: Logins, network: string, browser: string | undefined) {
    return loginsOf(account).flatMap((login) =>
      browser === undefined
        ? [
            { key: keyOf('login', network, ...login), free: MAX_FREE_ATTEMPTS.ofNetwork },
            { key: keyOf('login', ...login), free: MAX_FREE_ATTEMPTS.ofAllNetworks },
          ]
        : [{ key: keyOf('browser', browser, ...login), free: MAX_FREE_ATTEMPTS.ofKnownBrowser }],
    );
  }

  function sharedBy(account: Logins, network: string, clientJti: string) {
    const logins = loginsOf(account);
    const login = JSON.stringify(logins);
    return [
      ...aliasesOf(account).map((local) => ({ kind: 'aliases' as const, parts: [network, ...local] })),
      { kind: 'network' as const, parts: [network, logins[0]?.[0] ?? ''] },
      { kind: 'client' as const, parts: [clientJti] },
    ].map(({ kind, parts }) => ({ kind, key: keyOf(kind, ...parts), member: keyOf(kind, ...parts, login) }));
  }

  return {
    async attempt({ clientJti, account, address, browser }) {
      const network = addressBlock(address);
      const own = limitsOf(account, network, browser);
      const shared = browser === undefined ? sharedBy(account, network, clientJti) : [];
      const waitSeconds = (await limits.wait(own)) || (await delay(network, shared)) || (await limits.count(own));
      if (waitSeconds > 0) return { waitSeconds, succeeded: async () => {}, withdraw: async () => {} };
      const added = await delays.add(shared);
      return {
        waitSeconds,
        async succeeded() {
          // Also those of the other way to count: the password is known here.
          const all = [...limitsOf(account, network, undefined), ...own];
          await Promise.all([limits.reset(all), delays.remove(shared)]);
        },
        async withdraw() {
          await Promise.all([limits.withdraw(own), delays.remove(added)]);
        },
      };
    },
  };
}

/**
 * @param seconds at least 1
 * @param service whose server was not asked
 * @returns for the account owner: how long to wait, in minutes
 */
export function waitSentence(seconds: number, service: Service): Sentence {
  const minutes = Math.ceil(seconds / 60);
  return ({ problems }) =>
    service === 'mail' ? problems.tooManyAttempts({ minutes }) : problems.tooManyAttemptsAtMissive({ minutes });
}
