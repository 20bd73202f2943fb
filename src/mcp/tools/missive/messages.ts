/** Operations on single messages, and on messages that come in through a custom channel. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { GivenMessageId } from '../../missive/arguments/message-ids.ts';
import { actionsBeside, checkActions, conversationUses, placeActions } from '../../missive/conversation-actions.ts';
import { Seconds, Text, withConversationId } from '../../missive/fields.ts';
import { htmlBodyFields, htmlBodyParameters } from '../../missive/html-body.ts';
import { pathIds, requiredId } from '../../missive/id-parameters.ts';
import { WholeMessage } from '../../missive/message-result.ts';
import { asTime, defineOperation, inBody, inQuery } from '../../missive/operation.ts';
import { attachedParameter, MessagesById, messagesById, wholeMessage } from '../../missive/reading/messages-by-id.ts';
import { attachmentParameter, attachmentUses, withAttachments } from '../../missive/writing/attachment-urls.ts';
import { bodyFormatField, bodyFormatParameter, withReadBody } from '../../missive/writing/body-format.ts';
import { authorParameter, recipientParameters } from '../../missive/writing/person-parameters.ts';

export const messages = [
  defineOperation({
    name: 'get_single_missive_message_by_id',
    title: 'Get a Missive message',
    description:
      'One message with text and attachments, or up to ten. get_missive_conversation_timeline reads a whole conversation.',
    http: 'GET',
    path: '/messages/:id',
    effect: 'reads',
    method: 'get',
    tags: ['conversations'],
    parameters: { id: pathIds('message', 'Of one or several.'), ...attachedParameter, ...htmlBodyParameters },
    answer: { kind: 'composed', fields: MessagesById },
    read: messagesById,
  }),
  defineOperation({
    name: 'list_all_missive_messages',
    title: 'Find Missive messages by Message-ID',
    description:
      'Messages with this Message-ID (RFC 5322), ten at most, with text and conversation: for mail that is known from elsewhere.',
    http: 'GET',
    path: '/messages',
    effect: 'reads',
    method: 'list',
    tags: ['conversations'],
    parameters: {
      email_message_id: inQuery(GivenMessageId.describe('Such as "<a1@example.com>".')),
      ...htmlBodyParameters,
    },
    answer: { kind: 'list', key: 'messages', item: WholeMessage },
    presentedFields: htmlBodyFields,
    present: wholeMessage,
  }),
  defineOperation({
    name: 'create_a_missive_message',
    title: 'Create an incoming Missive message',
    description:
      'Adds a message that came IN through a custom channel, as if somebody had written it. It sends nothing: send_a_missive_message does.',
    http: 'POST',
    path: '/messages',
    effect: 'writes',
    method: 'create',
    tags: ['conversations'],
    isUnlisted: true,
    parameters: {
      account: requiredId('body', 'account'),
      from_field: authorParameter,
      ...recipientParameters,
      subject: inBody(z.string().optional().describe('Email channels only.')),
      body: inBody(z.string().optional().describe('As the channel has it.')),
      ...bodyFormatParameter,
      delivered_at: asTime(inBody(Seconds.optional().describe('Unix time; left out: now.'))),
      external_id: inBody(z.string().optional().describe('Its id elsewhere, for channels that are not email.')),
      ...attachmentParameter,
      ...placeActions,
      ...actionsBeside,
    },
    answer: {
      kind: 'one',
      key: 'messages',
      as: 'message',
      item: z.object({ id: z.string(), conversation: Text.describe('Id of the conversation it is in.') }),
    },
    check(args) {
      checkActions(args);
      if (!args.body && !args.attachment_urls?.length) throw new ToolError('A message needs a body or attachments.');
    },
    alsoDoes: (args) => [...conversationUses(args), ...attachmentUses(args)],
    prepare: async (args) => withReadBody(args),
    reportedFields: bodyFormatField,
    body: async ({ body_format: _, ...args }, session) => ({ messages: await withAttachments(args, session) }),
    present: withConversationId,
  }),
];
