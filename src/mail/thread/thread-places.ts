/** Chooses the mailboxes in which a conversation is looked for. */
import type { Listed } from '../mailbox/list-mailboxes.ts';
import { type ChosenMailboxes, chooseMailboxes } from '../mailbox/searchable-mailboxes.ts';
import type { FoundMessage } from './found-message.ts';

/** @returns all mailboxes but Trash and Junk, and that of the message first if it is another one */
export function placesOf(
  seed: FoundMessage,
  listed: readonly Listed[],
  { hasAllMail }: { hasAllMail: boolean },
): ChosenMailboxes {
  const { mailboxes, inWords } = chooseMailboxes(
    listed,
    { named: [], excluded: [], isAnywhere: false },
    { hasAllMail },
  );
  const own = listed.find(({ path }) => path === seed.mailbox);
  const isSearched = mailboxes.some(({ path }) => path === seed.mailbox);
  const isInAllMail = hasAllMail && mailboxes.some(({ role }) => role === 'all') && !isDiscarded(own);
  if (own === undefined || isSearched || isInAllMail) return { mailboxes, inWords };
  const { path, role, messages, uidNext } = own;
  return { mailboxes: [{ path, role, messages, uidNext }, ...mailboxes], inWords: `${path} and ${inWords}` };
}

function isDiscarded(mailbox: Listed | undefined): boolean {
  return mailbox?.role === 'trash' || mailbox?.role === 'junk';
}
