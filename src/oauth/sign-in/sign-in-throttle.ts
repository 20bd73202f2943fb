/** Limits how often credentials may be tried on the sign-in page, so that it can be used neither to guess a password nor to lock a mailbox. */
import { createHmac } from 'node:crypto';
import type { MailAccount } from '../../mail/account.ts';
import type { MissiveAccount } from '../../missive/account.ts';
import type { State } from '../../state/state.ts';
import { addressBlock } from '../http/address-block.ts';
import { normalizedUsername } from '../sealed/identity.ts';
import type { Keyring } from '../sealed/jwe.ts';

const HOUR_SECONDS = 3600;

/**
 * Attempts in a row of one login, through all clients together: an attacker gets further clients easily. Each attempt after the free ones
 * has to wait, twice as long every time.
 */
const MAX_OF_LOGIN = {
  free: 10,
  firstWaitSeconds: 60,
  longestWaitSeconds: HOUR_SECONDS,
  windowSeconds: 24 * HOUR_SECONDS,
};

/** Attempts that did not succeed. The addresses are those of browsers: hosted clients share addresses, but never request the page. */
const MAX_FAILURES_PER_HOUR = { ofAddress: 50, ofClient: 1000 };

type Logins = Pick<MailAccount, 'imap' | 'smtp'> | MissiveAccount;

interface SignInAttempt {
  /** 0: the servers may be asked. */
  waitSeconds: number;
  /** The servers accepted the login: the attempts before it no longer count. */
  succeeded(): Promise<void>;
}

export interface SignInThrottle {
  /**
   * Counts an attempt. To be called before the servers are asked, and again for each further attempt.
   *
   * @param attempt.clientJti the client that the login is for, or a fixed name in its place
   * @param attempt.address of the browser, behind trusted proxies
   * @throws {UpstreamError} if the counts cannot be kept: then sign-in is not possible
   */
  attempt(attempt: { clientJti: string; account: Logins; address: string | undefined }): Promise<SignInAttempt>;
}

export function createSignInThrottle(services: { state: State; keyring: Keyring; now: () => Date }): SignInThrottle {
  const { state, now } = services;
  const secret = services.keyring.current.derive('sign-in-throttle');
  const keyOf = (...parts: string[]): string =>
    `sign-in:${createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url')}`;

  const inSeconds = (seconds: number): Date => new Date(now().getTime() + seconds * 1000);
  const secondsTo = (time: Date): number => Math.max(1, Math.ceil((time.getTime() - now().getTime()) / 1000));

  /** @returns seconds until the window ends if there were too many failures in it, else 0 */
  async function waitOfWindow(key: string, maxFailures: number): Promise<number> {
    const { count, endsAt } = await state.count(key, HOUR_SECONDS);
    return count > maxFailures ? secondsTo(endsAt) : 0;
  }

  /** @returns seconds until this login may be tried; 0 if it may be tried now: then the attempt is counted */
  async function waitOfLogin(key: string): Promise<number> {
    const tried = (await state.readCount(key, MAX_OF_LOGIN.windowSeconds))?.count ?? 0;
    if (tried >= MAX_OF_LOGIN.free) {
      // Of several attempts at the same time only the one that claims the next wait is allowed.
      const since = await state.claim(waitKey(key), inSeconds(waitAfter(tried + 1)));
      if (since !== null) return secondsTo(new Date(since.getTime() + waitAfter(tried) * 1000));
      await state.count(key, MAX_OF_LOGIN.windowSeconds);
      return 0;
    }
    const { count } = await state.count(key, MAX_OF_LOGIN.windowSeconds);
    if (count >= MAX_OF_LOGIN.free) await state.claim(waitKey(key), inSeconds(waitAfter(MAX_OF_LOGIN.free)));
    return count > MAX_OF_LOGIN.free ? waitAfter(MAX_OF_LOGIN.free) : 0;
  }

  async function longestWait(keys: readonly string[]): Promise<number> {
    return Math.max(...(await Promise.all(keys.map(waitOfLogin))));
  }

  return {
    async attempt({ clientJti, account, address }) {
      const ofClient = keyOf('client', clientJti);
      const ofAddress = keyOf('address', addressBlock(address));
      const ofLogins = loginsOf(account).map((login) => keyOf('login', ...login));
      const [clientWait, addressWait] = await Promise.all([
        waitOfWindow(ofClient, MAX_FAILURES_PER_HOUR.ofClient),
        waitOfWindow(ofAddress, MAX_FAILURES_PER_HOUR.ofAddress),
      ]);
      return {
        // The login is not counted if the client or the address has to wait: the servers are not asked then.
        waitSeconds: Math.max(clientWait, addressWait) || (await longestWait(ofLogins)),
        async succeeded() {
          await Promise.all([
            state.count(ofClient, HOUR_SECONDS, -1),
            state.count(ofAddress, HOUR_SECONDS, -1),
            ...ofLogins.map((key) => state.resetCount(key, MAX_OF_LOGIN.windowSeconds)),
            ...ofLogins.map((key) => state.release(waitKey(key))),
          ]);
        },
      };
    },
  };
}

const waitKey = (key: string): string => `${key}:wait`;

/** @param tried attempts of the login in a row, at least `MAX_OF_LOGIN.free` */
function waitAfter(tried: number): number {
  const { free, firstWaitSeconds, longestWaitSeconds } = MAX_OF_LOGIN;
  return Math.min(firstWaitSeconds * 2 ** (tried - free), longestWaitSeconds);
}

/** The logins that an attempt is counted for. A mailbox has two if the user name for sending differs, both under the host of its IMAP server. */
function loginsOf(account: Logins): [host: string, login: string][] {
  if ('token' in account) return [[new URL(account.url).host, account.token]];
  const { imap, smtp } = account;
  const names = [imap, smtp].map(({ login: { username } }) => normalizedUsername(username));
  return [...new Set(names)].map((name) => [imap.server.host, name]);
}

/**
 * @param seconds at least 1
 * @param servers that were not asked, in words
 * @returns for the account owner: how long to wait, in minutes
 */
export function waitSentence(seconds: number, servers: string): string {
  const minutes = Math.ceil(seconds / 60);
  const time = minutes === 1 ? 'a minute' : minutes < 60 ? `${minutes} minutes` : 'an hour';
  return `There were too many attempts to sign in. Nothing was sent to ${servers}. Try again in ${time}.`;
}
