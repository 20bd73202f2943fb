import iconv from 'iconv-lite';
import { ToolError } from '../../errors.ts';

/** Names of mailboxes: Unicode for people, modified UTF-7 on the wire (RFC 3501 §5.1.3; kept by IMAP4rev2 servers for rev1 sessions). */

/** The name for the wire. Names that a server lists in some other encoding are given to us as they are, and go back unchanged. */
export function encodeMailboxName(name: string): string {
  return /^[\x20-\x25\x27-\x7e]*$/.test(name) ? name : iconv.encode(name, 'utf-7-imap').toString('latin1');
}

/** The name for people; a name that is no proper modified UTF-7 stays as it is. */
export function decodeMailboxName(wireName: string): string {
  if (!wireName.includes('&')) return wireName;
  const name = iconv.decode(Buffer.from(wireName), 'utf-7-imap');
  return encodeMailboxName(name) === wireName ? name : wireName;
}

/**
 * The one spelling of a mailbox name: INBOX is the same in any case (RFC 9051 §5.1).
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

/** INBOX in capitals. Only of ASCII: `ınbox`, with a dotless i, becomes INBOX in capitals too, and is another mailbox. */
export function withInbox(name: string): string {
  return /^[iI][nN][bB][oO][xX]$/.test(name) ? 'INBOX' : name;
}

/** A name inside one of our sentences: in quotes, on one line, at most 80 characters. */
export function quoteName(name: string): string {
  const line = name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  const characters = [...line];
  return JSON.stringify(characters.length > 80 ? `${characters.slice(0, 79).join('')}…` : line);
}
