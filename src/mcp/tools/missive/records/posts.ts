/** Posts: notes that a program leaves in a conversation. */
import { z } from 'zod';
import { ToolError } from '../../../../errors.ts';
import { Id, Text } from '../fields.ts';
import { defineOperation, inBody, inPath } from '../operation.ts';
import { checkActions, placeActions, stateActions } from './actions.ts';
import { attachmentParameter, withAttachments } from './attachments.ts';

const note = (what: string) => z.string().min(1).max(8000).optional().describe(what);

export const posts = [
  defineOperation({
    name: 'create_a_missive_post',
    title: 'Create a Missive post',
    description:
      'Leaves a note in a conversation that everyone with access sees, and may label, assign or close it at the same time. Without conversation and references it makes a new conversation. A closed conversation stays closed unless reopen is true. People outside do not see it.',
    http: 'POST',
    path: '/posts',
    effect: 'writes',
    method: 'create',
    tags: ['posts'],
    parameters: {
      notification: inBody(
        z
          .strictObject({ title: z.string().min(1).max(500), body: z.string().min(1).max(1000) })
          .describe('What people are notified with.'),
      ),
      text: inBody(note('The note as plain text.')),
      markdown: inBody(note('The note as Markdown, in the place of text.')),
      username: inBody(z.string().max(200).optional().describe('Who the note is shown to be from.')),
      username_icon: inBody(z.url().max(2000).optional().describe('Picture beside it.')),
      conversation_icon: inBody(z.url().max(2000).optional().describe('Picture of a new conversation.')),
      reopen: inBody(z.boolean().default(false).describe('True: opens a closed conversation again.')),
      ...attachmentParameter,
      ...placeActions,
      ...stateActions,
    },
    answer: { kind: 'one', key: 'posts', as: 'post', item: z.object({ id: z.string(), conversation: Text }) },
    check(args) {
      checkActions(args);
      if (args.text === undefined && args.markdown === undefined && !args.attachment_urls?.length) {
        throw new ToolError('A post needs text, markdown or attachments; a notification alone is not enough.');
      }
      if (args.close && args.reopen) throw new ToolError('Pass close or reopen, not both.');
    },
    // Left out, `reopen` would count as true.
    body: async (args, session) => ({ posts: await withAttachments(args, session) }),
  }),
  defineOperation({
    name: 'delete_a_missive_post_by_id',
    title: 'Delete a Missive post',
    description:
      'Deletes a note. What it did to the conversation (labels, assignees) stays. list_all_missive_conversation_posts finds the id.',
    http: 'DELETE',
    path: '/posts/:id',
    effect: 'destroys',
    method: 'delete',
    tags: ['posts'],
    idempotent: true,
    parameters: { id: inPath(Id.describe('Id of the post; list_all_missive_conversation_posts finds it.')) },
    answer: { kind: 'none' },
  }),
];
