/** The data of the stand-in for Missive, as rows that a test may read or change. */

/** A row as the API returns it; keys that begin with `_` are never returned. */
export interface Row {
  id: string;
  [key: string]: unknown;
}

export interface MissiveData {
  organizations: Row[];
  users: Row[];
  teams: Row[];
  contact_books: Row[];
  /** `_book` is the contact book, `_kind` a group or an organization. */
  contact_groups: Row[];
  contacts: Row[];
  shared_labels: Row[];
  /** `_guest`: the owner of the token sees two fields. */
  conversations: Row[];
  /** `_conversation` is the id of the conversation. `_api`: created through the API, and cannot be fetched alone. */
  messages: Row[];
  comments: Row[];
  drafts: Row[];
  posts: Row[];
  tasks: Row[];
  responses: Row[];
  hooks: Row[];
  /** `_pending`: the number of 404 responses that are left. */
  reports: Row[];
  /** Addresses from which the owner of the token may send. */
  senders: string[];
  /** Ids of custom channels and the like. */
  accounts: string[];
  /** The id of the kept conversation, by the id of the merged one. */
  merged: Map<string, string>;
  /** Admins may change teams and the sharing of labels. */
  isAdmin: boolean;
  /** The number of 404 responses before a new report is ready. */
  reportsPending: number;
}

/** The rows of one kind that a conversation holds. */
export const ofConversation = (rows: readonly Row[], conversation: string): Row[] =>
  rows.filter((row) => row._conversation === conversation);

/** The row as the API returns it. */
export function toPublicRow(row: Row, ...without: string[]): Row {
  const entries = Object.entries(row).filter(([key]) => !key.startsWith('_') && !without.includes(key));
  return { id: row.id, ...Object.fromEntries(entries) };
}
