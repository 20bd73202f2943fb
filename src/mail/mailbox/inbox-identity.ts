/** Reads what distinguishes the INBOX of a login from every other mailbox, in one round trip. */
import { UpstreamError } from '../../errors.ts';
import type { InboxIdentity } from '../account.ts';
import { atom, type Item, listOf, string, textOf } from '../imap/data-formats.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';

/** Refusals that concern every mailbox. */
const NO_MAILBOX_CODES = new Set(['UNSAFE_LOGIN', 'NOT_CONNECTED']);

/**
 * @param maxMs longest time for the answer; the connection is not usable after it
 * @returns `undefined` if the server does not say: it refuses STATUS, answers with something else, or does not answer in time
 * @throws {UpstreamError} `refused`, code `UNSAFE_LOGIN` or `NOT_CONNECTED`, if the server opens no mailbox for this program
 */
export async function readInboxIdentity(imap: ImapConnection, maxMs: number): Promise<InboxIdentity | undefined> {
  const found = new Map<string, Item>();
  const items = [atom('UIDVALIDITY'), ...(imap.has('OBJECTID') ? [atom('MAILBOXID')] : [])];
  const readStatus = ([name, values]: readonly Item[]) => {
    if (textOf(name)?.toUpperCase() !== 'INBOX') return;
    const pairs = listOf(values);
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const [key, value] = [textOf(pairs[i])?.toUpperCase(), pairs[i + 1]];
      if (key !== undefined && value !== undefined) found.set(key, value);
    }
  };
  const isAnswered = await imap
    .run('STATUS', [string('INBOX'), items], {
      commandMs: maxMs,
      untagged: { STATUS: ({ items: answer }) => readStatus(answer) },
    })
    .then(
      () => true,
      (error: unknown) => {
        // The answer would be the same for every mailbox.
        if (error instanceof UpstreamError && NO_MAILBOX_CODES.has(error.code ?? '')) throw error;
        return false;
      },
    );
  const uidValidity = textOf(found.get('UIDVALIDITY')) ?? '';
  if (!isAnswered || !/^[1-9]\d{0,9}$/.test(uidValidity)) return undefined;
  const mailboxId = textOf(listOf(found.get('MAILBOXID'))[0]) ?? '';
  return { uidValidity, ...(/^[\w-]{1,255}$/.test(mailboxId) && { mailboxId }) };
}
