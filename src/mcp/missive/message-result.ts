/** Describes messages and drafts in a result, each in one short row. What is empty or repeats is left out. */
import { z } from 'zod';
import { withoutEmpty } from '../without-empty.ts';
import { LongText, MessageId, Text } from './fields.ts';
import type { MissiveSession } from './missive-session.ts';
import { fileNamesOf, people, person, subjectOf, textOf, timeOf } from './reading/api-rows.ts';

const texts = z.array(z.string()).optional();

/** A message without its body. */
export const MessageRow = z.object({
  id: z.string(),
  type: Text.describe('Absent: email.'),
  delivered_at: Text,
  from_field: Text,
  to_fields: texts,
  cc_fields: texts,
  bcc_fields: texts,
  subject: Text,
  preview: LongText,
  files: texts,
});

export const DraftRow = MessageRow.extend({ created_at: Text, author: Text });

type Item = Record<string, unknown>;
type Zone = Pick<MissiveSession, 'timeZone'>;

export function toMessageRow(item: Item, { timeZone }: Zone) {
  return {
    id: item.id,
    ...withoutEmpty({
      type: item.type === 'email' ? '' : textOf(item.type),
      delivered_at: timeOf(item.delivered_at, timeZone),
      from_field: person(item.from_field),
      to_fields: people(item.to_fields),
      cc_fields: people(item.cc_fields),
      bcc_fields: people(item.bcc_fields),
      subject: subjectOf(item.subject),
      preview: textOf(item.preview),
      files: fileNamesOf(item.attachments),
    }),
  };
}

export function toDraftRow(item: Item, session: Zone) {
  const author = person(item.author);
  return {
    ...toMessageRow(item, session),
    ...withoutEmpty({ created_at: timeOf(item.created_at, session.timeZone), author }),
  };
}

/** A message by itself: all that another tool takes. */
export const WholeMessage = MessageRow.omit({ preview: true, files: true }).extend({
  reply_to_fields: texts,
  email_message_id: MessageId.optional(),
  conversation: Text.describe('Its id.'),
  attachments: z
    .array(
      z.object({
        filename: z.string(),
        media_type: Text,
        size: z.number().optional().describe('Bytes.'),
        url: Text.describe('Link to the bytes, for a short time.'),
      }),
    )
    .optional(),
});

const Attachment = z.object({
  filename: z.string().catch('file'),
  media_type: z.string().optional().catch(undefined),
  sub_type: z.string().optional().catch(undefined),
  size: z.number().optional().catch(undefined),
  url: z.string().optional().catch(undefined),
});

export function toWholeMessage(item: Item, session: Zone) {
  const { preview: _, files: __, ...row } = toMessageRow(item, session);
  const { data: attachments = [] } = z.array(Attachment).safeParse(item.attachments);
  const replyTo = people(item.reply_to_fields);
  const { data: conversation } = z.object({ id: z.string() }).safeParse(item.conversation);
  return {
    ...row,
    ...withoutEmpty({
      reply_to_fields: replyTo.join() === row.from_field ? [] : replyTo,
      email_message_id: textOf(item.email_message_id),
      conversation: conversation?.id ?? textOf(item.conversation),
      attachments: attachments.map(({ media_type: type, sub_type: subType, ...file }) => ({
        ...file,
        ...(type !== undefined && { media_type: subType === undefined ? type : `${type}/${subType}` }),
      })),
    }),
  };
}
