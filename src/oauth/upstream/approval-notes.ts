/** Keeps the tokens of an approval in the state, sealed, for all replicas. */
import type { ProviderLogin } from '../../mail/account.ts';
import type { State } from '../../state/state.ts';
import { hasUnknownKey, isSealedTooEarly, type Keyring } from '../sealed/jwe.ts';
import { createTokens, custodySealer } from '../sealed/sealed-types.ts';

/** What a token gives access to; `refresh`: the newest refresh token. */
type TokenKind = 'mail' | 'graph' | 'refresh';

/** An approval, and the second key to its tokens if it has one. */
export type NotedApproval = Pick<ProviderLogin, 'approval' | 'custody'>;

interface Note {
  value: string;
  expiresAt: Date;
}

interface WrittenNote extends Note {
  issuedAt: Date;
}

export interface ApprovalNotes {
  /** @returns `undefined` if there is none, or none that this server has written for the approval */
  read(approved: NotedApproval, kind: TokenKind): Promise<WrittenNote | undefined>;
  /** True if there is a note that a replica with other keys or another clock may read. */
  isReadableElsewhere(approved: NotedApproval, kind: TokenKind): Promise<boolean>;
  /** Nothing stays if the grant of the approval was revoked. */
  write(approved: NotedApproval, kind: TokenKind, note: Note): Promise<void>;
  /** Writes a note in the place of one that is there. @returns false if there is none any more */
  replace(approved: NotedApproval, kind: TokenKind, note: Note): Promise<boolean>;
}

/** The list of the notes of an approval. */
const listKey = (approval: string): string => `provider:${approval}`;

/** Key of the mark that the grant of an approval was revoked. */
const endedKey = (approval: string): string => `provider-ended:${approval}`;

/**
 * Removes all notes of an approval. A note that is being written at the same time is removed by its writer.
 *
 * @param until as long as a token of the grant may be used
 */
export async function removeApprovalNotes(
  state: Pick<State, 'mark' | 'removeNotes'>,
  approval: string,
  until: Date,
): Promise<void> {
  await state.mark(endedKey(approval), until);
  await state.removeNotes(listKey(approval));
}

/** @throws {UpstreamError} (from its methods) when the state cannot be reached */
export function createApprovalNotes({
  state,
  keyring,
  now,
}: {
  state: State;
  keyring: Keyring;
  now: () => Date;
}): ApprovalNotes {
  const common = createTokens(keyring).providerToken;
  const sealerOf = ({ approval, custody }: NotedApproval) =>
    custody === undefined ? common : custodySealer(keyring, { approval, custody });
  const textOf = async ({ approval }: NotedApproval, kind: TokenKind) =>
    (await state.notesById(listKey(approval))).get(kind);
  const seal = (approved: NotedApproval, kind: TokenKind, { value, expiresAt }: Note) =>
    sealerOf(approved).seal({ approval: approved.approval, kind, value }, now(), expiresAt);
  return {
    async read(approved, kind) {
      const text = await textOf(approved, kind);
      if (text === undefined) return undefined;
      const note = await sealerOf(approved)
        .unseal(text, now())
        .catch(() => undefined);
      if (note === undefined || !isOfPlace(note, approved, kind)) return undefined;
      const { value, iat, exp = 0 } = note;
      return { value, issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) };
    },
    async isReadableElsewhere(approved, kind) {
      const text = await textOf(approved, kind);
      if (text === undefined) return false;
      if (hasUnknownKey(keyring, text)) return true;
      const note = await sealerOf(approved)
        .inspect(text)
        .catch(() => undefined);
      return note !== undefined && isOfPlace(note, approved, kind) && !isSealedTooEarly(note, keyring);
    },
    async write(approved, kind, note) {
      const text = await seal(approved, kind, note);
      await state.note(listKey(approved.approval), kind, text, note.expiresAt);
      // Read after the write: whichever of write and revocation comes later removes the note.
      const [endedAt = null] = await state.readMarks([endedKey(approved.approval)]);
      if (endedAt !== null) await state.removeNotes(listKey(approved.approval));
    },
    async replace(approved, kind, note) {
      const text = await seal(approved, kind, note);
      return state.replaceNote(listKey(approved.approval), kind, text, note.expiresAt);
    },
  };
}

/** A note that was moved here from another place means nothing. */
const isOfPlace = (note: { approval: string; kind: string }, { approval }: NotedApproval, kind: TokenKind): boolean =>
  note.approval === approval && note.kind === kind;
