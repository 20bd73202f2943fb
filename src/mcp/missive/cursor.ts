/** `next_cursor`: where a list goes on, in a text that the caller passes back as it is. Holds no state of ours. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ToolError } from '../../errors.ts';

/** Where to go on: after so many rows, or at a timestamp, without the rows that were returned with it. */
export const Position = z.union([
  z.strictObject({ offset: z.int().min(1) }),
  z.strictObject({ until: z.number(), seen: z.array(z.string()).max(1000) }),
]);
export type Position = z.output<typeof Position>;

const Cursor = z.strictObject({ list: z.string(), at: Position });

/** Names the list: a cursor of another tool, or of other filters, would skip rows. */
function listName(tool: string, filters: object): string {
  const text = JSON.stringify([tool, Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 11);
}

/** @param filters all arguments of the call but limit and cursor */
export function writeCursor(tool: string, filters: object, at: Position): string {
  return Buffer.from(JSON.stringify({ list: listName(tool, filters), at })).toString('base64url');
}

/** @throws {ToolError} if it is not one that this list gave */
export function readCursor(tool: string, filters: object, cursor: string): Position {
  const parsed = Cursor.safeParse(contentOf(cursor));
  if (!parsed.success) {
    throw new ToolError(
      'next_cursor is not one of this tool: pass it exactly as it was returned, or leave it out to start.',
    );
  }
  if (parsed.data.list !== listName(tool, filters)) {
    throw new ToolError(
      'next_cursor belongs to another call: go on with the same tool and the same filters, or leave it out.',
    );
  }
  return parsed.data.at;
}

function contentOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
