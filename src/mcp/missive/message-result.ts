/** Schemas of messages and drafts in a result. */
import { z } from 'zod';
import { Correspondent, LongText, MessageId, Text } from './fields.ts';

const people = z.array(Correspondent).optional();
const time = z.number().optional();

const AttachmentItem = z.object({
  id: Text,
  filename: Text,
  media_type: Text,
  sub_type: Text,
  size: z.number().optional().describe('Bytes.'),
  url: Text.describe('Link to the bytes, for a short time.'),
});

/** A message without its body. */
export const MessageItem = z.object({
  id: z.string(),
  type: Text,
  subject: Text,
  preview: LongText,
  delivered_at: time,
  created_at: time,
  email_message_id: MessageId.optional(),
  in_reply_to: z.array(MessageId).optional(),
  references: z.array(MessageId).optional(),
  from_field: Correspondent.optional(),
  to_fields: people,
  cc_fields: people,
  bcc_fields: people,
  reply_to_fields: people,
  attachments: z.array(AttachmentItem).optional(),
});

export const DraftItem = MessageItem.extend({
  draft: z.boolean().optional(),
  author: z.object({ id: Text, name: Text, email: Text }).optional(),
});
