/** Lists and revokes the grants of an account. */
import type { Log } from '../../log.ts';
import type { Power } from '../../policy.ts';
import type { State } from '../../state/state.ts';
import type { Scope } from '../scope.ts';
import { type AccountName, subjectsOf } from '../sealed/identity.ts';
import { type Keyring, toSeconds } from '../sealed/jwe.ts';
import { createTokens, type GrantPayload } from '../sealed/sealed-types.ts';
import { removeApprovalNotes } from '../upstream/approval-notes.ts';
import { isRevoked, revocationsEnd, revokedAccountKey, revokedGrantKey } from './revocation.ts';

/** A grant that has neither ended nor been revoked. */
export interface ListedGrant {
  /** `gid` of its tokens. */
  id: string;
  client: { jti: string; name: string };
  /** Host of the redirect URI; absent for tokens that were made without a redirect. */
  redirectHost?: string | undefined;
  scope: Scope;
  powers: Power[];
  /** As in Consent; absent: all recipients. */
  recipients?: string[] | undefined;
  grantedAt: Date;
  /** End of the grant, which a refresh does not extend. */
  until: Date;
  /** What was approved for it at a provider. Absent: the account owner has signed in with a password. */
  approval?: string | undefined;
  /** Refresh tokens of the grant that were used more than once. `count`: in the last weeks. Absent: none. */
  reuse?: { count: number; lastAt: Date } | undefined;
}

/** How long uses are counted together, from the first on: the longest window that a timer of Node can hold. */
const REUSE_WINDOW_SECONDS = 24 * 86_400;

/** A grant by its id, and the approval at a provider that it comes from. */
type RevokedGrant = Pick<ListedGrant, 'id' | 'approval'>;

export interface Grants {
  /**
   * Adds a grant to the list of its account, or replaces it there.
   *
   * @param subject the `sub` of the account
   * @param tokensEnd when the last of its tokens expires unless it is refreshed; the grant leaves the list then
   */
  record(subject: string, grant: ListedGrant, tokensEnd: Date): Promise<void>;
  /** @returns the grants of an account that have neither ended nor been revoked, the latest first */
  list(account: AccountName): Promise<ListedGrant[]>;
  /** Counts a use of a refresh token that had been used before. */
  recordReuse(grantId: string): Promise<void>;
  /** Revokes the tokens of one grant, recorded or not, and removes what the state has of its approval. */
  revoke(grant: RevokedGrant): Promise<void>;
  /** Revokes everything that was granted for the account so far. */
  revokeAll(account: AccountName): Promise<void>;
}

interface Services {
  state: State;
  keyring: Keyring;
  now: () => Date;
  log: Log;
}

/** All methods throw the UpstreamError of the state when it is unavailable. */
export function createGrants({ state, keyring, now, log }: Services): Grants {
  const { list, record } = createGrantList({ state, keyring, now });
  const mark = (key: string) => state.mark(key, revocationsEnd(now()));
  const forget = async ({ approval }: RevokedGrant) => {
    if (approval !== undefined) await removeApprovalNotes(state, approval, revocationsEnd(now()));
  };
  return {
    list,
    record,
    async recordReuse(grantId) {
      await mark(reusedGrantKey(grantId));
      await state.count(reusedGrantKey(grantId), REUSE_WINDOW_SECONDS);
    },
    async revoke(grant) {
      // First: a grant that is marked is not listed any more, and could not be forgotten by a further try.
      await forget(grant);
      await mark(revokedGrantKey(grant.id));
      log.info({ grant: grant.id }, 'grant revoked');
    },
    async revokeAll(account) {
      const subjects = subjectsOf(keyring, account);
      // Listed grants are revoked by id as well: the clock of the replica that issued them may be ahead.
      const grants = await list(account);
      await Promise.all(grants.map(forget));
      await Promise.all([...subjects.map(revokedAccountKey), ...grants.map(({ id }) => revokedGrantKey(id))].map(mark));
      log.info({ subjects }, 'all grants of an account revoked');
    },
  };
}

