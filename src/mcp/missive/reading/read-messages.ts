/** Reads messages with their bodies, several with one request. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import type { MissiveApi } from '../../../missive/api.ts';
import { unreadable } from '../answers/unreadable.ts';

const Item = z.looseObject({ id: z.string() });
export type MessageItem = z.output<typeof Item>;

const Answer = z.object({ messages: z.union([z.array(Item), Item.transform((one) => [one])]) });

/** A page of a list. The API documents no limit. */
const MAX_IDS = 10;

/**
 * The API refuses all of the messages if it does not know one of them, as it does for some that were sent through the API: then each half is read
 * by itself.
 *
 * @returns the messages in the order of their ids, without those that the API does not know
 */
export async function readMessages(ids: readonly string[], api: MissiveApi): Promise<MessageItem[]> {
  if (ids.length === 0) return [];
  if (ids.length <= MAX_IDS) return readTogether(ids, api);
  const rest = await readMessages(ids.slice(MAX_IDS), api);
  return [...(await readTogether(ids.slice(0, MAX_IDS), api)), ...rest];
}

async function readTogether(ids: readonly string[], api: MissiveApi): Promise<MessageItem[]> {
  try {
    const content = await api.request({ http: 'GET', path: `/messages/${ids.map(encodeURIComponent).join(',')}` });
    const parsed = Answer.safeParse(content);
    if (!parsed.success) throw unreadable();
    const byId = new Map(parsed.data.messages.map((message) => [message.id, message]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  } catch (error) {
    if (!(error instanceof ToolError && error.details?.status === 404)) throw error;
    if (ids.length === 1) return [];
    const middle = Math.ceil(ids.length / 2);
    const first = await readTogether(ids.slice(0, middle), api);
    return [...first, ...(await readTogether(ids.slice(middle), api))];
  }
}
