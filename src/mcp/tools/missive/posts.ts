/** Operations on posts: notes that a program leaves in a conversation. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { actionsBeside, checkActions, conversationUses, placeActions } from '../../missive/conversation-actions.ts';
import { Color, Seconds, Text } from '../../missive/fields.ts';
import { pathId } from '../../missive/id-parameters.ts';
import { defineOperation, elsewhere, inBody, rarely } from '../../missive/operation.ts';
import {
  attachmentParameter,
  attachmentUses,
  FILES_ELSEWHERE,
  withAttachments,
} from '../../missive/writing/attachment-urls.ts';

const note = (what: string) => z.string().min(1).max(8000).optional().describe(what);

const line = z.string().min(1).optional();

/** A rich attachment of a post. */
const Card = z.strictObject({
  color: Color.optional(),
  pretext: line,
  author_name: line,
  author_link: line,
  author_icon: line,
  title: line,
  title_link: line,
  image_url: line,
  text: note('As plain text.'),
  markdown: note('As Markdown.'),
  timestamp: Seconds.optional().describe('Unix time.'),
  footer: line,
  footer_icon: line,
  fields: z.array(z.strictObject({ title: z.string(), value: z.string(), short: z.boolean().optional() })).optional(),
});

export const posts = [
  defineOperation({
    name: 'create_a_missive_post',
    title: 'Create a Missive post',
    description:
      'Leaves a note for the team in a conversation, or in a new one; people outside do not see it. It may label, assign or close it too (update_a_missive_conversation_by_id shows more).',
    http: 'POST',
    path: '/posts',
    effect: 'writes',
    method: 'create',
    tags: ['posts'],
    parameters: {
      notification: inBody(
        z
          .strictObject({ title: z.string().min(1), body: z.string().min(1) })
          .describe('What people are notified with.'),
      ),
      text: inBody(note('The note as plain text.')),
      markdown: inBody(note('The note as Markdown, in the place of text.')),
      username: rarely(inBody(z.string().optional().describe('Who the note is shown to be from.'))),
      username_icon: rarely(inBody(z.url().optional().describe('Picture beside it.'))),
      conversation_icon: rarely(inBody(z.url().optional().describe('Picture of a new conversation.'))),
      reopen: inBody(z.boolean().default(false).describe('True: opens a closed conversation again.')),
      cards: rarely(
        inBody(z.array(Card).min(1).optional().describe('Boxes below the note: titles, links, fields of a record.')),
      ),
      ...attachmentParameter,
      ...placeActions,
      ...actionsBeside,
    },
    insteadOf: {
      ...elsewhere(
        'pass text or markdown, and notification as {"title":"…","body":"…"}.',
        ...['body', 'note', 'comment', 'message', 'content', 'title'],
      ),
      ...elsewhere('pass add_shared_labels.', 'labels', 'label', 'shared_labels', 'add_labels', 'tags'),
      ...FILES_ELSEWHERE,
    },
    answer: { kind: 'one', key: 'posts', as: 'post', item: z.object({ id: z.string(), conversation: Text }) },
    check(args) {
      checkActions(args);
      if (args.text === undefined && args.markdown === undefined && !args.cards && !args.attachment_urls?.length) {
        throw new ToolError(
          'A post needs text, markdown, cards or attachment_urls; a notification alone is not enough.',
        );
      }
      if (args.close && args.reopen) throw new ToolError('Pass close or reopen, not both.');
    },
    alsoDoes: (args) => [...conversationUses(args), ...attachmentUses(args)],
    // `reopen` is always sent: Missive's default is true.
    async body({ cards = [], ...args }, session) {
      const { attachments = [], ...content } = await withAttachments(args, session);
      const all = [...cards, ...attachments];
      return { posts: { ...content, ...(all.length > 0 && { attachments: all }) } };
    },
  }),
  defineOperation({
    name: 'delete_a_missive_post_by_id',
    title: 'Delete a Missive post',
    description:
      'Deletes a note; what it did to the conversation stays. In an organization only admins and owners may.',
    http: 'DELETE',
    path: '/posts/:id',
    effect: 'destroys',
    method: 'delete',
    tags: ['posts'],
    idempotent: true,
    parameters: { id: pathId('post') },
    answer: { kind: 'none' },
  }),
];
