/** How often logins may be tried on the form before the servers are asked: nobody guesses a password here, nor locks a mailbox. */
import { createHmac } from 'node:crypto';
import type { MailAccount } from '../../mail/account.ts';
import type { MissiveAccount } from '../../missive/account.ts';
import type { State } from '../../state/state.ts';
import { addressBlock } from '../http/address-block.ts';
import type { Keyring } from '../sealed/jwe.ts';

const hourSeconds = 3600;

/**
 * Attempts in a row of one login, through whichever clients: they are easily had. Each one after them has to wait, twice as long every
 * time.
 */
const login = { free: 10, firstWaitSeconds: 60, longestWaitSeconds: hourSeconds, windowSeconds: 24 * hourSeconds };

/** Attempts that did not succeed, in an hour. Only people count by address: hosted clients share theirs, and do not come to the form. */
const MAX_FAILURES_PER_MINUTE = { ofAddress: 50, ofClient: 1000 };

/** What an account is opened with. */
type Logins = Pick<MailAccount, 'imap' | 'smtp'> | MissiveAccount;

export interface SignInAttempt {
  /** 0: the servers may be asked. */
  waitSeconds: number;
  /** The login was right: forgets the attempts before it. */
  succeeded(): Promise<void>;
}

export interface SignInThrottle {
  /**
   * Counts an attempt. To be called before the servers are asked, and again for each further attempt.
   *
   * @param who.clientJti the client that the login is for; a name of the place where there is none
   * @param who.address of the person's browser, behind proxies that are trusted
   * @throws {UpstreamError} if the counts cannot be kept: then nobody may sign in
   */
  attempt(who: { clientJti: string; account: Logins; address: string | undefined }): Promise<SignInAttempt>;
}

export function createSignInThrottle(services: { state: State; keyring: Keyring; now: () => Date }): SignInThrottle {
  const { state, now } = services;
  const secret = services.keyring.current.derive('sign-in-throttle');
  const keyOf = (...parts: string[]): string =>
    `sign-in:${createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url')}`;

  const inSeconds = (seconds: number): Date => new Date(now().getTime() + seconds * 1000);
  const secondsTo = (time: Date): number => Math.max(1, Math.ceil((time.getTime() - now().getTime()) / 1000));

  /** @returns seconds until the window of too many is over; 0 if there were not too many */
  async function tooMany(key: string, most: number): Promise<number> {
    const { count, endsAt } = await state.count(key, hourSeconds);
    return count > most ? secondsTo(endsAt) : 0;
  }

  /** @returns seconds until this login may be tried; 0 if now, and then it counts */
  async function waitOfLogin(key: string): Promise<number> {
    const tried = (await state.counted(key, login.windowSeconds))?.count ?? 0;
    if (tried >= login.free) {
      // One of several at the same time gets through: whoever claims the wait that follows.
      const since = await state.claim(waitKey(key), inSeconds(waitAfter(tried + 1)));
      if (since !== null) return secondsTo(new Date(since.getTime() + waitAfter(tried) * 1000));
      await state.count(key, login.windowSeconds);
      return 0;
    }
    const { count } = await state.count(key, login.windowSeconds);
    if (count >= login.free) await state.claim(waitKey(key), inSeconds(waitAfter(login.free)));
    return count > login.free ? waitAfter(login.free) : 0;
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
        tooMany(ofClient, MAX_FAILURES_PER_MINUTE.ofClient),
        tooMany(ofAddress, MAX_FAILURES_PER_MINUTE.ofAddress),
      ]);
      return {
        // A login is not counted where nobody could try it.
        waitSeconds: Math.max(clientWait, addressWait) || (await longestWait(ofLogins)),
        async succeeded() {
          await Promise.all([
            state.count(ofClient, hourSeconds, -1),
            state.count(ofAddress, hourSeconds, -1),
            ...ofLogins.map((key) => state.resetCount(key, login.windowSeconds)),
            ...ofLogins.map((key) => state.release(waitKey(key))),
          ]);
        },
      };
    },
  };
}

const waitKey = (key: string): string => `${key}:wait`;

/** @param tried how often the login has been tried in a row, at least `login.free` */
function waitAfter(tried: number): number {
  return Math.min(login.firstWaitSeconds * 2 ** (tried - login.free), login.longestWaitSeconds);
}

/** A host, and what is tried there. Of a mailbox both, where sending has a login of its own. Mail servers take names in any case. */
function loginsOf(account: Logins): [host: string, login: string][] {
  if ('token' in account) return [[new URL(account.url).host, account.token]];
  const { imap, smtp } = account;
  const names = [imap, smtp].map(({ login: { username } }) => spelledOneWay(username));
  return [...new Set(names)].map((name) => [imap.server.host, name]);
}

/** Servers that prepare names drop what nobody sees (RFC 4013 §2.1): each guess could have a name of its own. */
function spelledOneWay(username: string): string {
  return username
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase();
}

/**
 * For the person: how long to wait, in the words of a clock.
 *
 * @param seconds at least 1
 * @param servers who was not asked, in words
 */
export function waitSentence(seconds: number, servers: string): string {
  const minutes = Math.ceil(seconds / 60);
  const time = minutes === 1 ? 'a minute' : minutes < 60 ? `${minutes} minutes` : 'an hour';
  return `There were too many attempts to sign in. Nothing was sent to ${servers}. Try again in ${time}.`;
}
