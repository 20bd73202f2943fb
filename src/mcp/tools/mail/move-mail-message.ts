import { z } from 'zod';
import { openMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import { moveMessages } from '../../../mail/messages/change.ts';
import { requireDestination } from '../../mail/destination.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { toMoveResult } from '../../mail/move-results.ts';
import { ExpectedUidValidity, MailboxPath, Uid, UidValidity } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

export const moveMailMessage = defineTool({
  name: 'move_mail_message',
  title: 'Move mail message',
  description:
    'Moves one message to another folder, for example to archive it. Its UID changes: go on with new_uid. Moving to junk may train the spam filter, and the provider may delete it there.',
  effect: 'writes',
  method: 'update',
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath,
    uid: Uid,
    uid_validity: ExpectedUidValidity,
    destination: MailboxPath.describe('Path or role of a folder that exists.'),
  }),
  output: z.object({
    destination: Name,
    new_uid: z
      .number()
      .nullable()
      .describe('UID in the destination. Null if the server does not report it (no UIDPLUS).'),
    uid_validity: UidValidity.nullable(),
    warning: z.string().optional().describe('Says if something of the message is still in the old folder.'),
  }),
  run: async ({ folder, uid, uid_validity: uidValidity, ...to }, session: MailSession, rights) => {
    const mailbox = await resolveFolder(folder, session);
    const destination = await resolveFolder(to.destination, session, 'destination');
    await requireDestination(destination, session, rights);
    return session.changeImap(async (imap) => {
      if (uidValidity !== undefined) await openMailbox(imap, mailbox, { toChange: true, uidValidity });
      const [moved] = await moveMessages(imap, mailbox, [uid], destination);
      return { destination, ...toMoveResult(moved) };
    }, mailbox);
  },
});
