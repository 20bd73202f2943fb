import { z } from 'zod';
import { requireDestination } from '../../mail/destination.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { checkTogether, IdempotencyKey, NewMessageFields, readingUses } from '../../mail/new-message.ts';
import { MailboxPath } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { previewMessage, SendResult, sendMessage } from '../../mail/send.ts';
import { previewDraft, sendDraft } from '../../mail/send-draft.ts';
import { chosenSender } from '../../mail/writing/chosen-sender.ts';
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
    dry_run: z.boolean().default(false).describe('Shows what would leave; sends nothing.'),
    idempotency_key: IdempotencyKey,
  }).superRefine((args, context) => {
    for (const { parameter, message } of checkTogether(args, true)) {
      context.addIssue({ code: 'custom', path: [parameter], message });
    }
  }),
  output: SendResult,
  alsoDoes: readingUses,
  run: async (args, session: MailSession, rights) => {
    const { folder: named, idempotency_key: idempotencyKey, dry_run: isDryRun, ...fields } = args;
    const { as, of } = fields;
    chosenSender(fields, session);
    requireRecipients(session.permit, fields);
    const folder = named && (await resolveFolder(named, session));
    if (folder !== undefined) await requireDestination(folder, session, rights, 'sent');
    const requireFiles = () => rights.require([{ tool: 'get_mail_message', tag: 'attachments' }]);
    if (as === 'draft' && of !== undefined) {
      return isDryRun
        ? previewDraft(of, { requireFiles }, session)
        : sendDraft({ fields, of }, { folder, idempotencyKey, requireFiles }, session);
    }
    if (isDryRun) return previewMessage(fields, { requireFiles }, session);
    return sendMessage(fields, { folder, idempotencyKey, requireFiles }, session);
  },
});
