/** Schemas of parameters and result fields that several operation records share. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import { normaliseAddress } from '../../mail/mime/addresses.ts';
import { Name, TextBody } from '../outgoing.ts';

/** An id as it is given: also with blanks, as a link, or as a name. resolveIds() reads it. */
export const Id = z.string().trim().min(1).max(500);

/** Unix time in seconds. */
export const Seconds = z.int().min(0);

/** A text of one line in a result. Null values of the API are omitted, so that results stay short. */
export const Text = z.string().optional();

/** A text of several lines in a result. */
export const LongText = TextBody.optional();

/** A Message-ID in a result, which other tools take as it is. */
export const MessageId = Name;

export const Color = z
  .string()
  .regex(/^(#?[0-9a-fA-F]{3,8}|good|warning|danger)$/, 'must be a HEX colour, or good, warning or danger')
  .describe('HEX colour, or "good", "warning" or "danger".');

const given = z.string().min(1).optional();

/** A sender or recipient as a parameter. */
export const Person = z
  .strictObject({
    name: given,
    address: z
      .string()
      .regex(
        /^[^\s@<>,;]+@[^\s@<>,;]+$/,
        'must be one address, such as jane@x.example: a name goes into name, and reaches nobody alone',
      )
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

/** @returns the item with the id of its conversation, for which the API returns an id or an object; its documentation does not say which */
export function withConversationId(item: Record<string, unknown>): Record<string, unknown> {
  const { conversation } = item;
  const parsed = z.object({ id: z.string() }).safeParse(conversation);
  return { ...item, conversation: parsed.success ? parsed.data.id : conversation };
}

/** @returns every identifier of the person, as compared with the allowed addresses and domains; numbers and ids never match these */
export function recipientKeys({ address, phone_number, id, username }: Person): string[] {
  const others = [phone_number, id, username].flatMap((other) => (other === undefined ? [] : [`other:${other}`]));
  return address === undefined ? others : [normaliseAddress(address) ?? `other:${address}`, ...others];
}

/** The paging of most lists outside conversations. */
export const OFFSET_PAGING = { style: 'offset', defaultLimit: 50, maxLimit: 200 } as const;

/** @throws {ToolError} if an update would change nothing */
export function requireChange(changes: Readonly<Record<string, unknown>>, advice = ''): void {
  if (Object.values(changes).some((value) => value !== undefined)) return;
  throw new ToolError(`There is nothing to change: pass at least one field beside the id.${advice}`);
}
