/** Describes to the model what moving or deleting a message did. */
import type { moveMessages } from '../../mail/messages/change.ts';

type Moved = Awaited<ReturnType<typeof moveMessages>>[number];

/** @param moved undefined if the server reported nothing about it */
export function toMoveResult(moved: Moved | undefined): {
  new_uid: number | null;
  uid_validity: string | null;
  warning?: string;
} {
  return {
    new_uid: moved?.newUid ?? null,
    uid_validity: moved?.newUidValidity ?? null,
    ...(moved?.removed === false && { warning: NOT_REMOVED }),
  };
}

/** For servers without UIDPLUS, which could only mark the message. */
export const NOT_REMOVED =
  'The message is still there, marked as deleted, and goes when the folder is next expunged: the mail server does not remove it alone, and others that are marked too would have gone with it.';
