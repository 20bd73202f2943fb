/** Finds the mailbox with a role (Sent, Drafts, Trash), and caches the roles of a connection for five minutes. */
import { ToolError } from '../../errors.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { withInbox } from '../mailbox-name.ts';
import { listMailboxes, type Mailbox } from './list-mailboxes.ts';
import type { Role } from './roles.ts';

/** How long roles are cached. The account owner may assign a role to another mailbox at any time. */
const ROLES_LIFETIME_MS = 5 * 60_000;

/** Roles by which a caller can name a mailbox, in any case. */
const NAMED_ROLES = ['inbox', 'sent', 'drafts', 'archive', 'trash', 'junk'] as const;
type NamedRole = (typeof NAMED_ROLES)[number];

interface Roles {
  listedAt: number;
  /** Mailbox paths by role. */
  paths: Map<Role | null, string>;
  /** Mailboxes that are emptied sooner or later. */
  discards: readonly Pick<Mailbox, 'path' | 'delimiter' | 'role'>[];
  /** Paths that are also the name of a role. */
  names: ReadonlySet<string>;
}

/** The last listing on each connection. */
const rolesOf = new WeakMap<ImapConnection, Roles>();

/**
 * The path of the mailbox with a role.
 *
 * @throws {ToolError} if there is none
 */
export async function findMailboxByRole(imap: ImapConnection, role: NamedRole): Promise<string> {
  const { paths } = await knownRoles(imap, (roles) => roles.paths.has(role));
  const path = paths.get(role);
  if (path === undefined) throw noMailboxWith(role);
  return path;
}

/** True for Sent and Drafts: what is there, the account owner has written. */
export async function isFolderOfOwnMail(imap: ImapConnection, path: string): Promise<boolean> {
  const { paths } = await knownRoles(imap, () => true);
  return path === paths.get('sent') || path === paths.get('drafts');
}

/** The mailboxes that are the trash or junk: some accounts have several. */
export async function discardMailboxes(imap: ImapConnection): Promise<Roles['discards']> {
  return (await knownRoles(imap, () => true)).discards;
}

/** True if a caller may mean a role by this name; INBOX is its own path. */
export function mayBeRole(name: string): boolean {
  return namedRole(name) !== undefined && withInbox(name) !== 'INBOX';
}

/**
 * The path of the mailbox that a caller has named by its path or by its role. A path of exactly this name takes precedence. A name with capitals
 * may also be that of a mailbox which the server does not list.
 *
 * @throws {ToolError} if the name is a role that no mailbox has
 */
export async function findNamedMailbox(imap: ImapConnection, name: string): Promise<string> {
  const role = namedRole(name);
  if (role === undefined || !mayBeRole(name) || imap.selected?.path === name) return withInbox(name);
  const { names, paths } = await knownRoles(imap, (roles) => roles.names.has(name) || roles.paths.has(role));
  if (names.has(name)) return name;
  const path = paths.get(role) ?? (name === role ? undefined : name);
  if (path === undefined) throw noMailboxWith(role);
  return path;
}

function noMailboxWith(role: NamedRole): ToolError {
  return new ToolError(`No mailbox is marked or named as ${role}. Call list_mailboxes and name the one to use.`);
}

function namedRole(name: string): NamedRole | undefined {
  return NAMED_ROLES.find((role) => role === name.toLowerCase());
}

/** Removes the cached roles of a connection. To be called when a mailbox does not exist any more. */
export function forgetRoles(imap: ImapConnection): void {
  rolesOf.delete(imap);
}

/** The cached roles, unless they are old or do not suffice: a missing mailbox may be created at any time. */
async function knownRoles(imap: ImapConnection, suffice: (roles: Roles) => boolean): Promise<Roles> {
  const known = rolesOf.get(imap);
  if (known !== undefined && performance.now() - known.listedAt < ROLES_LIFETIME_MS && suffice(known)) return known;
  return rememberRoles(imap, await listMailboxes(imap, { counts: false }));
}

/** @param mailboxes all that the connection can see */
function rememberRoles(imap: ImapConnection, mailboxes: readonly Mailbox[]): Roles {
  const selectable = mailboxes.filter((mailbox) => mailbox.selectable).map(({ path }) => path);
  const roles = {
    listedAt: performance.now(),
    // The first mailbox with a role counts, so it is set last.
    paths: new Map(mailboxes.toReversed().map(({ role, path }) => [role, path])),
    discards: mailboxes
      .filter(({ role }) => role === 'trash' || role === 'junk')
      .map(({ path, delimiter, role }) => ({ path, delimiter, role })),
    names: new Set(selectable.filter((path) => namedRole(path) !== undefined)),
  };
  rolesOf.set(imap, roles);
  return roles;
}
