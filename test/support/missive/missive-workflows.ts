/** The two workflows that people ask of an assistant in Missive, step by step as a model takes them. */
import { z } from 'zod';

type Call = (tool: string, args?: Record<string, unknown>) => Promise<Record<string, unknown>>;

const Named = z.array(z.looseObject({ id: z.string(), name: z.string() }));
const Messages = z.array(z.looseObject({ from_field: z.object({ name: z.string(), address: z.string() }) }));

/** Tools that suffice to store a prospect, in the order of their use. */
export const STORE_PROSPECT = [
  'list_all_missive_contact_books',
  'list_all_missive_users',
  'list_all_missive_conversation_messages',
  'list_all_missive_contacts',
  'create_a_missive_contact',
];

/**
 * Finds who writes from outside in a conversation, and keeps them in a contact book.
 *
 * @returns id of the contact
 */
export async function storeProspect(call: Call, conversation: string, bookName: string): Promise<string> {
  const books = await call('list_all_missive_contact_books');
  const contact_book = idOfName(books.contact_books, bookName);
  const { users } = await call('list_all_missive_users');
  const own = z
    .array(z.looseObject({ email: z.string() }))
    .parse(users)
    .map(({ email }) => domainOf(email));
  const { messages } = await call('list_all_missive_conversation_messages', { conversation_id: conversation });
  const outside = Messages.parse(messages).find(({ from_field }) => !own.includes(domainOf(from_field.address)));
  if (outside === undefined) throw new Error('Nobody from outside is in the conversation');
  const { name, address } = outside.from_field;
  const known = await call('list_all_missive_contacts', { contact_book, search: address });
  const [there] = z.array(z.looseObject({ id: z.string() })).parse(known.contacts);
  if (there !== undefined) return there.id;
  const [first_name, ...others] = name.split(' ');
  const made = await call('create_a_missive_contact', {
    contact_book,
    first_name,
    last_name: others.join(' '),
    infos: [{ kind: 'email', label: 'work', value: address }],
  });
  const [contact] = z.array(z.looseObject({ id: z.string() })).parse(made.contacts);
  if (contact === undefined) throw new Error('No contact was made');
  return contact.id;
}

/** Tools that suffice to escalate a thread, in the order of their use. */
export const ESCALATE = [
  'list_all_missive_conversation_comments',
  'get_single_missive_conversation_by_id',
  'list_all_missive_shared_labels',
  'update_a_missive_conversation_by_id',
];

/**
 * Puts a label on a conversation if the team speaks of something in its comments.
 *
 * @returns paths of the labels that are on it now; undefined if the team does not speak of it
 */
export async function escalate(
  call: Call,
  conversation: string,
  words: string,
  labelPath: string,
): Promise<string[] | undefined> {
  const { comments } = await call('list_all_missive_conversation_comments', { conversation_id: conversation });
  const bodies = z.array(z.looseObject({ body: z.string() })).parse(comments);
  if (!bodies.some(({ body }) => body.includes(words))) return undefined;
  const got = await call('get_single_missive_conversation_by_id', { id: conversation });
  const { organization, id } = z
    .looseObject({ id: z.string(), organization: z.looseObject({ id: z.string() }) })
    .parse(got.conversation);
  const { shared_labels: labels } = await call('list_all_missive_shared_labels', { organization: organization.id });
  const paths = z.array(z.looseObject({ id: z.string(), name_with_parent_names: z.string() })).parse(labels);
  const matching = paths.filter(({ name_with_parent_names: path }) => bare(path) === bare(labelPath));
  const [label] = matching;
  if (label === undefined || matching.length > 1) throw new Error(`${matching.length} labels have this path`);
  const updated = await call('update_a_missive_conversation_by_id', {
    id,
    organization: organization.id,
    add_shared_labels: [label.id],
  });
  const { shared_labels: after } = z.looseObject({ shared_labels: Named }).parse(updated.conversation);
  return after.map(({ name }) => name);
}

const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/** Blanks around the slashes of a path mean nothing. */
const bare = (path: string) => path.replace(/\s*\/\s*/g, '/').toLowerCase();

function idOfName(rows: unknown, name: string): string {
  const found = Named.parse(rows).find((row) => row.name === name);
  if (found === undefined) throw new Error(`There is nothing named ${name}`);
  return found.id;
}
