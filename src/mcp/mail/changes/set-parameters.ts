/** Declares the parameters by which several messages are named. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { joins, narrows } from '../../parameter-meanings.ts';
import type { Use } from '../../tool.ts';

/** Room for a thousand UIDs of ten digits, blanks and repetitions. */
const MAX_UIDS_CHARS = 20_000;

export const SetParameters = {
  uids: joins(z.string().max(MAX_UIDS_CHARS)).optional().describe('Several: "5,9,12:40", up to 1,000.'),
  query: z
    .string()
    .max(8_000)
    .optional()
    .describe('Instead of UIDs: all that it finds in `folder` (as in search_mail_messages).'),
  dry_run: narrows(z.boolean()).optional().describe('True: changes nothing and shows what would be.'),
};

export const Create = z.boolean().default(false).describe('True: makes the destination if it is missing.');

interface SetRequest {
  uids?: string | undefined;
  query?: string | undefined;
  dry_run?: boolean | undefined;
}

/** A query and a plan read. */
export function readsAlso({ query, dry_run: dryRun }: SetRequest): Use[] {
  return query !== undefined || dryRun === true ? [{ tool: 'search_mail_messages' }] : [];
}

/**
 * Whether a call changes a set of messages or a single one. A plan is always one of a set.
 *
 * @param options.isPlain false: what the call does is done to sets only
 * @throws {ToolError} if a call that names one message by `uid` names others too
 */
export function namedBy<Request extends SetRequest>(
  uid: number | undefined,
  request: Request,
  { isPlain = true }: { isPlain?: boolean } = {},
): { set: Request } | { single: Request & { uid: number } } {
  if (uid === undefined) return { set: request };
  if (request.uids !== undefined || request.query !== undefined) throw new ToolError(ONE_OF);
  return request.dry_run === true || !isPlain
    ? { set: { ...request, uids: String(uid) } }
    : { single: { ...request, uid } };
}

export const ONE_OF = 'Nothing was done: name the messages by uid, uids or query, and by one of them only.';
