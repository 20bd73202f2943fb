/** Names the objects of attachments: keyed hashes, so that a name reveals nothing and cannot be guessed. */
import { createHmac } from 'node:crypto';
import { canonicalMailboxName } from '../mail/mailbox-name.ts';
import type { Attached, AttachmentRef } from './store.ts';

export const PREFIX = 'attachments/';

export interface ObjectNames {
  /** The key of an object. The same part of a message has the same key for ever. */
  keyOf(attached: Attached): string;
  /** True if the key names a part of a message in that mailbox of the account. */
  isIn(key: string, place: Pick<AttachmentRef, 'imap' | 'mailbox'>): boolean;
}

/** @param nameKey 32 bytes, the same in all replicas */
export function createObjectNames(nameKey: Buffer): ObjectNames {
  const hash = (identity: (string | number)[]) =>
    createHmac('sha256', nameKey).update(JSON.stringify(identity)).digest('base64url');

  const folderOf = ({ imap: { server, login }, mailbox }: Pick<AttachmentRef, 'imap' | 'mailbox'>) => {
    const identity = ['mailbox', server.host, server.port, login.username, canonicalMailboxName(mailbox)];
    return `${PREFIX}${hash(identity).slice(0, 22)}/`;
  };

  return {
    keyOf(attached) {
      const { imap, mailbox, uidValidity, uid, part } = attached;
      const { host, port } = imap.server;
      return folderOf(attached) + hash([host, port, imap.login.username, mailbox, uidValidity, uid, part]);
    },
    isIn: (key, place) => key.startsWith(folderOf(place)),
  };
}
