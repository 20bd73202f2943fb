import { requireDestination } from '../../mail/destination.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { attachmentUses, IdempotencyKey, NewMessageFields } from '../../mail/new-message.ts';
import { MailboxPath } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { SendResult, sendMessage } from '../../mail/send.ts';
import { requireRecipients } from '../../permit/recipients.ts';
import { defineTool } from '../../tool.ts';

export const sendMailMessage = defineTool({
  name: 'send_mail_message',
  title: 'Send mail message',
  description:
    'Sends a message from this mailbox and files a copy in Sent. It is final: show the user the text first, or use create_draft_mail_message. `rejected` in the result names who did not get it.',
  effect: 'sends',
  method: 'send',
  tags: ['messages'],
  input: NewMessageFields.extend({
    folder: MailboxPath.optional().describe('Folder for the copy. Default: the Sent mailbox.'),
    idempotency_key: IdempotencyKey,
  }),
  output: SendResult,
  alsoDoes: attachmentUses,
  run: async ({ folder: named, idempotency_key: idempotencyKey, ...fields }, session: MailSession, rights) => {
    requireRecipients(session.permit, fields);
    const folder = named && (await resolveFolder(named, session));
    if (folder !== undefined) await requireDestination(folder, session, rights, 'sent');
    return sendMessage(fields, { folder, idempotencyKey }, session);
  },
});
