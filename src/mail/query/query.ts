/**
 * Defines the mail language: what parse-query.ts reads from a query, and what compile-query.ts makes of it.
 *
 *     query = { clause } ; clause = unit { "OR" unit } ; unit = [ "-" | "NOT" ] term ; term = "(" query ")" | "phrase" | word | key:value | key:(query)
 *
 * Clauses side by side must all match. OR binds tighter than the blank, as in Gmail: `a OR b after:2026-01-01` is `(a OR b)` and the date.
 */

/** Keys with a text. `to` also looks into Cc. */
export const TEXT_TERMS = ['from', 'to', 'cc', 'bcc', 'subject', 'body', 'filename'] as const;
type TextTerm = (typeof TEXT_TERMS)[number];

export const STATES = ['unread', 'read', 'flagged', 'answered', 'newsletter', 'received', 'sent', 'waiting'] as const;
type State = (typeof STATES)[number];

export const CONTENTS = ['attachment', 'pdf', 'invite'] as const;
type Content = (typeof CONTENTS)[number];

/** One condition. Instants are milliseconds since 1970 (UTC). */
export type Term =
  | { key: 'text'; text: string }
  | { key: TextTerm; text: string }
  /** The sender or a recipient is the account owner. */
  | { key: 'from' | 'to' | 'cc' | 'bcc'; isMe: true }
  /** A mailbox by role or path; `anywhere` is every mailbox. */
  | { key: 'in'; folder: string }
  | { key: 'label'; name: string }
  /** INTERNALDATE, from `start` on and before `end`. */
  | { key: 'time'; start: number | null; end: number | null }
  | { key: 'is'; state: State }
  | { key: 'has'; content: Content }
  | { key: 'larger' | 'smaller'; sizeBytes: number };

export type QueryNode =
  | { kind: 'and' | 'or'; nodes: readonly QueryNode[] }
  | { kind: 'not'; node: QueryNode }
  /** `written`: as in the query, for results and errors; `at`: index of its first character. */
  | { kind: 'term'; term: Term; written: string; at: number };
