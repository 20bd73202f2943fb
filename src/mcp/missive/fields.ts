/** Pieces of parameters and results that several records share. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';

/** Every id of Missive is a UUID (RFC 9562 §4). */
export const Id = z.guid('must be an id of Missive: a UUID such as 0a900000-0000-4000-8000-000000000001');

/** `foundBy` names the tool that finds the id. */
export const idOf = (what: string, foundBy: string) => Id.describe(`Id of the ${what}; ${foundBy} finds it.`);

/** Unix time, seconds. */
export const Seconds = z.int().min(0);

/** Of an answer. What is null there is left out, so that a result costs no more than it says. */
export const Text = z.string().optional();

export const Color = z
  .string()
  .regex(/^(#?[0-9a-fA-F]{3,8}|good|warning|danger)$/, 'must be a HEX colour, or good, warning or danger')
  .describe('HEX colour, or "good", "warning" or "danger".');

/** A person or address in a message; channels other than email fill other fields. */
export const Correspondent = z.object({
  name: Text,
  address: Text,
  phone_number: Text,
  id: Text,
  username: Text,
});

const given = z.string().min(1).optional();

/** The same as a parameter. */
export const Person = z
  .strictObject({
    name: given,
    address: z
      .string()
      .regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'must be one address without a name: the name goes into name')
      .optional(),
    phone_number: z
      .string()
      .regex(/^\+\d{5,15}$/, 'must be a plus sign and digits, such as +15550100199')
      .optional(),
    id: given,
    username: given,
  })
  .refine(({ address, phone_number, id, username }) => (address ?? phone_number ?? id ?? username) !== undefined, {
    message: 'a name alone reaches nobody: give address, phone_number, id or username',
  });
export type Person = z.output<typeof Person>;

/** For answers whose `conversation` is an id, or the conversation itself: the documentation does not show which. */
export function withConversationId(item: Record<string, unknown>): Record<string, unknown> {
  const { conversation } = item;
  const parsed = z.object({ id: z.string() }).safeParse(conversation);
  return { ...item, conversation: parsed.success ? parsed.data.id : conversation };
}

/** How Missive cuts most directories into pages. */
export const byOffset = { style: 'offset', standard: 50, most: 200 } as const;

/** @throws {ToolError} if an update would change nothing */
export function requireChange(changes: Readonly<Record<string, unknown>>, advice = ''): void {
  if (Object.values(changes).some((value) => value !== undefined)) return;
  throw new ToolError(`There is nothing to change: pass at least one field beside the id.${advice}`);
}
