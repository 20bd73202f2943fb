/** Reads one or several messages with their bodies. */
import { z } from 'zod';
import { ToolError, UpstreamError } from '../../../errors.ts';
import { headerWarnings, otherReplyTo } from '../../../mail/sender/header-warnings.ts';
import { HiddenText } from '../../outgoing.ts';
import { type BodyArgs, htmlBodyFields, shownBody } from '../html-body.ts';
import { toWholeMessage, WholeMessage } from '../message-result.ts';
import type { MissiveSession } from '../missive-session.ts';
import { local } from '../operation.ts';
import { authorsOf } from './api-rows.ts';
import { attachedFields, readAttachedText } from './attached-text.ts';
import { readOwnPeople } from './own-people.ts';
import { withLimit } from './read-entries.ts';
import { readMessages } from './read-messages.ts';

const Message = WholeMessage.extend({ ...htmlBodyFields, hidden_text: HiddenText });

export const attachedParameter = {
  attachment: local(z.string().trim().min(1).max(500).optional().describe('Name of a file: its text instead.')),
};

export const MessagesById = {
  message: Message.optional(),
  messages: z.array(Message).optional().describe('If several ids are given.'),
  not_found: z
    .array(z.string())
    .optional()
    .describe('Ids that Missive does not know, or does not return by themselves.'),
  ...attachedFields,
};

const MAX_IDS = 10;

export async function messagesById(
  { id: ids, attachment, ...args }: BodyArgs & { id: string[]; attachment?: string | undefined },
  session: MissiveSession,
): Promise<Record<string, unknown>> {
  const wanted = [...new Set(ids)];
  if (wanted.length > MAX_IDS) throw new ToolError(`id takes ${MAX_IDS} ids at most; there are ${wanted.length}.`);
  if (attachment !== undefined && wanted.length > 1) throw new ToolError(ONE_MESSAGE);
  const items = await readMessages(wanted, withLimit(session.api));
  const found = new Set(items.map(({ id }) => id));
  const missing = wanted.filter((id) => !found.has(id));
  if (items.length === 0) throw new ToolError(NOT_FOUND, { details: { status: 404 } });
  const [first] = items;
  if (attachment !== undefined && first !== undefined) {
    return readAttachedText(first, { ...args, attachment }, session);
  }
  // The room is that of one message.
  const share = { ...args, max_chars: Math.ceil(args.max_chars / wanted.length) };
  const isOwn = await ownAddressesFor(items, session);
  const messages = [];
  for (const item of items) messages.push(await shownMessage(item, share, session, isOwn));
  if (wanted.length === 1) return { message: messages[0] };
  return { messages, ...(missing.length > 0 && { not_found: missing }) };
}

export async function wholeMessage(item: Item, args: BodyArgs, session: MissiveSession) {
  return shownMessage(item, args, session, await ownAddressesFor([item], session));
}

type Item = Record<string, unknown>;
type IsOwn = (address: string) => boolean;

/** The users are read only if answers to one of the messages go to another domain; if they cannot be, that is a warning. */
async function ownAddressesFor(items: readonly Item[], { api }: MissiveSession): Promise<IsOwn> {
  const none = () => false;
  if (items.every((item) => otherReplyTo(authorsOf(item), none) === undefined)) return none;
  try {
    return (await readOwnPeople(api)).isOwn;
  } catch (error) {
    if (error instanceof ToolError || error instanceof UpstreamError) return none;
    throw error;
  }
}

async function shownMessage(item: Item, args: BodyArgs, session: MissiveSession, isOwn: IsOwn) {
  const row = toWholeMessage(item, session);
  const { warnings: ofBody = [], ...body } = await shownBody(item.body, args, session);
  const warnings = [...headerWarnings(authorsOf(item), isOwn), ...ofBody];
  return { ...row, id: String(item.id), ...body, ...(warnings.length > 0 && { warnings }) };
}

const ONE_MESSAGE = 'With attachment, id takes the id of one message.';
const NOT_FOUND =
  'Missive does not know this message, or does not return it by itself, as with some that were sent through its API: get_missive_conversation_timeline has its start.';
