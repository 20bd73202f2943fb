import { defineTool } from '../../tool.ts';
import { IdempotencyKey, OutgoingFields } from './outgoing.ts';
import { MailboxPath } from './parameters.ts';
import { sendOnce } from './send-once.ts';
import { SendResult, sendNow } from './sending.ts';
import type { MailSession } from './session.ts';

export const sendMailMessage = defineTool({
  name: 'send_mail_message',
  title: 'Send mail message',
  description:
    'Sends a message from the address of this mailbox and files a copy in Sent. It is final: show the text to the user first unless they asked to send without looking, or use create_draft_mail_message. If the result says `rejected`, those recipients did not get it. Give an idempotency_key: if no answer comes, call again with the same key and arguments, and it is not sent twice.',
  effect: 'sends',
  method: 'send',
  tags: ['messages'],
  input: OutgoingFields.extend({
    folder: MailboxPath.optional().describe('Folder for the copy. Default: the Sent mailbox.'),
    idempotency_key: IdempotencyKey,
  }),
  output: SendResult,
  run: ({ folder, idempotency_key: key, ...fields }, session: MailSession) =>
    key === undefined ? sendNow(fields, folder, session) : sendOnce(fields, folder, key, session),
});
