/** Declares an everyday request of the account owner, with the calls of a caller that knows which ones to make. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import type { StoredMessage } from '../../test/support/mail/mailbox-contents.ts';
import type { ToolCall } from './counted-caller.ts';

export interface Task {
  request: string;
  /** @throws if an answer lacks what is asked, or the mailbox is not as it should be afterwards */
  run(call: ToolCall, mailbox: TaskMailbox): Promise<void>;
}

/** The mailbox as another mail program sees it. */
export interface TaskMailbox {
  messagesIn(folder: string): Promise<StoredMessage[]>;
}

const Row = z.looseObject({
  uid: z.number(),
  folder: z.string().optional(),
  subject: z.string().default(''),
  from: z.string().default(''),
  to: z.array(z.string()).default([]),
  preview: z.string().default(''),
  files: z.array(z.string()).default([]),
});
const Rows = z.array(Row);

export const rowsOf = (result: Record<string, unknown>, key = 'messages') => Rows.parse(result[key]);
export const subjectsOf = (result: Record<string, unknown>, key?: string) =>
  rowsOf(result, key).map(({ subject }) => subject);

/** The only row that was asked for, as `of` takes it. */
export function placeOf(result: Record<string, unknown>): string {
  const [row] = rowsOf(result);
  assert.ok(row, 'Nothing was found.');
  return `${row.folder ?? 'INBOX'}/${row.uid}`;
}

export function assertAll(text: string, facts: readonly string[]): void {
  for (const fact of facts) assert.ok(text.includes(fact), `The answer lacks "${fact}".`);
}
