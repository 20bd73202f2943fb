/** Describes the outcome of moving or deleting a message to the model. */
import type { moveMessages } from '../../../mail/messages/change.ts';

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

/** Warning if a message could only be marked \Deleted: on servers without UIDPLUS, and on those that expunge nothing. */
export const NOT_REMOVED =
  'The message is still there, marked as deleted, and goes when the folder is next expunged: the mail server did not remove it, or others that are marked too would have gone with it.';
