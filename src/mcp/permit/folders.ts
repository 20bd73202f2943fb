/** Matches names of mailboxes with the entries of a policy: `INBOX`, `Archive`, `Projects/*` for everything below Projects. */
import { withInbox } from '../../mail/mailbox-name.ts';

/** `Projects/*`: the name and the delimiter, which is any character except letters, digits and spaces. */
const EVERYTHING_BELOW = /^(.+)([^\p{L}\p{M}\p{N}\s*%])\*$/u;

/** The form in which names are compared: Unicode NFC, and INBOX in capitals (RFC 9051 §5.1). */
const comparableName = (name: string): string => withInbox(name).normalize('NFC');

/**
 * Normalises one entry for the sealed policy.
 *
 * @returns undefined if it is neither a name nor a name with a delimiter and `*`
 */
export function folderEntry(text: string): string | undefined {
  const [, above, delimiter] = EVERYTHING_BELOW.exec(text) ?? [];
  const name = above ?? text;
  if (name.trim() === '' || /[*%\p{Cc}\p{Cs}]/u.test(name) || name.length > 1000) return undefined;
  return above === undefined ? comparableName(name) : `${comparableName(above)}${delimiter}*`;
}

/**
 * True if the list has the mailbox itself, or everything below one of its parents.
 *
 * @param delimiter of the server: with `.`, `Projects/*` includes `Projects.Alpha`; null if there is none or it is unknown
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

/** Rejects `..`, which servers that store mailboxes as files may resolve as the file system does. */
function isBelow(name: string, start: string, separators: readonly string[]): boolean {
  if (!name.startsWith(start)) return false;
  let levels = [name.slice(start.length)];
  for (const separator of separators) levels = levels.flatMap((level) => level.split(separator));
  return levels.every((level) => level !== '' && level !== '.' && level !== '..');
}
