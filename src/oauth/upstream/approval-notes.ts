/** Keeps the tokens of an approval in the state, sealed, for all replicas. */
import type { State } from '../../state/state.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/sealed-types.ts';

/** What a token gives access to; `refresh`: the newest refresh token. */
type TokenKind = 'mail' | 'graph' | 'refresh';

interface Note {
  value: string;
  expiresAt: Date;
}

interface WrittenNote extends Note {
  issuedAt: Date;
}

export interface ApprovalNotes {
  /** @returns `undefined` if there is none, or none that this server has written for the approval */
  read(approval: string, kind: TokenKind): Promise<WrittenNote | undefined>;
  write(approval: string, kind: TokenKind, note: Note): Promise<void>;
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
  const sealer = createTokens(keyring).providerToken;
  const listOf = (approval: string): string => `provider:${approval}`;
  return {
    async read(approval, kind) {
      const text = (await state.notesById(listOf(approval))).get(kind);
      if (text === undefined) return undefined;
      const note = await sealer.unseal(text, now()).catch(() => undefined);
      // A note that was moved here from another place means nothing.
      if (note === undefined || note.approval !== approval || note.kind !== kind) return undefined;
      const { value, iat, exp = 0 } = note;
      return { value, issuedAt: new Date(iat * 1000), expiresAt: new Date(exp * 1000) };
    },
    async write(approval, kind, { value, expiresAt }) {
      const text = await sealer.seal({ approval, kind, value }, now(), expiresAt);
      await state.note(listOf(approval), kind, text, expiresAt);
    },
  };
}
