/** What the owner of a mailbox has granted: the list of it, and its end. */
import { z } from 'zod';
import type { Log } from '../../log.ts';
import { Power } from '../../policy.ts';
import type { State } from '../../state/state.ts';
import { Scope } from '../scope.ts';
import { createSealer, type Keyring, toSeconds } from '../sealed/jwe.ts';
import { lifetimes } from '../sealed/sealed-types.ts';
import { type AccountName, subjectsOf } from '../sealed/subject.ts';
import { isRevoked, revocationsEnd, revokedAccountKey, revokedGrantKey } from './revocation-marks.ts';

/** One sign-in that still stands. */
export interface ListedGrant {
  /** `gid` of its tokens. */
  id: string;
  client: { jti: string; name: string };
  /** Where the person was sent after signing in; absent for tokens that were made without a redirect. */
  redirectHost?: string | undefined;
  scope: Scope;
  powers: Power[];
  /** As in Consent; absent: to everyone. */
  recipients?: string[] | undefined;
  grantedAt: Date;
  /** When it ends, however often the client has refreshed its tokens by then. */
  until: Date;
}

export interface Grants {
  /**
   * Lists it, or lists it anew.
   *
   * @param subject of the mailbox, as its tokens have it
   * @param tokensEnd when the last of its tokens ends unless it is refreshed; it is not listed any more then
   */
  record(subject: string, grant: ListedGrant, tokensEnd: Date): Promise<void>;
  /** Grants of the mailbox that have neither ended nor been revoked, the latest first. */
  list(account: AccountName): Promise<ListedGrant[]>;
  /** Ends the tokens of one sign-in, noted or not. */
  revoke(grantId: string): Promise<void>;
  /** Ends everything that was granted for the mailbox so far. */
  revokeAll(account: AccountName): Promise<void>;
}

/** Sealed: who can read the store learns neither whom people write to nor which programs they use. */
const Note = z.object({
  gid: z.string(),
  client: z.object({ jti: z.string(), name: z.string() }),
  redirect_host: z.string().optional(),
  scope: Scope,
  powers: z.array(Power),
  recipients: z.array(z.string()).optional(),
  granted_at: z.int(),
  until: z.int(),
});

/** All methods throw the UpstreamError of the state when it cannot be asked. */
export function createGrants({
  state,
  keyring,
  now,
  log,
}: {
  state: State;
  keyring: Keyring;
  now: () => Date;
  log: Log;
}): Grants {
  const notes = createSealer(keyring, {
    typ: 'grant',
    schema: Note,
    lifetimeSeconds: lifetimes.grantSeconds,
    maxLength: 10_000,
  });

  async function read(text: string): Promise<ListedGrant[]> {
    // Whatever makes a note unreadable (a key that is gone) has made the tokens unreadable as well.
    const note = await notes.unseal(text, now()).catch(() => undefined);
    if (note === undefined) return [];
    const { gid: id, redirect_host: redirectHost, client, scope, powers, recipients } = note;
    const [grantedAt, until] = [new Date(note.granted_at * 1000), new Date(note.until * 1000)];
    return [{ id, client, redirectHost, scope, powers, recipients, grantedAt, until }];
  }

  async function standing(subject: string): Promise<ListedGrant[]> {
    const grants = (await Promise.all((await state.notes(listOf(subject))).map(read))).flat();
    const [account = null, ...single] = await state.claimed([
      revokedAccountKey(subject),
      ...grants.map(({ id }) => revokedGrantKey(id)),
    ]);
    return grants.filter(
      ({ grantedAt }, index) =>
        !isRevoked([null, single[index] ?? null, account], { granted_at: toSeconds(grantedAt) }),
    );
  }

  async function listed(account: AccountName): Promise<ListedGrant[]> {
    const grants = (await Promise.all(subjectsOf(keyring, account).map(standing))).flat();
    // One that was refreshed under a new key is noted under both subjects.
    const unique = new Map(grants.map((grant) => [grant.id, grant]));
    return [...unique.values()].sort((a, b) => b.grantedAt.getTime() - a.grantedAt.getTime());
  }

  return {
    list: listed,
    async record(subject, { id, client, redirectHost, scope, powers, recipients, grantedAt, until }, tokensEnd) {
      const optional = { ...(redirectHost && { redirect_host: redirectHost }), ...(recipients && { recipients }) };
      const times = { granted_at: toSeconds(grantedAt), until: toSeconds(until) };
      const note = await notes.seal({ gid: id, client, scope, powers, ...times, ...optional }, now(), tokensEnd);
      await state.note(listOf(subject), id, note, tokensEnd);
    },
    async revoke(grantId) {
      await state.mark(revokedGrantKey(grantId), revocationsEnd(now()));
      log.info({ grant: grantId }, 'grant revoked');
    },
    async revokeAll(account) {
      const subjects = subjectsOf(keyring, account);
      // The listed ones by name, too: the clock of the replica that gave them may be ahead of ours.
      const grants = await listed(account);
      const marks = [...subjects.map(revokedAccountKey), ...grants.map(({ id }) => revokedGrantKey(id))];
      await Promise.all(marks.map((mark) => state.mark(mark, revocationsEnd(now()))));
      log.info({ subjects }, 'all grants of a mailbox revoked');
    },
  };
}

const listOf = (subject: string): string => `grants:${subject}`;
