/** Reads the sets of UIDs that callers write, and writes those of results. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { sequenceSetText } from '../../../mail/imap/data-formats.ts';

/** Messages that one call names or changes. */
export const MAX_SET = 1_000;
const MAX_UID = 4_294_967_295;

/** UIDs of a result. */
export const UidSet = z.string().describe('UIDs: `5,9,12:40`.');

/**
 * @param text `5,9,12:40`
 * @returns each UID once, ascending
 * @throws {ToolError} that names the part which is wrong
 */
export function parseUidSet(text: string): number[] {
  const uids = new Set<number>();
  for (const part of text.replaceAll(/ ?: ?/g, ':').split(/[,;\s]+/)) {
    if (part === '') continue;
    for (const uid of rangeOf(part)) uids.add(uid);
    if (uids.size > MAX_SET) throw new ToolError(TOO_MANY);
  }
  if (uids.size === 0) throw new ToolError('uids names no message. Write UIDs as in "5,9,12:40".');
  return [...uids].sort((a, b) => a - b);
}

export const uidSetText = (uids: Iterable<number>): string => sequenceSetText([...uids]);

const TOO_MANY =
  'Nothing was done: uids names more than 1,000 messages. Make one call for each thousand, or name them by query.';

function rangeOf(part: string): number[] {
  const [, first, last = first] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(part) ?? [];
  const ends = [Number(first), Number(last)];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const isValid = first !== undefined && low >= 1 && high <= MAX_UID;
  if (!isValid) throw new ToolError(`Nothing was done: ${quote(part)} in uids is no UID. ${HOW}`);
  if (high - low >= MAX_SET)
    throw new ToolError(`Nothing was done: the range ${part} in uids has more than 1,000 numbers. ${HOW}`);
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

const HOW =
  'Write UIDs that a list or a search has returned, as in "5,9,12:40", where 12:40 is a range; "*" is not one.';

const quote = (part: string): string => JSON.stringify(part.length > 40 ? `${part.slice(0, 40)}…` : part);
