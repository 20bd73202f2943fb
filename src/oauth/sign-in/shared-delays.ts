/**
 * Delays attempts by what they share with those of other people: a network, a client. Counts the distinct logins that have reached a server and failed
 * within an hour: one login counts once, however often it is tried.
 */
import type { State } from '../../state/state.ts';

const WINDOW_SECONDS = 3600;

const LONGEST_DELAY_SECONDS = 15;

/**
 * Seconds by the number of distinct logins that have failed. `aliases`: names with one local part, from one network at one mail server, which may
 * all lead to one mailbox. `network`: all names from it at one mail server. `client`: all names of all its people, so its delay stays short.
 */
const DELAYS = {
  aliases: (failed: number) => (failed < 3 ? 0 : 2 ** (failed - 3)),
  network: (failed: number) => failed - 49,
  client: (failed: number) => (failed < 1000 ? 0 : 2),
} satisfies Record<string, (failed: number) => number>;

export interface SharedGroup {
  kind: keyof typeof DELAYS;
  /** Of the group. */
  key: string;
  /** Of the login within the group. */
  member: string;
}

export interface SharedDelays {
  /** @returns how long an attempt is delayed, 0 to 15 s */
  seconds(groups: readonly SharedGroup[]): Promise<number>;
  /** Adds the login to its groups. @returns the groups that it was not in before */
  add(groups: readonly SharedGroup[]): Promise<SharedGroup[]>;
  /** Takes the login out of groups that it may be in. */
  remove(groups: readonly SharedGroup[]): Promise<void>;
}

export function createSharedDelays({ state, now }: { state: State; now: () => Date }): SharedDelays {
  async function secondsOf({ kind, key }: SharedGroup): Promise<number> {
    const failed = (await state.readCount(key, WINDOW_SECONDS))?.count ?? 0;
    return Math.min(Math.max(0, DELAYS[kind](failed)), LONGEST_DELAY_SECONDS);
  }

  async function addTo({ key, member }: SharedGroup): Promise<boolean> {
    const until = new Date(now().getTime() + WINDOW_SECONDS * 1000);
    if ((await state.claim(member, until)) !== null) return false;
    await state.count(key, WINDOW_SECONDS);
    return true;
  }

  async function removeFrom({ key, member }: SharedGroup): Promise<void> {
    const [since = null] = await state.readMarks([member]);
    if (since === null) return;
    await state.release(member);
    const counted = await state.readCount(key, WINDOW_SECONDS);
    if (counted !== null && counted.count > 0) await state.count(key, WINDOW_SECONDS, -1);
  }

  return {
    seconds: async (groups) => Math.max(0, ...(await Promise.all(groups.map(secondsOf)))),
    async add(groups) {
      const isNew = await Promise.all(groups.map(addTo));
      return groups.filter((_, index) => isNew[index]);
    },
    async remove(groups) {
      await Promise.all(groups.map(removeFrom));
    },
  };
}
