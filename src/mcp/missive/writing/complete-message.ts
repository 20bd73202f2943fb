/** Completes a draft or a message before the request is made of it, and finds one that an earlier call has made. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import type { Rights } from '../../tool.ts';
import type { MissiveSession } from '../missive-session.ts';
import { local } from '../operation.ts';
import { ApiPeople, textOf } from '../reading/api-rows.ts';
import { type BodyFormat, bodyFormatField, withReadBody } from './body-format.ts';
import { completeReply, type ReplyArgs, replyFields } from './reply.ts';

export const idempotencyParameter = {
  idempotency_key: local(
    z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Any text: a call repeated with it makes the message once (30 days).'),
  ),
};

export const outgoingFields = {
  ...bodyFormatField,
  ...replyFields,
  already_done: z.boolean().optional().describe('True: an earlier call with this idempotency_key made it.'),
};

interface Outgoing extends ReplyArgs {
  body?: string | undefined;
  body_format?: BodyFormat | undefined;
}

/** With what follows from the message that is answered, and with the body as the channel takes it. */
export async function completeOutgoing<Args extends Outgoing>(
  args: Args,
  session: MissiveSession,
  rights: Pick<Rights, 'allows'>,
): Promise<{ args: Args; report: Record<string, unknown> }> {
  const reply = await completeReply(args, session, rights);
  const read = withReadBody(reply.args);
  // Parameters of this server.
  const own = { as: undefined, of: undefined, body_format: undefined };
  return { args: { ...read.args, ...own }, report: { ...read.report, ...reply.report } };
}

/** @throws {ToolError} for a message without recipients or sender */
export function requireAddressed({ to_fields: to = [], from_field: from, account }: Outgoing): void {
  if (to.length === 0)
    throw new ToolError('to_fields is empty: nobody would get the message. With conversation they follow from it.');
  if (from !== undefined || account !== undefined) return;
  throw new ToolError(
    'from_field is missing: take the address of this person from the to_fields of the conversation’s messages (list_all_missive_conversation_messages).',
  );
}

const Rows = z.looseObject({
  messages: z.array(z.looseObject({ id: z.string() })).optional(),
  drafts: z.array(z.looseObject({ id: z.string() })).optional(),
});

/** Clocks of both servers differ. */
const TOLERANCE_SECONDS = 120;

/**
 * Looks in the conversation for a message of this sender with this subject and these recipients that is no older than the call.
 *
 * @returns its id; undefined without a conversation, or if nothing or several fit
 */
export async function findOutgoing(
  args: Outgoing,
  { list, since }: { list: 'messages' | 'drafts'; since: Date },
  session: MissiveSession,
): Promise<{ id: string; conversation: string } | undefined> {
  const { conversation } = args;
  if (conversation === undefined) return undefined;
  const path = `/conversations/${encodeURIComponent(conversation)}/${list}`;
  const content = await session.api.request({ http: 'GET', path, query: { limit: '10' } });
  const rows = Rows.safeParse(content).data?.[list] ?? [];
  const from = since.getTime() / 1000 - TOLERANCE_SECONDS;
  const found = rows.filter((row) => {
    const time = list === 'messages' ? row.delivered_at : row.created_at;
    return typeof time === 'number' && time >= from && isSame(args, row);
  });
  const [one] = found;
  return one === undefined || found.length > 1 ? undefined : { id: one.id, conversation };
}

function isSame(
  { subject = '', from_field: from, to_fields: to = [] }: Outgoing,
  row: Record<string, unknown>,
): boolean {
  const addresses = (people: readonly { address?: string | undefined }[]) =>
    people
      .map(({ address = '' }) => address.toLowerCase())
      .sort()
      .join();
  return (
    textOf(row.subject) === subject &&
    addresses(ApiPeople.parse([row.from_field])) === addresses(from === undefined ? [] : [from]) &&
    addresses(ApiPeople.parse(row.to_fields)) === addresses(to)
  );
}
