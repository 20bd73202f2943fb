/** Two workflows of an assistant with the Missive tools: store a prospect as a contact, and escalate a conversation. */
import { z } from 'zod';
import type { PrintStep } from './scenario.ts';

/** Calls a tool. @returns its structured content; throws the text of the error if it reports one */
export type Call = (tool: string, args?: Record<string, unknown>) => Promise<unknown>;

const printNothing: PrintStep = () => {};

const Named = z.object({ id: z.string(), name: z.string().nullish() });
const User = Named.extend({ email: z.string() });
const Message = z.object({ from_field: z.string().nullish() });
const Comment = z.object({ body: z.string().nullish(), author: z.string().nullish() });
const Label = z.object({ id: z.string(), path: z.string() });
const Contact = z.object({ id: z.string() });

/** A tool that lists rows under `key`, page by page. */
interface ListTool<T> {
  tool: string;
  key: string;
  row: z.ZodType<T>;
}

const CONTACT_BOOKS = { tool: 'list_all_missive_contact_books', key: 'contact_books', row: Named };
const USERS = { tool: 'list_all_missive_users', key: 'users', row: User };
const MESSAGES = { tool: 'list_all_missive_conversation_messages', key: 'messages', row: Message };
const CONTACTS = { tool: 'list_all_missive_contacts', key: 'contacts', row: Contact };
const COMMENTS = { tool: 'list_all_missive_conversation_comments', key: 'comments', row: Comment };
const SHARED_LABELS = { tool: 'list_all_missive_shared_labels', key: 'shared_labels', row: Label };

/** All rows of a list; the cursor of each page is passed to the next call. */
async function listAll<T>(call: Call, { tool, key, row }: ListTool<T>, args: object = {}): Promise<T[]> {
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

function requireFound<T>(what: string, value: T | undefined): T {
  if (value === undefined) throw new Error(`There is no ${what}`);
  return value;
}

/**
 * Finds the sender of a conversation who does not belong to the organization, and stores them in the contact book.
 *
 * @returns the id of the contact
 * @throws if a tool reports an error, or the contact book or sender does not exist
 */
export async function storeProspect(
  call: Call,
  { conversation_id, book }: { conversation_id: string; book: string },
  printStep: PrintStep = printNothing,
): Promise<string> {
  const books = await listAll(call, CONTACT_BOOKS);
  const contact_book = requireFound(
    `contact book ${book}`,
    books.find(({ name }) => name === book),
  ).id;
  printStep('Which contact books are there?', books.map(({ id, name }) => `${name}: ${id}`).join('\n'));

  const users = await listAll(call, USERS);
  const ourDomains = new Set(users.map(({ email }) => domainOf(email)));
  const messages = await listAll(call, MESSAGES, { conversation_id });
  const senders = messages.flatMap(({ from_field }) => (from_field ? [personIn(from_field)] : []));
  const outside = requireFound(
    'sender from outside',
    senders.find(({ address }) => !ourDomains.has(domainOf(address))),
  );
  printStep('Who writes from outside?', `${outside.name} <${outside.address}>, of ${senders.length} messages`);

  const known = await listAll(call, CONTACTS, {
    contact_book,
    search: outside.address,
  });
  if (known[0] !== undefined) return known[0].id;
  const [first_name = '', ...last] = outside.name.split(' ');
  const { contacts } = z.object({ contacts: z.array(Contact) }).parse(
    await call('create_a_missive_contact', {
      contact_book,
      first_name,
      last_name: last.join(' '),
      infos: [{ kind: 'email', label: 'work', value: outside.address }],
    }),
  );
  const id = requireFound('contact in the answer', contacts[0]).id;
  printStep(`Add them to ${book}.`, `Contact ${id}`);
  return id;
}

/** `Jane Doe <jane@example.com>` */
function personIn(text: string): { name: string; address: string } {
  const [, name = '', address = text] = /^(.*) <([^<>]*)>$/.exec(text) ?? [];
  return { name: name.replace(/^"(.*)"$/, '$1'), address };
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/**
 * Adds the label to a conversation if one of its internal comments contains `mention`.
 *
 * @param what.label its path from the top, such as `Escalated/Engineering`
 * @returns whether it was escalated
 * @throws if a tool reports an error, or the label does not exist
 */
export async function escalateIfMentioned(
  call: Call,
  { conversation_id, mention, label }: { conversation_id: string; mention: string; label: string },
  printStep: PrintStep = printNothing,
): Promise<boolean> {
  const comments = await listAll(call, COMMENTS, { conversation_id });
  printStep('What does the team say?', comments.map(({ author, body }) => `${author}: ${body}`).join('\n'));
  if (!comments.some(({ body }) => body?.includes(mention))) return false;

  const { conversation } = z
    .object({ conversation: z.object({ organization: z.string() }) })
    .parse(await call('get_single_missive_conversation_by_id', { id: conversation_id }));
  const { organization } = conversation;
  const labels = await listAll(call, SHARED_LABELS, { organization });
  const isLabel = ({ path }: { path: string }) => withoutBlanks(path) === withoutBlanks(label);
  const { id } = requireFound(`label ${label}`, labels.find(isLabel));
  await call('update_a_missive_conversation_by_id', { id: conversation_id, organization, add_shared_labels: [id] });
  printStep(`It mentions ${mention}: escalate it.`, `Label ${label} is on the conversation.`);
  return true;
}

/** The path without blanks around slashes, which Missive does not distinguish. */
const withoutBlanks = (path: string): string => path.replace(/\s*\/\s*/g, '/');
