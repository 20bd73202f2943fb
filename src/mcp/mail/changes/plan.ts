/** Describes what a call would change, and the call that changes it. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import type { FetchedItems } from '../../../mail/imap/fetch.ts';
import { nullIfCausedByMessage } from '../../../mail/messages/list.ts';
import { readSet } from '../../../mail/sets/read-set.ts';
import type { Rights } from '../../tool.ts';
import type { MailSession } from '../mail-session.ts';
import { MAX_UNASKED } from './brakes.ts';
import type { Chosen } from './choice.ts';
import { SUMMARY_OF_SET, SummaryFields, summaryOf } from './summary.ts';
import { UidSet, uidSetText } from './uid-set.ts';
import { Call } from './undo.ts';

/** Fields of an answer to a call that has changed nothing. */
export const PlanFields = {
  ...SummaryFields,
  uids: UidSet.optional(),
  not_found: UidSet.optional().describe('UIDs of which there is no message.'),
  call: Call.optional().describe('The call that makes the change.'),
  next: z.string().optional().describe('How to go on.'),
};

/** UIDs that a plan names; of more it names the query. */
const MAX_NAMED = 200;

/** What a call would do, as far as its plan depends on it. */
export interface Planned {
  tool: string;
  /** Arguments of the call besides those that name the messages. */
  args: Omit<z.input<typeof Call>['arguments'], 'folder' | 'uids' | 'query' | 'dry_run'>;
  chosen: Chosen;
  /** True if the caller has asked for the plan. */
  isAsked: boolean;
}

/**
 * The messages that a call would change. Who they are from is read only if the connection may read.
 *
 * @throws {ToolError} if there is no such folder, or none of the named messages exists
 */
export async function planOf({ tool, args, chosen, isAsked }: Planned, session: MailSession, rights: Rights) {
  const { mailbox, uids, uidValidity, check, query } = chosen;
  const mayRead = rights.allows({ tool: 'search_mail_messages' });
  const found = await readItems(chosen, session, mayRead);
  const existing = uids.filter((uid) => found.items.has(uid));
  const missing = check === null ? uids.filter((uid) => !found.items.has(uid)) : [];
  if (uids.length > 0 && existing.length === 0 && check === null) throw new ToolError(NONE_EXISTS);
  const isNamed = existing.length <= MAX_NAMED || query === null;
  const named = isNamed ? { uids: uidSetText(existing) } : { query: query.fixed };
  const call = {
    tool,
    arguments: { folder: mailbox, ...named, uid_validity: found.uidValidity, ...args, dry_run: false },
  };
  const isCallShown = !isAsked || existing.length > MAX_UNASKED;
  return {
    count: existing.length,
    fields: {
      uid_validity: found.uidValidity ?? uidValidity,
      ...(isNamed && { uids: named.uids }),
      ...summaryOf(existing, found.items, session.timeZone),
      ...(missing.length > 0 && { not_found: uidSetText(missing) }),
      ...(existing.length > 0 && isCallShown && { call }),
      ...nextOf({ taken: existing.length, left: chosen.count - uids.length, isAsked }),
    },
  };
}

const NONE_EXISTS =
  'Nothing was done: none of these messages exists. They may have been moved or deleted. Call list_mail_messages or search_mail_messages for current UIDs.';

function nextOf({ taken, left, isAsked }: { taken: number; left: number; isAsked: boolean }): { next?: string } {
  const held = 'Nothing was changed yet: make this call if it is what your user wants.';
  const more = `${taken + left} messages match; one call takes the newest ${taken}. Make it again for the others.`;
  const sentences = [...(isAsked || taken === 0 ? [] : [held]), ...(left > 0 ? [more] : [])];
  return sentences.length === 0 ? {} : { next: sentences.join(' ') };
}

/** @returns what can be read of the messages; of one on which the server fails only whether it exists */
async function readItems(
  { mailbox, uids, uidValidity, check }: Chosen,
  { readImap }: MailSession,
  mayRead: boolean,
): Promise<{ uidValidity: string; items: ReadonlyMap<number, FetchedItems> }> {
  const set = { mailbox, uids, uidValidity, check };
  if (!mayRead) return readImap((imap) => readSet(imap, set, []), mailbox);
  const whole = await readImap((imap) => readSet(imap, set, SUMMARY_OF_SET).catch(nullIfCausedByMessage), mailbox);
  return whole ?? readImap((imap) => readSet(imap, set, []), mailbox);
}
