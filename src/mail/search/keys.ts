/** Defines the search keys (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 5032). */

/** Keys without a value. */
export const PLAIN_KEYS = [
  'ALL',
  'ANSWERED',
  'DELETED',
  'DRAFT',
  'FLAGGED',
  'NEW',
  'OLD',
  'RECENT',
  'SEEN',
  'UNANSWERED',
  'UNDELETED',
  'UNDRAFT',
  'UNFLAGGED',
  'UNSEEN',
] as const;
/** Keys with a text that a field of the message contains, in any case. */
export const TEXT_KEYS = ['BCC', 'BODY', 'CC', 'FROM', 'SUBJECT', 'TEXT', 'TO'] as const;
/** Keys with a date: of arrival, or with SENT of the Date header. Time and zone are disregarded. */
export const DATE_KEYS = ['BEFORE', 'ON', 'SENTBEFORE', 'SENTON', 'SENTSINCE', 'SINCE'] as const;
/** Keys with a size in bytes. */
export const SIZE_KEYS = ['LARGER', 'SMALLER'] as const;
/** Keys with an age in seconds, for servers with WITHIN (RFC 5032). */
export const SECONDS_KEYS = ['OLDER', 'YOUNGER'] as const;

export type PlainKey = (typeof PLAIN_KEYS)[number];
export type TextKey = (typeof TEXT_KEYS)[number];
export type DateKey = (typeof DATE_KEYS)[number];
export type SizeKey = (typeof SIZE_KEYS)[number];
export type SecondsKey = (typeof SECONDS_KEYS)[number];

/** An atom that is no system flag (RFC 9051 §9 flag-keyword). */
export const isKeyword = (text: string): boolean => /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,100}$/.test(text);

/**
 * One checked search key. `date` is `d-Mon-yyyy`; `set` a sequence set (RFC 9051 §9) of UIDs or, for SEQUENCE, of sequence numbers; `flag`
 * an atom; `field` a header field name; `text` any Unicode text without CR, LF and NUL.
 */
export type SearchKey =
  | { key: PlainKey }
  | { key: TextKey; text: string }
  | { key: DateKey; date: string }
  | { key: SizeKey; sizeBytes: number }
  | { key: SecondsKey; seconds: number }
  | { key: 'KEYWORD' | 'UNKEYWORD'; flag: string }
  | { key: 'HEADER'; field: string; text: string }
  /** A search of Gmail's own syntax, and a label (Gmail IMAP extensions, X-GM-EXT-1). */
  | { key: 'X-GM-RAW' | 'X-GM-LABELS'; text: string }
  /** A conversation as the server names it (Gmail, RFC 8474 §6). */
  | { key: 'X-GM-THRID' | 'THREADID'; id: string }
  | { key: 'UID' | 'SEQUENCE'; set: string }
  | { key: 'NOT'; operand: SearchKey }
  | { key: 'OR'; left: SearchKey; right: SearchKey }
  | { key: 'AND'; operands: SearchKey[] };
