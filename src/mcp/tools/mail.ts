/**
 * Lists the tools of a mailbox. A new tool is a file in `mail/`, which is listed here.
 *
 * Invariant: every file in `mail/` declares a tool that a model can see, and nothing else.
 */
import type { MailSession } from '../mail/mail-session.ts';
import type { Tool } from '../tool.ts';
import { createDraftMailMessage } from './mail/create-draft-mail-message.ts';
import { deleteMailMessage } from './mail/delete-mail-message.ts';
import { getMailMessage } from './mail/get-mail-message.ts';
import { getMailThread } from './mail/get-mail-thread.ts';
import { listMailMessages } from './mail/list-mail-messages.ts';
import { listMailboxes } from './mail/list-mailboxes.ts';
import { moveMailMessage } from './mail/move-mail-message.ts';
import { searchMailMessages } from './mail/search-mail-messages.ts';
import { sendMailMessage } from './mail/send-mail-message.ts';
import { unsubscribeMail } from './mail/unsubscribe-mail.ts';
import { updateMailMessageFlags } from './mail/update-mail-message-flags.ts';

/** In the order of tools/list. */
export const mailTools: readonly Tool<MailSession>[] = [
  listMailboxes,
  listMailMessages,
  searchMailMessages,
  getMailMessage,
  getMailThread,
  sendMailMessage,
  createDraftMailMessage,
  moveMailMessage,
  updateMailMessageFlags,
  deleteMailMessage,
  unsubscribeMail,
];
