/** Creates mailboxes (CREATE and SUBSCRIBE, RFC 9051 §6.3.4 and §6.3.7). */
import { ToolError, UpstreamError } from '../../errors.ts';
import { string } from '../imap/data-formats.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { quoteName } from '../mailbox-name.ts';
import { forgetRoles } from './find-by-role.ts';

const MAX_CHARS = 250;
const MAX_LEVELS = 10;

/** The levels of a path that does not exist yet, each as a path. @throws {ToolError} if no mailbox should have such a name */
export function levelsOf(path: string, delimiter: string | null): string[] {
  const names = delimiter === null ? [path] : path.split(delimiter);
  const isName = (name: string) =>
    name.trim() === name && !['', '.', '..'].includes(name) && !/[\p{Cc}\p{Cs}*%]/u.test(name);
  if (path.length > MAX_CHARS || names.length > MAX_LEVELS || !names.every(isName)) {
    const rule = `at most ${MAX_LEVELS} levels${delimiter === null ? '' : `, separated by ${delimiter}`}, and ${MAX_CHARS} characters without * and %`;
    throw new ToolError(`Nothing was done: ${quoteName(path)} cannot be the name of a new folder. It has ${rule}.`);
  }
  return names.map((_, index) => names.slice(0, index + 1).join(delimiter ?? ''));
}

const IF_LOST =
  'The connection was lost while a folder was being created, which may have happened or not. No message was moved. Look with list_mailboxes, or make the same call again: a folder that exists is not created twice.';

/**
 * Creates a mailbox and those above it, and subscribes to them.
 *
 * @param missing the paths that do not exist, the mailbox itself last
 * @throws {UpstreamError} if the server refuses, or the outcome is unknown
 */
export async function createMailbox(imap: ImapConnection, missing: readonly string[]): Promise<void> {
  for (const [index, path] of missing.entries()) {
    // What is above may be refused where the server makes it by itself, or keeps no messages in it.
    await create(imap, path).catch((error: unknown) => {
      if (index === missing.length - 1 || !isRefused(error) || !imap.isUsable) throw error;
    });
  }
  forgetRoles(imap);
  for (const each of missing) {
    // A mailbox without a subscription can be used all the same.
    await imap.run('SUBSCRIBE', [string(imap.encodedName(each))], { ifLost: IF_LOST }).catch((error: unknown) => {
      const isHarmless = isRefused(error) || error instanceof ToolError;
      if (!isHarmless || !imap.isUsable) throw error;
    });
  }
}

/** Does nothing if it exists. */
async function create(imap: ImapConnection, path: string): Promise<void> {
  await imap.run('CREATE', [string(imap.encodedName(path))], { ifLost: IF_LOST }).catch((error: unknown) => {
    if (!(error instanceof UpstreamError) || error.code !== 'ALREADYEXISTS') throw error;
  });
}

const isRefused = (error: unknown): boolean => error instanceof UpstreamError && error.fault === 'refused';
