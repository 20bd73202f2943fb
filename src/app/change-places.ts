/**
 * Limits the calls that change or send something, for each account and in all. Such a call cannot be ended when its time has ended, so behind a
 * mail server that hangs they would become more and more.
 */
import { UpstreamError } from '../errors.ts';
import { createSemaphore } from '../state/semaphore.ts';

export interface ChangeLimits {
  /** Calls of one account that run, late ones among them; further ones wait. */
  perAccount: number;
  /** Calls of all accounts. */
  overall: number;
  maxWaitMs: number;
  maxWaitingPerAccount: number;
  /** Calls of one account that go on after their answer; further ones are refused at once. */
  latePerAccount: number;
  /** With so many late calls in all, an account that has one of them begins no other. Accounts without one do. */
  lateOverall: number;
}

const LIMITS: ChangeLimits = {
  perAccount: 16,
  overall: 1000,
  maxWaitMs: 20_000,
  maxWaitingPerAccount: 50,
  latePerAccount: 8,
  lateOverall: 100,
};

/** The place of one call. */
interface ChangePlace {
  /** Has no effect if the call has its place. @throws {UpstreamError} if there is none; nothing was changed */
  take(service: 'IMAP' | 'Missive'): Promise<void>;
  /** Frees the place, if it was taken; one that is waited for is not taken then. */
  leave(): void;
}

export interface ChangePlaces {
  /** @param ended aborted when the call has to be answered; if it goes on, it is late */
  placeFor(account: string, ended: AbortSignal): ChangePlace;
}

export function createChangePlaces(limits: Partial<ChangeLimits> = {}): ChangePlaces {
  const { perAccount, overall, maxWaitMs, maxWaitingPerAccount, latePerAccount, lateOverall } = {
    ...LIMITS,
    ...limits,
  };
  const running = createSemaphore({
    ...{ placesPerKey: perAccount, places: overall, maxWaitMs, maxWaitingPerKey: maxWaitingPerAccount },
    createError: () => refused('IMAP', BUSY),
  });
  const late = createSemaphore({});
  const hasTooManyLate = (account: string) => {
    const own = late.takenBy(account);
    return own >= latePerAccount || (own > 0 && late.taken >= lateOverall);
  };

  return {
    placeFor(account, ended) {
      let taking: Promise<void> | undefined;
      let isTaken = false;
      let isLate = false;
      let departures = 0;
      const onEnd = () => {
        isLate = late.tryAcquire(account);
      };
      const take = async (service: 'IMAP' | 'Missive') => {
        const before = departures;
        if (hasTooManyLate(account)) throw refused(service, TOO_MANY_LATE);
        await running.acquire(account).catch(() => {
          throw refused(service, BUSY);
        });
        if (departures === before && !ended.aborted && !hasTooManyLate(account)) {
          isTaken = true;
          ended.addEventListener('abort', onEnd, { once: true });
          return;
        }
        running.release(account);
        ended.throwIfAborted();
        throw refused(service, TOO_MANY_LATE);
      };
      return {
        take(service) {
          taking ??= take(service);
          return taking;
        },
        leave() {
          departures += 1;
          taking = undefined;
          if (!isTaken) return;
          isTaken = false;
          ended.removeEventListener('abort', onEnd);
          running.release(account);
          if (isLate) late.release(account);
          isLate = false;
        },
      };
    },
  };
}

const refused = (service: 'IMAP' | 'Missive', sentence: string) =>
  new UpstreamError(service, 'timeout', sentence, { code: 'CHANGES_BUSY' });

const BUSY =
  'Nothing was done: too many calls that change or send something run for this account at the same time. Try again in a minute, with fewer at once.';
const TOO_MANY_LATE =
  'Nothing was done: earlier calls of this account that change or send something have not ended yet, because its server does not answer. Try again in two minutes, and learn first what became of those.';
