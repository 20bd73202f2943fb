/** What an assistant does at Missive for somebody who asks: store a prospect, and escalate a thread. */
import { z } from 'zod';
import type { Say } from './scenario.ts';

/** Calls a tool. @returns its structured content; throws what the model would read if it reports an error */
export type Call = (tool: string, args?: Record<string, unknown>) => Promise<unknown>;

const silent: Say = () => {};

const Named = z.object({ id: z.string(), name: z.string().nullish() });
const User = Named.extend({ email: z.string() });
const Person = z.object({ name: z.string().nullish(), address: z.string().nullish() });
const Message = z.object({ from_field: Person.nullish() });
const Comment = z.object({ body: z.string().nullish(), author: z.object({ name: z.string().nullish() }).nullish() });
const Label = Named.extend({ name_with_parent_names: z.string() });
const Contact = z.object({ id: z.string() });

/** All rows of a list, page by page, with the cursor passed back as it came. */
async function all<T>(call: Call, tool: string, key: string, row: z.ZodType<T>, args: object = {}): Promise<T[]> {
  const Page = z.object({ [key]: z.array(row), next_cursor: z.string().nullable() });
  const rows: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Record<string, unknown> = Page.parse(
      await call(tool, { ...args, ...(cursor && { next_cursor: cursor }) }),
    );
    rows.push(...z.array(row).parse(page[key]));
    cursor = z.string().nullable().parse(page.next_cursor);
  } while (cursor !== null);
  return rows;
}

function found<T>(what: string, value: T | undefined): T {
  if (value === undefined) throw new Error(`There is no ${what}`);
  return value;
}

/**
 * “Read the messages of this conversation, find who writes from outside, and add them to this contact book.”
 *
 * @returns the id of the contact
 * @throws if a tool reports an error, or something is not there
 */
export async function storeProspect(
  call: Call,
  { conversation_id, book }: { conversation_id: string; book: string },
  say: Say = silent,
): Promise<string> {
  const books = await all(call, 'list_all_missive_contact_books', 'contact_books', Named);
  const contact_book = found(
    `contact book ${book}`,
    books.find(({ name }) => name === book),
  ).id;
  say('Which contact books are there?', books.map(({ id, name }) => `${name}: ${id}`).join('\n'));

  const users = await all(call, 'list_all_missive_users', 'users', User);
  const ourDomains = new Set(users.map(({ email }) => domainOf(email)));
  const messages = await all(call, 'list_all_missive_conversation_messages', 'messages', Message, { conversation_id });
  const senders = messages.flatMap(({ from_field }) => from_field ?? []);
  const outside = found(
    'sender from outside',
    senders.find(({ address }) => !ourDomains.has(domainOf(address ?? ''))),
  );
  say('Who writes from outside?', `${outside.name} <${outside.address}>, of ${senders.length} messages`);

  const known = await all(call, 'list_all_missive_contacts', 'contacts', Contact, {
    contact_book,
    search: outside.address,
  });
  if (known[0] !== undefined) return known[0].id;
  const [first_name = '', ...last] = (outside.name ?? '').split(' ');
  const { contacts } = z.object({ contacts: z.array(Contact) }).parse(
    await call('create_a_missive_contact', {
      contact_book,
      first_name,
      last_name: last.join(' '),
      infos: [{ kind: 'email', label: 'work', value: outside.address }],
    }),
  );
  const id = found('contact in the answer', contacts[0]).id;
  say(`Add them to ${book}.`, `Contact ${id}`);
  return id;
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/**
 * “Read the internal comments of this conversation; if one mentions this, put this label on it.”
 *
 * @param what.label its path from the top, such as `Escalated/Engineering`
 * @returns whether it was escalated
 * @throws if a tool reports an error, or the label is not there
 */
export async function triage(
  call: Call,
  { conversation_id, mention, label }: { conversation_id: string; mention: string; label: string },
  say: Say = silent,
): Promise<boolean> {
  const comments = await all(call, 'list_all_missive_conversation_comments', 'comments', Comment, { conversation_id });
  say('What does the team say?', comments.map(({ author, body }) => `${author?.name}: ${body}`).join('\n'));
  if (!comments.some(({ body }) => body?.includes(mention))) return false;

  const { conversation } = z
    .object({ conversation: z.object({ organization: Named }) })
    .parse(await call('get_single_missive_conversation_by_id', { id: conversation_id }));
  const organization = conversation.organization.id;
  const labels = await all(call, 'list_all_missive_shared_labels', 'shared_labels', Label, { organization });
  const isLabel = ({ name_with_parent_names }: { name_with_parent_names: string }) =>
    withoutBlanks(name_with_parent_names) === withoutBlanks(label);
  const { id } = found(`label ${label}`, labels.find(isLabel));
  await call('update_a_missive_conversation_by_id', { id: conversation_id, organization, add_shared_labels: [id] });
  say(`It mentions ${mention}: escalate it.`, `Label ${label} is on the conversation.`);
  return true;
}

/** Blanks around the slash mean nothing. */
const withoutBlanks = (path: string): string => path.replace(/\s*\/\s*/g, '/');
