/** Describes comments and posts in a result, each in one short row. */
import { z } from 'zod';
import { withoutEmpty } from '../without-empty.ts';
import { LongText, Text } from './fields.ts';
import type { MissiveSession } from './missive-session.ts';
import { fileNamesOf, nameOf, namesOf, textOf, timeOf } from './reading/api-rows.ts';

const File = z.object({ filename: z.string(), url: Text });

export const CommentRow = z.object({
  id: z.string(),
  created_at: Text,
  author: Text,
  body: LongText,
  attachment: File.optional(),
  task: z
    .object({ description: LongText, state: Text, due_at: Text, assignees: z.array(z.string()).optional(), team: Text })
    .optional(),
});

export const PostRow = z.object({
  id: z.string(),
  created_at: Text,
  username: Text,
  title: Text,
  body: LongText,
  files: z.array(z.string()).optional(),
});

type Item = Record<string, unknown>;
type Zone = Pick<MissiveSession, 'timeZone'>;

export function toCommentRow({ id, created_at, author, body, attachment, task }: Item, { timeZone }: Zone) {
  const { data: file } = File.safeParse(attachment);
  return {
    id,
    ...withoutEmpty({
      created_at: timeOf(created_at, timeZone),
      author: nameOf(author),
      body: textOf(body),
      attachment: file,
      task: taskOf(task, timeZone),
    }),
  };
}

function taskOf(value: unknown, timeZone: string) {
  const { data: task } = z.record(z.string(), z.unknown()).safeParse(value);
  return (
    task &&
    withoutEmpty({
      description: textOf(task.description),
      state: textOf(task.state),
      due_at: timeOf(task.due_at, timeZone),
      assignees: namesOf(task.assignees),
      team: nameOf(task.team),
    })
  );
}

const Notification = z.object({ title: z.string().catch(''), body: z.string().catch('') });
const Cards = z.array(z.record(z.string(), z.unknown())).catch([]);

/** `body` is the text, else that of its boxes, else what people were notified with. */
export function toPostRow(
  { id, created_at, username, notification, text, markdown, attachments }: Item,
  { timeZone }: Zone,
) {
  const { data: notified = { title: '', body: '' } } = Notification.safeParse(notification);
  const boxes = Cards.parse(attachments).flatMap((card) =>
    [card.title, card.text ?? card.markdown].map(textOf).filter((each) => each !== ''),
  );
  return {
    id,
    ...withoutEmpty({
      created_at: timeOf(created_at, timeZone),
      username: textOf(username),
      title: notified.title,
      body: textOf(markdown) || textOf(text) || boxes.join('\n') || notified.body,
      files: fileNamesOf(attachments),
    }),
  };
}
