/** Decides which mailbox is Sent, Drafts, Trash, …: as the server marks it (RFC 6154), otherwise by its name in many languages. */
import { specialUse } from 'imapflow/lib/special-use.js';

/** Special use of a mailbox (RFC 6154 §2), and `inbox`. */
export type Role = 'inbox' | 'sent' | 'drafts' | 'trash' | 'archive' | 'junk' | 'all' | 'flagged';

const ROLE_OF_SPECIAL_USE: ReadonlyMap<string, Role> = new Map([
  ['\\sent', 'sent'],
  ['\\drafts', 'drafts'],
  ['\\trash', 'trash'],
  ['\\archive', 'archive'],
  ['\\junk', 'junk'],
  ['\\all', 'all'],
  ['\\flagged', 'flagged'],
]);

/** Names in use that imapflow's tables lack; lower case. */
const MORE_NAMES: Readonly<Record<string, string>> = {
  nosūtītie: '\\sent',
  sūtītās: '\\sent',
  dzēstie: '\\trash',
  izdzēstie: '\\trash',
  miskaste: '\\trash',
  surogātpasts: '\\junk',
};

/** The properties of a listed mailbox on which its role depends. */
interface Listed {
  path: string;
  delimiter: string | null;
  role: Role | null;
  selectable: boolean;
  /** The attributes in the LIST response, lower case. */
  attributes: ReadonlySet<string>;
}

/** Sets `role` of each mailbox. A role that no attribute assigns goes to the mailbox with a matching name that is highest in the hierarchy. */
export function assignRoles(mailboxes: readonly Listed[]): void {
  for (const mailbox of mailboxes) mailbox.role = markedRole(mailbox);
  const depth = ({ path, delimiter }: Listed) => (delimiter === null ? 1 : path.split(delimiter).length);
  const taken = new Set(mailboxes.map(({ role }) => role));
  // Of many mailboxes few have such a name: only those are sorted.
  const named = mailboxes.flatMap((mailbox) => {
    const role = mailbox.role === null && mailbox.selectable ? roleOfName(mailbox) : undefined;
    return role === undefined || role === 'all' || role === 'flagged' ? [] : [{ mailbox, role, depth: depth(mailbox) }];
  });
  for (const { mailbox, role } of named.sort(
    (a, b) => a.depth - b.depth || a.mailbox.path.localeCompare(b.mailbox.path),
  )) {
    if (taken.has(role)) continue;
    mailbox.role = role;
    taken.add(role);
  }
}

function markedRole({ path, attributes }: Listed): Role | null {
  if (path === 'INBOX') return 'inbox';
  const marked = [...attributes].find((attribute) => ROLE_OF_SPECIAL_USE.has(attribute));
  return ROLE_OF_SPECIAL_USE.get(marked ?? '') ?? null;
}

/** The role that the last level of the path names. */
function roleOfName({ path, delimiter }: Listed): Role | undefined {
  const name = delimiter === null ? path : (path.split(delimiter).at(-1) ?? '');
  const { flag } = specialUse(false, { name, flags: new Set() });
  return ROLE_OF_SPECIAL_USE.get((flag ?? MORE_NAMES[name.normalize('NFKC').toLowerCase()] ?? '').toLowerCase());
}
