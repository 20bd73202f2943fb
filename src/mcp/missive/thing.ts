/** Declares the kinds of things that a parameter names by an id, and how each is found. */
export interface ThingKind {
  /** The word for one of them. */
  one: string;
  /** Says where an id comes from, after a colon. */
  foundBy: string;
  /** Its folder in a web link of Missive. */
  inLinks?: string;
  /** The list in which a name is looked up, and the fields that name a row. */
  list?: { path: string; key: string; names: readonly string[] };
}

const finds = (tool: string) => `${tool} finds it`;

/** Things that have names are looked up in the list of their kind. */
const named = (one: string, plural: string, names: readonly string[] = ['name']): ThingKind => ({
  one,
  foundBy: finds(`list_all_missive_${plural}`),
  list: { path: `/${plural}`, key: plural, names },
});

const KINDS = {
  organization: named('organization', 'organizations'),
  user: named('user', 'users', ['email', 'name']),
  team: named('team', 'teams'),
  contact_book: named('contact book', 'contact_books'),
  shared_label: named('label', 'shared_labels', ['name_with_parent_names', 'name']),
  conversation: {
    one: 'conversation',
    foundBy: finds('list_all_missive_conversations'),
    inLinks: 'conversations',
  },
  message: { one: 'message', foundBy: finds('list_all_missive_conversation_messages'), inLinks: 'messages' },
  contact: { one: 'contact', foundBy: finds('list_all_missive_contacts') },
  contact_group: { one: 'contact group', foundBy: finds('list_all_missive_contact_groups') },
  draft: { one: 'draft', foundBy: finds('list_all_missive_conversation_drafts') },
  post: { one: 'post', foundBy: finds('list_all_missive_conversation_posts') },
  task: { one: 'task', foundBy: finds('list_all_missive_tasks') },
  response: { one: 'response', foundBy: finds('list_all_missive_responses') },
  webhook: { one: 'webhook', foundBy: 'create_a_missive_webhook returned it' },
  report: { one: 'report', foundBy: 'create_a_missive_analytics_report returned it' },
  account: { one: 'account', foundBy: 'a person finds it in Missive under Settings, API, Resource IDs' },
} as const satisfies Record<string, ThingKind>;

export type Thing = keyof typeof KINDS;

export const kindOf = (thing: Thing): ThingKind => KINDS[thing];
