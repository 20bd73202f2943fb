import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { appendMessage } from '../../../mail/messages.ts';
import { defineTool } from '../../tool.ts';
import { compose, OutgoingFields, resolveMailbox } from './outgoing.ts';
import { MailboxPath } from './parameters.ts';
import type { MailSession } from './session.ts';

export const sendMailMessage = defineTool({
  name: 'send_mail_message',
  title: 'Send mail message',
  description:
    'Sends a message from the address of this mailbox and files a copy in Sent. It is final: show the text to the user first unless they asked to send without looking, or use create_draft_mail_message. If the result says `rejected`, those recipients did not get it.',
  effect: 'sends',
  tags: ['messages'],
  input: OutgoingFields.extend({
    folder: MailboxPath.optional().describe('Folder for the copy. Default: the Sent mailbox.'),
  }),
  output: z.object({
    message_id: z.string(),
    accepted: z.array(z.string()).describe('Recipients that the mail server accepted the message for.'),
    rejected: z
      .array(z.object({ address: z.string(), reason: z.string() }))
      .describe('Recipients that the mail server refused, with the reason.'),
    folder: z.string().nullable().describe('Where the copy is. Null: there is none; see `warning`.'),
    uid: z.number().nullable().describe('UID of the copy, if the server reports it.'),
    warning: z.string().optional(),
  }),
  run: async ({ folder, ...fields }, session: MailSession) => {
    const mailbox = await resolveMailbox(session, folder, 'sent');
    const message = await compose(fields, session);
    if (message.envelope.to.length === 0) throw new ToolError('Nobody to send to: name at least one address.');
    const { accepted, rejected } = await session.submit(message);
    // From here on the message is on its way: nothing that fails may look as if it were not.
    const saved = await session
      .changeImap((imap) => appendMessage(imap, mailbox, message.rawWithBcc, ['\\Seen']))
      .catch(() => undefined);
    return {
      message_id: message.messageId,
      accepted,
      rejected: rejected.map(({ address, reason }) => ({ address, reason })),
      folder: saved === undefined ? null : mailbox,
      uid: saved?.uid ?? null,
      ...(saved === undefined && { warning: NOT_SAVED }),
    };
  },
});

const NOT_SAVED = 'The message was sent. Only its copy could not be saved. Do not send it again.';
