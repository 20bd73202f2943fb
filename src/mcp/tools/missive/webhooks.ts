/** Operations on webhooks: Missive sends events to a URL. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { optionalId, pathId } from '../../missive/id-parameters.ts';
import { defineOperation, inBody, rarely } from '../../missive/operation.ts';
import { narrows } from '../../parameter-meanings.ts';

/** Without a filter Missive sends everything. */
const text = (what: string) => narrows(z.string().min(1)).optional().describe(what);

export const webhooks = [
  defineOperation({
    name: 'create_a_missive_webhook',
    title: 'Create a Missive webhook',
    description:
      'From now on Missive sends all of this kind, contents included, to the URL, which has to answer already. Keep the id: webhooks cannot be listed, only deleted by it.',
    http: 'POST',
    path: '/hooks',
    // The operator of the URL receives the mail.
    effect: 'sends',
    method: 'create',
    tags: ['webhooks'],
    isUnlisted: true,
    parameters: {
      type: inBody(
        z
          .enum([
            'incoming_email',
            'incoming_sms_message',
            'incoming_facebook_message',
            'incoming_whatsapp_message',
            'incoming_twilio_chat_message',
            'new_comment',
          ])
          .describe('What sets it off.'),
      ),
      url: inBody(z.url({ protocol: /^https$/, error: 'must be an https URL' }).describe('Where Missive sends it.')),
      organization: optionalId('body', 'organization', 'Left out: a hook of this person alone.', narrows),
      content_contains: inBody(text('Only with this text.')),
      content_starts_with: rarely(inBody(text('Only if it starts with this text.'))),
      content_ends_with: rarely(inBody(text('Only if it ends with this text.'))),
      from_eq: inBody(text('incoming_email only: from this address.')),
      subject_contains: inBody(text('incoming_email only: with this in the subject.')),
      is_task: inBody(narrows(z.literal(true)).optional().describe('new_comment only: tasks.')),
      author: optionalId('body', 'user', 'new_comment only: by this user.', narrows),
      mention: optionalId('body', 'user', 'new_comment only: that mentions this user.', narrows),
    },
    envelope: { key: 'hooks', as: 'object' },
    recipients: ({ url }) => [url],
    answer: { kind: 'one', key: 'hooks', as: 'webhook', item: z.object({ id: z.string() }) },
    check({ type, ...args }) {
      const requireType = (kind: string, names: readonly (keyof typeof args)[]) => {
        const given = names.find((name) => args[name] !== undefined);
        if (given !== undefined && type !== kind) throw new ToolError(`${given} goes with the type ${kind} only.`);
      };
      requireType('incoming_email', ['from_eq', 'subject_contains']);
      requireType('new_comment', ['is_task', 'author', 'mention']);
    },
  }),
  defineOperation({
    name: 'delete_a_missive_webhook_by_id',
    title: 'Delete a Missive webhook',
    description: 'Ends a webhook: Missive sends nothing to it any more.',
    http: 'DELETE',
    path: '/hooks/:id',
    effect: 'destroys',
    method: 'delete',
    tags: ['webhooks'],
    isUnlisted: true,
    idempotent: true,
    parameters: { id: pathId('webhook') },
    answer: { kind: 'none' },
  }),
];
