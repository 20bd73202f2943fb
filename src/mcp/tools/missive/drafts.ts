/** Operations on drafts, and sending, for which Missive has the same call. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { actionsBeside, checkActions, conversationUses, placeActions } from '../../missive/conversation-actions.ts';
import { recipientKeys, Seconds, Text, withConversationId } from '../../missive/fields.ts';
import { optionalId, pathId } from '../../missive/id-parameters.ts';
import type { MissiveSession } from '../../missive/missive-session.ts';
import { type Arguments, asTime, defineOperation, elsewhere, inBody, rarely } from '../../missive/operation.ts';
import {
  attachmentParameter,
  attachmentUses,
  FILES_ELSEWHERE,
  withAttachments,
} from '../../missive/writing/attachment-urls.ts';
import { bodyFormatParameter } from '../../missive/writing/body-format.ts';
import {
  completeOutgoing,
  findOutgoing,
  idempotencyParameter,
  outgoingFields,
  requireAddressed,
} from '../../missive/writing/complete-message.ts';
import { recipientParameters, senderParameter } from '../../missive/writing/person-parameters.ts';
import { isToBeCompleted, replyParameters } from '../../missive/writing/reply.ts';
import { narrows } from '../../parameter-meanings.ts';

const outgoing = {
  ...replyParameters,
  subject: inBody(z.string().optional().describe('A reply has it from the conversation.')),
  body: inBody(z.string().optional().describe('Text or HTML.')),
  ...bodyFormatParameter,
  from_field: senderParameter,
  ...recipientParameters,
  account: rarely(optionalId('body', 'account', 'Of a custom channel, live chat, Messenger or Instagram.')),
  quote_previous_message: rarely(inBody(z.literal(true).optional().describe('Quotes the message before.'))),
  add_default_signature: rarely(inBody(z.literal(true).optional().describe('Adds the signature; email only.'))),
  external_response_id: rarely(inBody(z.string().optional().describe('Id of a WhatsApp template.'))),
  external_response_variables: rarely(
    inBody(
      z
        .record(z.string(), z.string())
        .optional()
        .describe('Values for the template as a JSON object, such as {"1":"Ann"}; body must be the text that results.'),
    ),
  ),
  ...attachmentParameter,
  ...placeActions,
  ...actionsBeside,
  ...idempotencyParameter,
};

/** Names that models know from other mail programs. */
const aliases = { to: 'to_fields', recipients: 'to_fields', cc: 'cc_fields', bcc: 'bcc_fields', from: 'from_field' };

const NO_RESPONSE = 'pass the text of the response as body (get_single_missive_response_by_id has it).';
const OF = 'of takes the id of the message that is answered; Missive takes no Reply-To.';

const insteadOf = {
  ...elsewhere('pass body.', 'message', 'text', 'html', 'content', 'html_body', 'body_html', 'text_body'),
  ...FILES_ELSEWHERE,
  ...elsewhere('pass as: "reply_all".', 'reply_all'),
  ...elsewhere(OF, 'reply_to', 'in_reply_to', 'reply_to_message_id'),
  ...elsewhere(NO_RESPONSE, 'response', 'response_id', 'canned_response'),
};

const NOT_SENT = 'a draft is not sent. send_a_missive_message sends, now or at send_at, with the same parameters.';
const SENDS = 'this tool sends. create_a_missive_draft writes a draft.';
const NO_DRAFT =
  'a draft that exists cannot be sent here. Pass its contents, and delete it (delete_a_missive_draft_by_id).';
const NO_ID = `a reply takes conversation; ${NO_DRAFT}`;

const Draft = z.object({ id: z.string(), conversation: Text, subject: Text, send_at: z.number().optional() });

type Outgoing = Arguments<typeof outgoing>;

function checkOutgoing(args: Outgoing): void {
  checkActions(args);
  if (!args.body && !args.attachment_urls?.length)
    throw new ToolError('body is missing: the text, or attachment_urls.');
  const phones = (args.to_fields ?? []).filter(({ phone_number }) => phone_number);
  if (phones.length > 1) throw new ToolError('to_fields takes one phone_number only.');
}

const outgoingUses = (args: Outgoing) => [...conversationUses(args), ...attachmentUses(args)];

