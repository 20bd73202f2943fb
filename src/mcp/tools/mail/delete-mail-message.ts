import { z } from 'zod';
import { deletePermanently, moveToTrash } from '../../mail/delete-message.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { ExpectedUidValidity, MailboxPath, Uid, UidValidity } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { Name } from '../../outgoing.ts';
import { narrows } from '../../parameter-meanings.ts';
import { defineTool } from '../../tool.ts';

export const deleteMailMessage = defineTool({
  name: 'delete_mail_message',
  title: 'Delete mail message',
  description:
    'Deletes one message for good; it cannot be brought back. With permanent false it goes to the trash instead.',
  effect: 'destroys',
  method: 'delete',
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath,
    uid: Uid,
    uid_validity: ExpectedUidValidity,
    permanent: narrows(z.boolean()).default(true).describe('False moves the message to the trash.'),
  }),
  output: z.object({
    uid: z.number(),
    outcome: z
      .enum(['expunged', 'moved_to_trash', 'marked_deleted'])
      .describe('"marked_deleted": it has \\Deleted and vanishes when the folder is next expunged; see `warning`.'),
    trash: Name.optional().describe('Path of the trash that it went to.'),
    new_uid: z.number().nullable().optional().describe('UID in the trash, if the server reports it.'),
    uid_validity: UidValidity.nullable().optional().describe('UIDVALIDITY of the trash, with `new_uid`.'),
    warning: z.string().optional(),
  }),
  run: async ({ folder, uid, uid_validity: uidValidity, permanent }, session: MailSession) => {
    const message = { mailbox: await resolveFolder(folder, session), uid, uidValidity };
    return permanent ? deletePermanently(message, session) : moveToTrash(message, session);
  },
});
