import { z } from 'zod';
import { readWholeMessage } from '../../../mail/messages/read.ts';
import { bodyParameters } from '../../body-slice.ts';
import { linkAttachments } from '../../mail/attachment-links.ts';
import { Invite, inviteWarnings, toInvite } from '../../mail/invite.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { toBodies } from '../../mail/message-bodies.ts';
import {
  EmailAddress,
  Envelope,
  ExpectedUidValidity,
  MailboxPath,
  toEmailAddresses,
  toEnvelope,
  Uid,
  UidValidity,
} from '../../mail/parameters.ts';
import { MarkupBody, Name, TextBody } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

const Attachment = z.object({
  filename: Name,
  content_type: z.string().describe('Media type as the sender declared it.'),
  size: z.number().describe('Bytes after decoding; an estimate for encoded parts.'),
  part: z.string().describe('Part number in the message (RFC 9051 §6.4.5.1).'),
  url: z.string().nullable().describe('Link to the bytes for a limited time. Null: see `warnings`.'),
  inline: z.boolean().describe('True: the text shows it in place, such as a logo.'),
});

const Cut = z.object({
  field: z.enum(['text_body', 'html_body']),
  total_chars: z.number().nullable().describe('Characters of the whole body. Null: not all of it was read yet.'),
  next_offset: z.number().describe('Pass it as `body_offset` to go on.'),
});

export const getMailMessage = defineTool({
  name: 'get_mail_message',
  title: 'Get mail message',
  description:
    'Reads one message: envelope, body as text, attachments as links. It stays unread. A long body is cut, and `cut` says where to go on.',
  effect: 'reads',
  method: 'get',
  tags: ['messages', 'attachments'],
  input: z.object({
    folder: MailboxPath,
    uid: Uid,
    uid_validity: ExpectedUidValidity,
    body_format: z
      .enum(['text', 'html', 'both'])
      .default('text')
      .describe('"text" is cheapest, and made from the HTML if need be.'),
    ...bodyParameters,
  }),
  output: Envelope.extend({
    folder: Name,
    uid_validity: UidValidity,
    bcc: z.array(EmailAddress),
    references: z.array(Name).describe('Message-IDs of the thread, oldest first.'),
    text_body: TextBody.nullable().optional().describe('Null if the message has no text.'),
    text_from_html: z.boolean().optional().describe('True: text_body was made from the HTML.'),
    html_body: MarkupBody.nullable().optional().describe('Null if the message has no HTML.'),
    cut: z.array(Cut).describe('Bodies that go on after what is returned. Empty: all of it is here.'),
    invite: Invite.optional().describe('The event of an invitation, or of an answer to one.'),
    attachments: z.array(Attachment),
    warnings: z.array(z.string()),
  }),
  run: async (args, session: MailSession, rights) => {
    const chars = args.body_offset + args.max_chars + 1;
    const { runJob } = session;
    const options = { format: args.body_format, uidValidity: args.uid_validity, chars, runJob };
    const message = await readWholeMessage(session.readImap, args.folder, args.uid, options);
    const { invitation } = message;
    const areLinksAllowed = rights.allows({ tool: 'get_mail_message', tag: 'attachments' });
    const { attachments, warnings } = await linkAttachments(message, session, { areLinksAllowed });
    return {
      ...toEnvelope(message),
      folder: message.mailbox,
      uid_validity: message.uidValidity,
      bcc: toEmailAddresses(message.bcc),
      references: message.references,
      ...toBodies(message, args),
      ...(args.body_format !== 'html' && { hidden_text: message.hiddenLetters }),
      ...(invitation && { invite: toInvite(invitation, { ownAddress: session.account.email, timeZone: 'UTC' }) }),
      attachments,
      warnings: [...message.warnings, ...(invitation ? inviteWarnings(invitation) : []), ...warnings],
    };
  },
});
