/**
 * Reads a mailto URI (RFC 6068) that a stranger wrote.
 *
 * Invariant: what it asks for has one recipient, a subject and a text. A URI that asks for anything else is not used at all.
 */
import { normaliseAddress } from '../mime/addresses.ts';

export interface MailRequest {
  /** addr-spec without quotes, its domain in ASCII. */
  to: string;
  /** One line. */
  subject: string;
  /** May have several lines. */
  text: string;
}

const MAX_SUBJECT_CHARS = 300;
const MAX_TEXT_CHARS = 1_000;

/** @param uri printable ASCII @returns undefined if it asks for more, or for something that cannot be sent */
export function readMailto(uri: string): MailRequest | undefined {
  const [, recipient, query = ''] = /^mailto:([^?#]*)(?:\?([^#]*))?(?:#.*)?$/i.exec(uri) ?? [];
  const to = normaliseAddress(decoded(recipient ?? '') ?? '');
  const fields = readFields(query);
  // A host without a dot is one of the mail server's own network.
  if (to === undefined || to.startsWith('"') || !/@[^@.]+\./.test(to) || fields === undefined) return undefined;
  const { subject = '', body: text = '' } = fields;
  const isSubject = subject.length <= MAX_SUBJECT_CHARS && !/[\p{Cc}\p{Surrogate}\u2028\u2029]/u.test(subject);
  const isText = text.length <= MAX_TEXT_CHARS && !/(?![\r\n\t])[\p{Cc}\p{Surrogate}]/u.test(text);
  return isSubject && isText ? { to, subject, text } : undefined;
}

/** @returns undefined if there are other fields than those two, or one is repeated */
function readFields(query: string): { subject?: string; body?: string } | undefined {
  const fields = new Map<string, string>();
  for (const pair of query.split('&').filter((each) => each !== '')) {
    const [name = '', ...rest] = pair.split('=');
    const [key, value] = [decoded(name)?.toLowerCase(), decoded(rest.join('='))];
    if ((key !== 'subject' && key !== 'body') || value === undefined || fields.has(key)) return undefined;
    fields.set(key, value);
  }
  return Object.fromEntries(fields);
}

/** @returns undefined if an escape is none, or the bytes are not UTF-8 */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
