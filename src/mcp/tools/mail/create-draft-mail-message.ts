import { z } from 'zod';
import { appendMessage } from '../../../mail/messages.ts';
import { defineTool } from '../../tool.ts';
import { compose, OutgoingFields, resolveMailbox } from './outgoing.ts';
import { MailboxPath, UidValidity } from './parameters.ts';
import type { MailSession } from './session.ts';

export const createDraftMailMessage = defineTool({
  name: 'create_draft_mail_message',
  title: 'Create draft mail message',
  description:
    'Saves a message as a draft without sending it, so that the user can read, change and send it in their mail program.',
  effect: 'writes',
  tags: ['messages', 'drafts'],
  input: OutgoingFields.extend({
    folder: MailboxPath.optional().describe('Folder for the draft. Default: the Drafts mailbox.'),
  }),
  output: z.object({
    message_id: z.string(),
    folder: z.string(),
    uid: z.number().nullable().describe('UID of the draft, if the server reports it.'),
    uid_validity: UidValidity.nullable(),
  }),
  run: async ({ folder, ...fields }, session: MailSession) => {
    const mailbox = await resolveMailbox(session, folder, 'drafts');
    const message = await compose(fields, session);
    const saved = await session.changeImap((imap) =>
      appendMessage(imap, mailbox, message.rawWithBcc, ['\\Draft', '\\Seen']),
    );
    return { message_id: message.messageId, folder: mailbox, uid: saved.uid, uid_validity: saved.uidValidity };
  },
});