function createGrantList({ state, keyring, now }: Omit<Services, 'log'>): Pick<Grants, 'list' | 'record'> {
  const notes = createTokens(keyring).grant;

  /** @returns no grant if the note was written for another list or another id: it was moved there */
  async function read(subject: string, [id, text]: readonly [string, string]): Promise<ListedGrant[]> {
    // An entry whose key was removed cannot be read, and the tokens of its grant are not valid either.
    const note = await notes.unseal(text, now()).catch(() => undefined);
    if (note === undefined || note.gid !== id) return [];
    // Notes of the first release do not say whose they are. The last of them expires 30 days after the last replica of that release has stopped.
    return note.sub === undefined || note.sub === subject ? [toListedGrant(note)] : [];
  }

  async function listUnder(subject: string): Promise<ListedGrant[]> {
    const entries = [...(await state.notesById(listKey(subject)))];
    const grants = (await Promise.all(entries.map((entry) => read(subject, entry)))).flat();
    const ids = grants.map(({ id }) => id);
    const keys = [revokedAccountKey(subject), ...ids.map(revokedGrantKey), ...ids.map(reusedGrantKey)];
    const [account = null, ...marks] = await state.readMarks(keys);
    const listed = grants.map((grant, index) => ({
      grant,
      revokedAt: marks[index] ?? null,
      reusedAt: marks[ids.length + index] ?? null,
    }));
    return Promise.all(
      listed
        .filter(
          ({ grant, revokedAt }) => !isRevoked([null, revokedAt, account], { granted_at: toSeconds(grant.grantedAt) }),
        )
        .map(async ({ grant, reusedAt }) =>
          reusedAt ? { ...grant, reuse: await reuseOf(grant.id, reusedAt) } : grant,
        ),
    );
  }

  async function reuseOf(id: string, lastAt: Date): Promise<ListedGrant['reuse']> {
    return { count: (await state.readCount(reusedGrantKey(id), REUSE_WINDOW_SECONDS))?.count ?? 1, lastAt };
  }

  return {
    async list(account) {
      const grants = (await Promise.all(subjectsOf(keyring, account).map(listUnder))).flat();
      // A grant that was refreshed under a new key is recorded under both subjects.
      const unique = new Map(grants.map((grant) => [grant.id, grant]));
      return [...unique.values()].sort((a, b) => b.grantedAt.getTime() - a.grantedAt.getTime());
    },
    async record(subject, grant, tokensEnd) {
      const note = await notes.seal({ ...toPayload(grant), sub: subject }, now(), tokensEnd);
      await state.note(listKey(subject), grant.id, note, tokensEnd);
    },
  };
}

function toListedGrant(note: GrantPayload): ListedGrant {
  const { gid: id, redirect_host: redirectHost, client, scope, powers, recipients } = note;
  const [grantedAt, until] = [new Date(note.granted_at * 1000), new Date(note.until * 1000)];
  return { id, client, redirectHost, scope, powers, recipients, grantedAt, until, ...approvalIn(note) };
}

function toPayload(grant: ListedGrant): GrantPayload {
  const { id, client, redirectHost, scope, powers, recipients, grantedAt, until } = grant;
  const optional = { ...(redirectHost && { redirect_host: redirectHost }), ...(recipients && { recipients }) };
  const times = { granted_at: toSeconds(grantedAt), until: toSeconds(until) };
  return { gid: id, client, scope, powers, ...times, ...optional, ...approvalIn(grant) };
}

const approvalIn = ({ approval }: { approval?: string | undefined }) => approval !== undefined && { approval };

/** Key of the mark and of the count of refresh tokens that were used again. */
const reusedGrantKey = (gid: string): string => `reused:grant:${gid}`;

const listKey = (subject: string): string => `grants:${subject}`;
