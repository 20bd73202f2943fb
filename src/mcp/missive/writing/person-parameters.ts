/** Reads senders and recipients as models write them: `Jane Doe <jane@example.com>`, a number, or an object of the API, one or several. */
import { z } from 'zod';
import { Person } from '../fields.ts';
import { asPerson, inBody, type Parameters } from '../operation.ts';

/** With the account of a number. */
const Sender = Person.safeExtend({
  type: z.enum(['signalwire', 'twilio', 'twilio_whatsapp', 'whatsapp']).optional(),
});

const MAX_CHARS = 20_000;

/** One person. It is published as a text, which costs a model a tenth of the object; peopleAsTexts() makes texts of objects. */
const personText = <Of extends z.ZodType<Person>>(schema: Of) =>
  z
    .string()
    .max(MAX_CHARS)
    .transform((text, context): unknown => {
      if (!text.trimStart().startsWith('{')) return personIn(text);
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'must be a person, such as "Jane Doe <jane@example.com>"' });
        return z.NEVER;
      }
    })
    .pipe(schema);

export const senderParameter = asPerson(
  inBody(personText(Sender).optional().describe('An alias of this person. A reply has it from the conversation.')),
);

export const authorParameter = asPerson(inBody(personText(Person).describe('Who wrote it.')));

/** Several people. @param given wraps the schema */
export const peopleParameter = (
  what: string,
  given: <Schema extends z.ZodType>(schema: Schema) => Schema = (schema) => schema,
) => asPerson(inBody(given(personText(Person).array()).optional().describe(what)));

export const recipientParameters = {
  to_fields: peopleParameter(
    '"Jane Doe <jane@x.example>", one "+15550100199", or {"id","username"} of a custom channel.',
  ),
  cc_fields: peopleParameter('As to_fields.'),
  bcc_fields: peopleParameter('As to_fields.'),
};

function personIn(text: string): unknown {
  const trimmed = text.trim();
  if (/^\+?[\d\s()./-]{5,25}$/.test(trimmed)) return { phone_number: trimmed.replace(/[^\d+]/g, '') };
  if (/^@[^\s@<>,;]+$/.test(trimmed)) return { username: trimmed.slice(1) };
  const end = trimmed.endsWith('>') ? trimmed.lastIndexOf('<') : -1;
  if (end < 0) return { address: trimmed.replace(/^mailto:/i, '') };
  const name = trimmed
    .slice(0, end)
    .trim()
    .replace(/^"(.*)"$/s, '$1');
  return { ...(name !== '' && { name }), address: trimmed.slice(end + 1, -1).trim() };
}

type Args = Record<string, unknown>;

/** The arguments as they were received, with each person as a text. */
export function peopleAsTexts(args: Args, parameters: Parameters): Args {
  const people = Object.entries(args).flatMap(([name, value]) => {
    const { isPerson, schema } = parameters[name] ?? {};
    if (isPerson === undefined || schema === undefined || value === null) return [];
    const isOne = schema.safeParse('a@b.example').success;
    const texts = textsOf(value, isOne);
    return [[name, isOne && texts.length === 1 ? texts[0] : texts]];
  });
  return { ...args, ...Object.fromEntries(people) };
}

function textsOf(value: unknown, isOne: boolean): unknown[] {
  if (Array.isArray(value)) return value.flatMap((each) => textsOf(each, isOne));
  if (typeof value === 'object' && value !== null) return [JSON.stringify(withoutEmpty(value))];
  if (typeof value !== 'string') return [value];
  const json = /^\s*[[{]/.test(value) && value.length <= MAX_CHARS ? parsed(value) : undefined;
  if (typeof json === 'object' && json !== null) return textsOf(json, isOne);
  return isOne ? [value] : split(value);
}

/** A list in one text, separated by commas or semicolons outside quotes and angle brackets. */
function split(list: string): string[] {
  const pieces = list.slice(0, MAX_CHARS).match(/(?:"[^"]*"|<[^<>]*>|[^,;"<]|["<])+/g) ?? [];
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== '');
}

function withoutEmpty(person: object): object {
  return Object.fromEntries(Object.entries(person).filter(([, value]) => value !== null && value !== ''));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
