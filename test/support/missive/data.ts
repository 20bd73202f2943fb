/** What the stand-in for Missive knows, as rows that a test may read or change. */

/** A row as the API shows it; keys that begin with `_` are never shown. */
export interface Row {
  id: string;
  [key: string]: unknown;
}

export interface MissiveData {
  organizations: Row[];
  users: Row[];
  teams: Row[];
  contact_books: Row[];
  /** `_book` and `_kind` say where they belong. */
  contact_groups: Row[];
  contacts: Row[];
  shared_labels: Row[];
  /** `_guest`: the token's owner sees two fields of it. */
  conversations: Row[];
  /** `_conversation` says where they belong; `_api`: made by us, so that it cannot be fetched alone. */
  messages: Row[];
  comments: Row[];
  drafts: Row[];
  posts: Row[];
  tasks: Row[];
  responses: Row[];
  hooks: Row[];
  /** `_pending`: how many more times it answers 404. */
  reports: Row[];
  /** Addresses that the token's owner may send from. */
  senders: string[];
  /** Ids of custom channels and the like. */
  accounts: string[];
  /** Ids of conversations that were merged, and where they went. */
  merged: Map<string, string>;
  /** Teams and the sharing of labels are for those. */
  isAdmin: boolean;
  /** How often a new report answers 404 before it is there. */
  reportsPending: number;
}

/** The rows of one kind that a conversation holds. */
export const ofConversation = (rows: readonly Row[], conversation: string): Row[] =>
  rows.filter((row) => row._conversation === conversation);

/** As the API shows it. */
export function shown(row: Row, ...without: string[]): Row {
  const entries = Object.entries(row).filter(([key]) => !key.startsWith('_') && !without.includes(key));
  return { id: row.id, ...Object.fromEntries(entries) };
}
