import { z } from 'zod';
import { readWholeMessage } from '../../../mail/messages/read.ts';
import { readVerdict, VERDICT_FIELDS } from '../../../mail/sender/verdict.ts';
import { mailBodyParameters } from '../../body-slice.ts';
import { fileTextFields } from '../../file-text.ts';
import { linkAttachments } from '../../mail/attachment-links.ts';
import { Evidence, findEvidence } from '../../mail/evidence/sender-evidence.ts';
import { senderWarnings } from '../../mail/evidence/sender-warnings.ts';
import { readAttachmentText } from '../../mail/files/attachment-text.ts';
import { Invite, inviteWarnings, toInvite } from '../../mail/invite.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { toBodies } from '../../mail/message-bodies.ts';
import { MessageHead, toHead } from '../../mail/message-head.ts';
import { ExpectedUidValidity, MailboxPath, Uid } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { dateWarnings } from '../../mail/rows/message-times.ts';
import { MarkupBody, TextBody } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

const Attachment = z.object({
  filename: z.string(),
  content_type: z.string().describe('Media type as the sender declared it.'),
  size: z.number().describe('Bytes after decoding; an estimate for encoded parts.'),
  part: z.string().describe('Part number in the message (RFC 9051 §6.4.5.1).'),
  url: z.string().optional().describe('Link to the bytes for a limited time. Absent: see `warnings`.'),
  inline: z.boolean().optional().describe('True: the text shows it in place, such as a logo.'),
});

const Cut = z.object({
  field: z.enum(['text_body', 'html_body']),
  total_chars: z.number().optional().describe('Characters of the whole body. Absent: not all of it was read yet.'),
  next_offset: z.number().describe('Pass it as `body_offset` to go on.'),
});

const isAnswered = ({ flags }: { flags: readonly string[] }): boolean =>
  flags.some((flag) => flag.toLowerCase() === '\\answered');

export const getMailMessage = defineTool({
  name: 'get_mail_message',
  title: 'Get mail message',
  description:
    'Reads one message; it stays unread. `cut` says where a long body goes on, hidden_text counts letters left out because people cannot see them.',
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
    attachment: z
      .string()
      .min(1)
      .max(2_000)
      .optional()
      .describe('Part number or file name: returns the text of that file instead (PDF, Office, CSV, ICS, EML, ZIP…).'),
    ...mailBodyParameters,
    evidence: z
      .boolean()
      .optional()
      .describe('Adds checks of sender and links, and what mail there was before: is it phishing?'),
  }),
  alsoDoes: ({ attachment }) => (attachment === undefined ? [] : [{ tool: 'get_mail_message', tag: 'attachments' }]),
  output: MessageHead.partial({ folder: true, uid: true, uid_validity: true }).extend({
    ...fileTextFields,
    text_body: TextBody.optional().describe('Absent if the message has no text.'),
    text_from_html: z.boolean().optional().describe('True: text_body was made from the HTML.'),
    html_body: MarkupBody.optional().describe('Absent if the message has no HTML.'),
    cut: z.array(Cut).optional().describe('Bodies that go on after what is returned. Absent: all of it is here.'),
    invite: Invite.optional().describe('The event of an invitation, or of an answer to one.'),
    attachments: z.array(Attachment).optional(),
    evidence: Evidence.optional().describe('Facts about the sender, if they were asked for.'),
    warnings: z.array(z.string()).optional(),
  }),
  run: async (args, session: MailSession, rights) => {
    const { attachment } = args;
    const folder = await resolveFolder(args.folder, session);
    if (attachment !== undefined) return readAttachmentText({ ...args, folder, attachment }, session);
    const chars = args.body_offset + args.max_chars + 1;
    const { runJob } = session;
    // Evidence is also in the form that is not returned.
    const format = args.evidence ? 'both' : args.body_format;
    const options = { format, uidValidity: args.uid_validity, chars, runJob, headerFields: VERDICT_FIELDS };
    const message = await readWholeMessage(session.readImap, folder, args.uid, options);
    const { invitation } = message;
    const verdict = readVerdict(message.header, session.trustedServers);
    const found = args.evidence ? await findEvidence(message, verdict, session) : undefined;
    const areLinksAllowed = rights.allows({ tool: 'get_mail_message', tag: 'attachments' });
    const linked = await linkAttachments(message, session, { areLinksAllowed });
    const warnings = [
      ...senderWarnings(message, verdict, session),
      ...(found?.warnings ?? []),
      ...message.warnings,
      ...(invitation ? inviteWarnings(invitation) : []),
      ...dateWarnings(message),
      ...linked.warnings,
    ];
    return {
      ...toHead(message, session),
      ...toBodies(message, args),
      ...(args.body_format !== 'html' && { hidden_text: message.hiddenLetters }),
      ...(invitation && { invite: toInvite(invitation, session, { isAnswered: isAnswered(message) }) }),
      ...(linked.attachments.length > 0 && { attachments: linked.attachments }),
      ...(found && { evidence: found.evidence }),
      ...(warnings.length > 0 && { warnings }),
    };
  },
});
