import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { openMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import { includesDeleted, updateFlags } from '../../../mail/messages/change.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { ExpectedUidValidity, MailboxPath, Uid } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { GivenName, Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

const Flags = z.array(GivenName).max(50).default([]);

export const updateMailMessageFlags = defineTool({
  name: 'update_mail_message_flags',
  title: 'Update mail message flags',
  description:
    'Adds and removes flags of one message: \\Seen marks it as read, \\Flagged as starred, \\Answered as replied to; keywords such as $Label1 are labels. Returns all flags that it has afterwards.',
  effect: 'writes',
  method: 'update',
  idempotent: true,
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath,
    uid: Uid,
    uid_validity: ExpectedUidValidity,
    add: Flags.describe('Flags to add. To delete use delete_mail_message.'),
    remove: Flags.describe('Flags to remove.'),
  }),
  output: z.object({ uid: z.number(), flags: z.array(Name).describe('All flags of the message now.') }),
  alsoDoes: ({ add, remove }) => (includesDeleted([...add, ...remove]) ? [{ tool: 'delete_mail_message' }] : []),
  run: async ({ folder, uid, uid_validity: uidValidity, add, remove }, session: MailSession) => {
    if (add.length + remove.length === 0) throw new ToolError('Nothing to do: name flags in `add` or in `remove`.');
    const mailbox = await resolveFolder(folder, session);
    return session.changeImap(async (imap) => {
      if (uidValidity !== undefined) await openMailbox(imap, mailbox, { toChange: true, uidValidity });
      return { uid, flags: await updateFlags(imap, mailbox, uid, { add, remove }) };
    }, mailbox);
  },
});
