/** Operations that list the contents of a conversation: messages, comments, drafts and posts, each by a tool of its own. */
import { z } from 'zod';
import { LongText, Text } from '../../missive/fields.ts';
import { pathId } from '../../missive/id-parameters.ts';
import { DraftItem, MessageItem } from '../../missive/message-result.ts';
import { defineOperation } from '../../missive/operation.ts';

const time = z.number().optional();

const conversationId = pathId('conversation');

/** Lists inside a conversation have ten rows on a page at most. */
const pagingBy = (field: string) => ({ style: 'until', field, minLimit: 2, defaultLimit: 10, maxLimit: 10 }) as const;

export const conversationContents = [
  defineOperation({
    name: 'list_all_missive_conversation_messages',
    title: 'List messages of a Missive conversation',
    description:
      'Messages of a conversation with people outside, newest first, with a preview. get_single_missive_message_by_id has the text; comments are another tool.',
    http: 'GET',
    path: '/conversations/:conversation_id/messages',
    effect: 'reads',
    method: 'list',
    tags: ['conversations'],
    parameters: { conversation_id: conversationId },
    paging: pagingBy('delivered_at'),
    answer: { kind: 'list', key: 'messages', item: MessageItem },
  }),
  defineOperation({
    name: 'list_all_missive_conversation_comments',
    title: 'List comments of a Missive conversation',
    description:
      'What the team said among themselves in a conversation, newest first. Comments cannot be written here; create_a_missive_post leaves a note instead.',
    http: 'GET',
    path: '/conversations/:conversation_id/comments',
    effect: 'reads',
    method: 'list',
    tags: ['conversations'],
    parameters: { conversation_id: conversationId },
    paging: pagingBy('created_at'),
    answer: {
      kind: 'list',
      key: 'comments',
      item: z.object({
        id: z.string(),
        body: LongText,
        created_at: time,
        author: z.object({ id: Text, name: Text, email: Text }).optional(),
        mentions: z
          .array(z.object({ id: Text }))
          .optional()
          .describe('Ids of users that the body mentions.'),
        attachment: z
          .object({ id: Text, filename: Text, media_type: Text, size: z.number().optional(), url: Text })
          .optional(),
        task: z
          .object({
            description: LongText,
            state: Text,
            due_at: time,
            started_at: time,
            closed_at: time,
            assignees: z.array(z.object({ id: Text, name: Text })).optional(),
            team: z.object({ id: Text, name: Text }).optional(),
          })
          .optional(),
      }),
    },
  }),
  defineOperation({
    name: 'list_all_missive_conversation_drafts',
    title: 'List drafts of a Missive conversation',
    description:
      'Drafts in a conversation that were not sent yet, the first page only. delete_a_missive_draft_by_id removes one.',
    http: 'GET',
    path: '/conversations/:conversation_id/drafts',
    effect: 'reads',
    method: 'list',
    tags: ['conversations', 'drafts'],
    parameters: { conversation_id: conversationId },
    paging: pagingBy('delivered_at'),
    answer: { kind: 'list', key: 'drafts', item: DraftItem },
  }),
  defineOperation({
    name: 'list_all_missive_conversation_posts',
    title: 'List posts of a Missive conversation',
    description: 'Notes that integrations left in a conversation, newest first.',
    http: 'GET',
    path: '/conversations/:conversation_id/posts',
    effect: 'reads',
    method: 'list',
    tags: ['conversations', 'posts'],
    parameters: { conversation_id: conversationId },
    paging: pagingBy('created_at'),
    answer: {
      kind: 'list',
      key: 'posts',
      item: z.object({
        id: z.string(),
        created_at: time,
        username: Text,
        notification: z.object({ title: Text, body: LongText }).optional(),
        text: LongText,
        markdown: LongText,
        attachments: z
          .array(z.object({ title: Text, text: LongText, markdown: LongText, filename: Text, url: Text }))
          .optional(),
      }),
    },
  }),
];
