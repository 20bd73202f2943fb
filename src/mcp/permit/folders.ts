/** Names of mailboxes in a list of those that may be used: `INBOX`, `Archive`, `Projects/*` for everything below Projects. */
import { withInbox } from '../../mail/imap/mailbox-name.ts';

/** What comes before the delimiter of `Projects/*`, and the delimiter: anything that is no letter, digit or space. */
const EVERYTHING_BELOW = /^(.+)([^\p{L}\p{M}\p{N}\s*%])\*$/u;

/** The form in which names are compared: Unicode NFC, and INBOX is the same in any case (RFC 9051 §5.1). */
export const comparableName = (name: string): string => withInbox(name).normalize('NFC');

/**
 * One entry of a list, as it is sealed.
 *
 * @returns undefined if it is neither a name nor a name with a delimiter and `*`
 */
export function folderEntry(text: string): string | undefined {
  const entry = text.trim();
  const [, above, delimiter] = EVERYTHING_BELOW.exec(entry) ?? [];
  const name = above ?? entry;
  if (name === '' || /[*%\p{Cc}\p{Cs}]/u.test(name) || name.length > 1000) return undefined;
  return above === undefined ? comparableName(name) : `${comparableName(above)}${delimiter}*`;
}

/**
 * True if the list holds the mailbox, or everything below one that it is below of.
 *
 * @param delimiter of the server, by which `Projects/*` also stands for `Projects.Alpha`; null if it has none or nobody knows
 */
export function includesFolder(entries: readonly string[], name: string, delimiter: string | null): boolean {
  const compared = comparableName(name);
  return entries.some((entry) => {
    const [, above, written = ''] = EVERYTHING_BELOW.exec(entry) ?? [];
    if (above === undefined) return compared === entry;
    return [written, ...(written === '/' && delimiter !== null ? [delimiter] : [])].some((separator) =>
      isBelow(compared, above + separator, [separator, delimiter ?? separator]),
    );
  });
}

/** Servers that keep mailboxes as files may understand `..` as files do. */
function isBelow(name: string, start: string, separators: readonly string[]): boolean {
  if (!name.startsWith(start)) return false;
  let levels = [name.slice(start.length)];
  for (const separator of separators) levels = levels.flatMap((level) => level.split(separator));
  return levels.every((level) => level !== '' && level !== '.' && level !== '..');
}
