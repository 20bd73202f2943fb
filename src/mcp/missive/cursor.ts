/** Encodes and decodes `next_cursor`, the position of the next page, which the caller passes back unchanged. The server stores nothing for it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ToolError } from '../../errors.ts';

/** The start of the next page: a number of rows to skip, or a timestamp with the ids of the rows already returned for it. */
export const Position = z.union([
  z.strictObject({ offset: z.int().min(1) }),
  z.strictObject({ until: z.number(), seen: z.array(z.string()).max(1000) }),
]);
export type Position = z.output<typeof Position>;

const Cursor = z.strictObject({ list: z.string(), at: Position });

/** Identifies the list by tool and filters: a cursor of another list would skip rows. */
function listId(tool: string, filters: object): string {
  const text = JSON.stringify([tool, Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 11);
}

/** @param filters all arguments of the call except `limit` and `next_cursor` */
export function writeCursor(tool: string, filters: object, at: Position): string {
  return Buffer.from(JSON.stringify({ list: listId(tool, filters), at })).toString('base64url');
}

/** @throws {ToolError} if the cursor is malformed or belongs to another list */
export function readCursor(tool: string, filters: object, cursor: string): Position {
  const parsed = Cursor.safeParse(decode(cursor));
  if (!parsed.success) {
    throw new ToolError(
      'next_cursor is not one of this tool: pass it exactly as it was returned, or leave it out to start.',
    );
  }
  if (parsed.data.list !== listId(tool, filters)) {
    throw new ToolError(
      'next_cursor belongs to another call: go on with the same tool and the same filters, or leave it out.',
    );
  }
  return parsed.data.at;
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
