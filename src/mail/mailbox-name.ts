/** Converts names of mailboxes between Unicode and modified UTF-7 (RFC 3501 §5.1.3, which IMAP4rev2 servers keep for rev1 sessions). */
import iconv from 'iconv-lite';
import { ToolError } from '../errors.ts';

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
 * @throws {ToolError} if it is empty or holds characters that no mailbox name may have
 */
export function canonicalMailboxName(name: string): string {
  if (name === '') throw new ToolError('The name of the mailbox is empty. Call list_mailboxes for the names.');
  if (/\p{Cc}|\p{Cs}/u.test(name)) {
    throw new ToolError(
      `The mailbox name ${quoteName(name)} holds characters that no name may have. Call list_mailboxes for the names.`,
    );
  }
  return withInbox(name);
}

/** INBOX in capitals, other names unchanged. ASCII letters only: `ınbox`, with a dotless i, is another mailbox. */
export function withInbox(name: string): string {
  return /^[iI][nN][bB][oO][xX]$/.test(name) ? 'INBOX' : name;
}

/** Formats a name for an error message: in quotes, on one line, at most 80 characters. */
export function quoteName(name: string): string {
  const line = name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  const characters = [...line];
  return JSON.stringify(characters.length > 80 ? `${characters.slice(0, 79).join('')}…` : line);
}
