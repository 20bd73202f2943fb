/** Operations that list the contents of a conversation: messages, comments, drafts and posts, each by a tool of its own. */
import { z } from 'zod';
import { htmlBodyParameters } from '../../missive/html-body.ts';
import { pathId } from '../../missive/id-parameters.ts';
import { DraftRow, MessageRow, toDraftRow, toMessageRow } from '../../missive/message-result.ts';
import { CommentRow, PostRow, toCommentRow, toPostRow } from '../../missive/note-result.ts';
import { defineOperation, elsewhere, local, rarely } from '../../missive/operation.ts';
import { attachedParameter } from '../../missive/reading/messages-by-id.ts';
import { Timeline, timeline } from '../../missive/reading/timeline.ts';

const conversationId = pathId('conversation');

/** Lists inside a conversation have ten rows on a page at most. */
const pagingBy = (field: string) => ({ style: 'until', field, minLimit: 2, defaultLimit: 10, maxLimit: 10 }) as const;

export const conversationContents = [
  defineOperation({
    name: 'get_missive_conversation_timeline',
    title: 'Read a Missive conversation',
    description: 'Messages, comments and posts by time, new text only, and who wrote from outside.',
    http: 'GET',
    path: '/conversations/:conversation_id',
    effect: 'reads',
    method: 'get',
    tags: ['conversations'],
    parameters: {
      conversation_id: conversationId,
      max_chars: local(
        z.int().min(1_000).max(60_000).default(14_000).describe('Of the answer, up to 60,000; old texts shrink first.'),
      ),
      next_cursor: local(
        z.string().max(60_000).optional().describe('Exactly as received, with the same other arguments.'),
      ),
      attachment: rarely(attachedParameter.attachment),
      body_offset: rarely(htmlBodyParameters.body_offset),
    },
    insteadOf: elsewhere(
      'max_chars bounds the answer, and next_cursor leads to older entries.',
      'limit',
      'offset',
      'page',
    ),
    answer: { kind: 'composed', fields: Timeline },
    read: timeline,
  }),
  defineOperation({
    name: 'list_all_missive_conversation_messages',
    title: 'List messages of a Missive conversation',
    description:
      'Messages of a conversation with people outside, newest first, with a preview and without text. get_missive_conversation_timeline has texts and comments in one call.',
    http: 'GET',
    path: '/conversations/:conversation_id/messages',
    effect: 'reads',
    method: 'list',
    tags: ['conversations'],
    parameters: { conversation_id: conversationId },
    paging: pagingBy('delivered_at'),
    answer: { kind: 'list', key: 'messages', item: MessageRow },
    present: (item, _, session) => toMessageRow(item, session),
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
    answer: { kind: 'list', key: 'comments', item: CommentRow },
    present: (item, _, session) => toCommentRow(item, session),
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
    answer: { kind: 'list', key: 'drafts', item: DraftRow },
    present: (item, _, session) => toDraftRow(item, session),
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
    answer: { kind: 'list', key: 'posts', item: PostRow },
    present: (item, _, session) => toPostRow(item, session),
  }),
];
