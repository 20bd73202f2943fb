/**
 * Keeps refresh tokens of providers in the state: those that a provider replaces, and those for which the client's tokens have no room. The latter are
 * sealed with two keys: one is derived from the encryption key, the other is in the client's token.
 *
 * Invariant: only the answer of the state that a record is absent, or damaged for every replica, ends a grant.
 */
import { STORED_LOGIN_UNREACHABLE, UpstreamError } from '../../errors.ts';
import type { ApprovalNotes, NotedApproval } from './approval-notes.ts';
import { isTooLongToKeep } from './provider-client.ts';

interface StoredToken {
  value: string;
  /** End of the grant. */
  expiresAt: Date;
}

export interface StoredTokens {
  /**
   * @throws {UpstreamError} of the service `Provider`: `credentials` if the record is lost or damaged, `refused` if another replica may read it; of the service `Redis`
   *   if the state cannot be reached
   */
  read(approved: NotedApproval): Promise<StoredToken>;
  /** Writes the first record, until the code was exchanged. @throws {RangeError} if the token is longer than those that a refresh may bring */
  deposit(approved: NotedApproval, value: string): Promise<void>;
  /** Writes the record in the place of the one that is there. @throws {UpstreamError} as read() if there is none: it was removed meanwhile */
  replace(approved: NotedApproval, token: StoredToken): Promise<void>;
}

/** From the sign-in to the exchange of the code. */
const DEPOSIT_MS = 10 * 60_000;

export function createStoredTokens(notes: ApprovalNotes, now: () => Date): StoredTokens {
  return {
    async read(approved) {
      const note = await notes.read(approved, 'refresh');
      if (note !== undefined) return note;
      throw (await notes.isReadableElsewhere(approved, 'refresh')) ? unreadable() : lost();
    },
    async deposit(approved, value) {
      if (isTooLongToKeep(value)) throw new RangeError('a refresh token is too long');
      await notes.write(approved, 'refresh', { value, expiresAt: new Date(now().getTime() + DEPOSIT_MS) });
    },
    async replace(approved, token) {
      if (!(await notes.replace(approved, 'refresh', token))) throw lost();
    },
  };
}

const lost = (): UpstreamError =>
  new UpstreamError(
    'Provider',
    'credentials',
    'What the provider issued was lost. The account owner has to sign in again.',
    {
      code: 'RECORD_LOST',
    },
  );

/** Another replica may have a key that is not known here, or a clock that is right. */
const unreadable = (): UpstreamError =>
  new UpstreamError(
    'Provider',
    'refused',
    'What the provider issued cannot be decrypted: the operator finds it in the log.',
    {
      code: 'RECORD_UNREADABLE',
    },
  );

/** Marks a failure of the state, without which the login of a grant is not known. */
export function asUnreachable(error: unknown): never {
  if (!(error instanceof UpstreamError) || error.service !== 'Redis') throw error;
  const sentence = 'The login of this connection cannot be read at the moment. Try again in a minute.';
  throw new UpstreamError('Redis', 'unreachable', sentence, { cause: error, code: STORED_LOGIN_UNREACHABLE });
}
