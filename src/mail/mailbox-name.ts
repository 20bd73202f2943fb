/** Converts names of mailboxes between Unicode and modified UTF-7 (RFC 3501 §5.1.3, which IMAP4rev2 servers keep for rev1 sessions). */
import iconv from 'iconv-lite';
import { ToolError } from '../errors.ts';
import { escapeName, looksOf, spellName } from '../text/name-escapes.ts';

/** The name in modified UTF-7. Names that a server lists in another encoding remain as they are. */
export function encodeMailboxName(name: string): string {
  return /^[\x20-\x25\x27-\x7e]*$/.test(name) ? name : iconv.encode(name, 'utf-7-imap').toString('latin1');
}

/** The name in Unicode; a name that is not valid modified UTF-7 remains as it is. */
export function decodeMailboxName(encodedName: string): string {
  if (!encodedName.includes('&')) return encodedName;
  const name = iconv.decode(Buffer.from(encodedName), 'utf-7-imap');
  return encodeMailboxName(name) === encodedName ? name : encodedName;
}

/**
 * The canonical spelling of a mailbox name: INBOX in capitals (RFC 9051 §5.1).
 *
 * @throws {ToolError} if it is empty. Any character may be in a name: it is encoded
 */
export function canonicalMailboxName(name: string): string {
  if (name === '') throw new ToolError('The name of the mailbox is empty. Call list_mailboxes for the names.');
  return withInbox(name);
}

/** Names that Unicode treats as the same text (NFC); servers keep them apart. */
export const isEquivalentName = (one: string, other: string): boolean =>
  one === other || (!isAscii(one) && !isAscii(other) && one.normalize('NFC') === other.normalize('NFC'));

/**
 * The mailbox that a name means: the one with exactly this name, otherwise the only one with an equivalent name.
 *
 * @param listed all mailboxes
 * @throws {ToolError} that shows how the names differ, if several are equivalent and none is exactly the same
 */
export function meantMailbox(name: string, listed: readonly string[]): string | undefined {
  if (isAscii(name) || listed.includes(name)) return listed.find((other) => other === name);
  const equivalent = listed.filter((other) => isEquivalentName(name, other));
  if (equivalent.length < 2) return equivalent[0];
  const spelled = equivalent.map((other) => `"${spellName(other)}"`).join(' and ');
  throw new ToolError(`Nothing was done: there are several mailboxes of this name. Write it as ${spelled}.`);
}

/**
 * Names as list_mailboxes shows them: each can be passed back, and those that look the same as another one are spelled out.
 *
 * @param names all names of the account
 * @param range those that are shown
 */
export function showNames(names: readonly string[], { start, count }: { start: number; count: number }): string[] {
  const shown = names.slice(start, start + count);
  const counts = new Map(shown.map((name) => [looksOf(name), 0]));
  for (const name of names) {
    const looks = looksOf(name);
    const known = counts.get(looks);
    if (known !== undefined) counts.set(looks, known + 1);
  }
  return shown.map((name) => ((counts.get(looksOf(name)) ?? 0) > 1 ? spellName(name) : escapeName(name)));
}

export function isAscii(name: string): boolean {
  return /^[\0-\x7f]*$/.test(name);
}

/** INBOX in capitals, other names unchanged. ASCII letters only: `ınbox`, with a dotless i, is another mailbox. */
export function withInbox(name: string): string {
  return /^[iI][nN][bB][oO][xX]$/.test(name) ? 'INBOX' : name;
}

/** Formats a name for an error message: in quotes, on one line, at most 80 characters, escaped so that it can be passed back. */
export function quoteName(name: string): string {
  const characters = [...name];
  const start = characters.length > 80 ? `${characters.slice(0, 79).join('')}…` : name;
  return JSON.stringify(escapeName(start)).replaceAll('\\\\u{', '\\u{');
}
