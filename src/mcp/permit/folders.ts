/**
 * Matches names of mailboxes with the entries of a policy: `INBOX`, `Archive`, `Projects/*` for everything below Projects.
 *
 * An entry means the mailbox that has exactly its name, otherwise the only one with an equivalent name (Unicode NFC).
 */
import { isAscii, isEquivalentName, withInbox } from '../../mail/mailbox-name.ts';
import { unescapeName } from '../../text/name-escapes.ts';

/** `Projects/*`: the name and the delimiter, which is any character except letters, digits and spaces. */
const EVERYTHING_BELOW = /^(.+)([^\p{L}\p{M}\p{N}\s*%])\*$/su;

/**
 * Normalises one entry for the sealed policy.
 *
 * @param text may have the escapes of list_mailboxes
 * @returns undefined if it is neither a name nor a name with a delimiter and `*`
 */
export function folderEntry(text: string): string | undefined {
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return undefined;
  const entry = unescapeName(text);
  if (/[\0\p{Cs}]/u.test(entry)) return undefined;
  const { above, delimiter } = readEntry(entry);
  const name = above ?? entry;
  if (name === '' || /[*%]/.test(name) || name.length > 1000) return undefined;
  return above === undefined ? withInbox(name) : `${withInbox(above)}${delimiter}*`;
}

/**
 * True if an entry is the name of the mailbox, or one of its parents with `/*`, exactly as it is written.
 *
 * @param delimiter of the server: with `.`, `Projects/*` includes `Projects.Alpha`; null if there is none or it is unknown
 */
export function includesFolder(entries: readonly string[], name: string, delimiter: string | null): boolean {
  const mailbox = withInbox(name);
  return entries.some((entry) => {
    const { above } = readEntry(entry);
    return above === undefined ? mailbox === entry : parentLike(entry, mailbox, delimiter) === above;
  });
}

/** True if the list of all mailboxes decides whether an entry means this one: it has an equivalent name. */
export function mayIncludeFolder(entries: readonly string[], name: string, delimiter: string | null): boolean {
  return !isAscii(name) && entries.some((entry) => parentLike(entry, name, delimiter) !== undefined);
}

/** As includesFolder(), for names that are equivalent to an entry too. @param listed names of all mailboxes */
export function meansFolder(
  entries: readonly string[],
  name: string,
  { delimiter, listed }: { delimiter: string | null; listed: readonly string[] },
): boolean {
  if (includesFolder(entries, name, delimiter)) return true;
  if (!mayIncludeFolder(entries, name, delimiter)) return false;
  const equivalent = listed.filter((other) => isEquivalentName(name, other));
  // A name that no mailbox has exactly can only lead to one with an equivalent name.
  const meant = equivalent.includes(name) ? [name] : equivalent;
  return meant.some(
    (mailbox) => includesFolder(entries, mailbox, delimiter) || isMeant(entries, mailbox, { delimiter, listed }),
  );
}

/** True if an entry that is not written like the mailbox, or like its parent, means it all the same: no other is equivalent. */
function isMeant(
  entries: readonly string[],
  mailbox: string,
  { delimiter, listed }: { delimiter: string | null; listed: readonly string[] },
): boolean {
  return entries.some((entry) => {
    const meant = parentLike(entry, mailbox, delimiter);
    if (meant === undefined) return false;
    const candidates = new Set<string | undefined>(
      listed.map((other) => parentLike(entry, other, delimiter) ?? itself(entry, other)),
    );
    candidates.delete(undefined);
    return candidates.size === 1 && candidates.has(meant);
  });
}

function readEntry(entry: string): { above: string | undefined; delimiter: string } {
  const [, above, delimiter = ''] = EVERYTHING_BELOW.exec(entry) ?? [];
  return { above, delimiter };
}

/** The name of the mailbox that an entry names or stands above, in the spelling of `name`, if `name` is that mailbox or below it. */
function parentLike(entry: string, name: string, delimiter: string | null): string | undefined {
  const { above, delimiter: written } = readEntry(entry);
  if (above === undefined) return isEquivalentName(entry, name) ? name : undefined;
  const separators = [written, ...(written === '/' && delimiter !== null ? [delimiter] : [])];
  const parents = separators.flatMap((separator) =>
    endsOf(name, separator)
      .map((end) => name.slice(0, end))
      .filter(
        (parent) =>
          isEquivalentName(above, parent) && isBelow(name, parent + separator, [separator, delimiter ?? separator]),
      ),
  );
  return parents[0];
}

/** For an entry that ends in `/*`: the name itself, if it is equivalent to what stands before. */
function itself(entry: string, name: string): string | undefined {
  const { above } = readEntry(entry);
  return above !== undefined && isEquivalentName(above, name) ? name : undefined;
}

/** The positions of a separator in a name. */
function endsOf(name: string, separator: string): number[] {
  const ends: number[] = [];
  for (let at = name.indexOf(separator); at >= 0; at = name.indexOf(separator, at + 1)) ends.push(at);
  return ends;
}

/** Rejects `..`, which servers that store mailboxes as files may resolve as the file system does. */
function isBelow(name: string, start: string, separators: readonly string[]): boolean {
  if (!name.startsWith(start)) return false;
  let levels = [name.slice(start.length)];
  for (const separator of separators) levels = levels.flatMap((level) => level.split(separator));
  return levels.every((level) => level !== '' && level !== '.' && level !== '..');
}
