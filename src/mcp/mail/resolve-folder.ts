/** Finds the mailbox that a `folder` or `destination` names, by its path or its role. */
import { ToolError } from '../../errors.ts';
import { findNamedMailbox, mayBeRole } from '../../mail/mailbox/find-by-role.ts';
import { withInbox } from '../../mail/mailbox-name.ts';
import type { MailSession } from './mail-session.ts';

/**
 * The path, which is looked up only if the name can be a role. The limits of the connection hold for it as for any other path.
 *
 * @param parameter that has the name
 * @throws {ToolError} if it is `*`, or a role that no mailbox has
 */
export async function resolveFolder(
  name: string,
  { readImap }: Pick<MailSession, 'readImap'>,
  parameter: 'folder' | 'destination' = 'folder',
): Promise<string> {
  if (name.trim() === '*') throw new ToolError(`There is no mailbox "*": ${parameter} takes one folder. ${ONE_BY_ONE}`);
  return mayBeRole(name) ? readImap((imap) => findNamedMailbox(imap, name), name) : withInbox(name);
}

const ONE_BY_ONE =
  'Find the messages with search_mail_messages, which takes "*", or call list_mailboxes, then repeat this call for each folder that you need.';
