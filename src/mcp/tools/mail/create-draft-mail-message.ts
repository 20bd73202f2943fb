import { z } from 'zod';
import { requireDestination } from '../../mail/destination.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import {
  checkTogether,
  findDraftsMailbox,
  IdempotencyKey,
  NewMessageFields,
  readingUses,
} from '../../mail/new-message.ts';
import { MailboxPath, Recipients } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { DraftResult, saveDraft } from '../../mail/save-draft.ts';
import { chosenSender } from '../../mail/writing/chosen-sender.ts';
import { defineTool } from '../../tool.ts';

export const createDraftMailMessage = defineTool({
  name: 'create_draft_mail_message',
  title: 'Create draft mail message',
  description:
    'Saves a message as a draft without sending it, so that the user can read, change and send it in their mail program.',
  effect: 'writes',
  method: 'create',
  tags: ['drafts'],
  input: NewMessageFields.extend({
    as: z
      .enum(['reply', 'reply_all', 'forward', 'draft'])
      .optional()
      .describe(
        'With `of`: recipients (not of forward), subject, quote and files follow from it. draft: replaces that draft, with this text.',
      ),
    to: Recipients.optional().describe('Comma-separated addresses, or none yet.'),
    folder: MailboxPath.optional().describe('Folder for the draft. Default: the Drafts mailbox.'),
    idempotency_key: IdempotencyKey,
  }).superRefine((args, context) => {
    for (const { parameter, message } of checkTogether(args, false)) {
      context.addIssue({ code: 'custom', path: [parameter], message });
    }
  }),
  output: DraftResult,
  alsoDoes: readingUses,
  run: async ({ folder: named, idempotency_key: idempotencyKey, ...fields }, session: MailSession, rights) => {
    chosenSender(fields, session);
    const folder = named && (await resolveFolder(named, session));
    if (folder !== undefined) await requireDestination(folder, session, rights, 'drafts');
    const mailbox = await findDraftsMailbox(session, folder);
    const requireFiles = () => rights.require([{ tool: 'get_mail_message', tag: 'attachments' }]);
    return saveDraft(fields, { mailbox, idempotencyKey, requireFiles }, session);
  },
});