/** The same arguments as those that an earlier call was completed with. */
const completedAgain = async (args: Outgoing, session: MissiveSession): Promise<Outgoing> =>
  (await completeOutgoing(args, session, { allows: () => true })).args;

export const drafts = [
  defineOperation({
    name: 'create_a_missive_draft',
    title: 'Create a Missive draft',
    description:
      'Writes a draft that a person can send. With conversation it is a reply there, and needs a body only. To change it, delete it and write another. send_a_missive_message sends.',
    http: 'POST',
    path: '/drafts',
    effect: 'writes',
    method: 'create',
    tags: ['drafts'],
    parameters: outgoing,
    aliases,
    insteadOf: {
      ...insteadOf,
      ...elsewhere(NOT_SENT, 'send', 'send_now', 'send_at', 'scheduled_at', 'schedule'),
      ...elsewhere('this tool writes a draft. send_a_missive_message sends.', 'draft'),
    },
    implied: { draft: true },
    answer: { kind: 'one', key: 'drafts', as: 'draft', item: Draft },
    present: withConversationId,
    check: checkOutgoing,
    alsoDoes: (args) => outgoingUses(args),
    prepare: completeOutgoing,
    findMade: async (args, session, since) => {
      const draft = await findOutgoing(await completedAgain(args, session), { list: 'drafts', since }, session);
      return draft && { draft };
    },
    reportedFields: outgoingFields,
    body: async (args, session) => ({
      drafts: { ...(await withAttachments(args, session)), send: false },
    }),
  }),
  defineOperation({
    name: 'send_a_missive_message',
    title: 'Send a Missive message',
    description:
      'Sends a message now, or at send_at. With conversation it is a reply there, and needs a body only; else from_field (or account) and to_fields. It cannot send a draft that exists.',
    http: 'POST',
    path: '/drafts',
    effect: 'sends',
    method: 'send',
    tags: ['drafts'],
    parameters: {
      ...outgoing,
      send_at: asTime(
        inBody(
          narrows(Seconds)
            .optional()
            .describe('Time (ISO 8601) to send it at; left out: now. delete_a_missive_draft_by_id cancels it.'),
        ),
      ),
      auto_followup: inBody(
        narrows(z.literal(true)).optional().describe('Only with send_at: not sent if a reply arrives before.'),
      ),
    },
    aliases,
    insteadOf: {
      ...insteadOf,
      ...elsewhere(SENDS, 'send', 'send_now', 'draft'),
      ...elsewhere(NO_DRAFT, 'draft_id'),
      ...elsewhere(NO_ID, 'id'),
      ...elsewhere('pass send_at.', 'scheduled_at', 'schedule'),
    },
    implied: { send: true, send_now: true },
    answer: { kind: 'one', key: 'drafts', as: 'message', item: Draft },
    present: withConversationId,
    check(args) {
      checkOutgoing(args);
      if (!isToBeCompleted(args)) requireAddressed(args);
      if (args.auto_followup && args.send_at === undefined) throw new ToolError('auto_followup needs send_at.');
    },
    alsoDoes: (args) => outgoingUses(args),
    async prepare(args, session, rights) {
      const completed = await completeOutgoing(args, session, rights);
      requireAddressed(completed.args);
      return completed;
    },
    findMade: async (args, session, since) => {
      const message = await findOutgoing(await completedAgain(args, session), { list: 'messages', since }, session);
      return message && { message };
    },
    reportedFields: outgoingFields,
    recipients: ({ to_fields, cc_fields, bcc_fields }) =>
      [to_fields, cc_fields, bcc_fields].flatMap((people) => people ?? []).flatMap(recipientKeys),
    async body(args, session) {
      if (args.send_at !== undefined && args.send_at * 1000 <= session.now().getTime()) {
        throw new ToolError('send_at is in the past: leave it out to send now.');
      }
      const content = await withAttachments(args, session);
      return { drafts: args.send_at === undefined ? { ...content, send: true } : content };
    },
  }),
  defineOperation({
    name: 'delete_a_missive_draft_by_id',
    title: 'Delete a Missive draft',
    description: 'Deletes a draft, or cancels a message that is scheduled.',
    http: 'DELETE',
    path: '/drafts/:id',
    effect: 'destroys',
    method: 'delete',
    tags: ['drafts'],
    idempotent: true,
    parameters: { id: pathId('draft') },
    answer: { kind: 'none' },
  }),
];
