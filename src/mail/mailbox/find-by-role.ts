/** Finds the mailbox with a role (Sent, Drafts, Trash), and caches the roles for five minutes. */
import { ToolError } from '../../errors.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { listMailboxes } from './list-mailboxes.ts';
import type { Role } from './roles.ts';

/** How long roles are cached. The account owner may assign a role to another mailbox at any time. */
const ROLES_LIFETIME_MS = 5 * 60_000;

/** The last listing on each connection: mailbox paths by role. */
const rolesOf = new WeakMap<ImapConnection, { listedAt: number; paths: Map<Role | null, string> }>();

/**
 * The path of the mailbox with a role.
 *
 * @throws {ToolError} if there is none
 */
export async function findMailboxByRole(imap: ImapConnection, role: 'sent' | 'drafts' | 'trash'): Promise<string> {
  const known = rolesOf.get(imap);
  const isKnown = known !== undefined && performance.now() - known.listedAt < ROLES_LIFETIME_MS;
  const found = isKnown ? known.paths.get(role) : await listAndFind(imap, role);
  if (found !== undefined) return found;
  throw new ToolError(`No mailbox is marked or named as ${role}. Call list_mailboxes and name the one to use.`);
}

/** Removes the cached roles of a connection. To be called when a mailbox does not exist any more. */
export function forgetRoles(imap: ImapConnection): void {
  rolesOf.delete(imap);
}

async function listAndFind(imap: ImapConnection, role: Role): Promise<string | undefined> {
  const mailboxes = await listMailboxes(imap, { counts: false });
  // The first mailbox with a role counts, so it is set last.
  const paths = new Map(mailboxes.reverse().map(({ role, path }) => [role, path]));
  // A missing mailbox may be created at any time, so its absence is not remembered.
  if (paths.has(role)) rolesOf.set(imap, { listedAt: performance.now(), paths });
  return paths.get(role);
}
