/** Says what a search did not cover. */
import type { NotSearched, NotSearchedWhy } from '../../mail/find/find-messages.ts';

const MAX_NAMED = 10;

/** @returns undefined if everything was searched */
export function notSearchedText(notSearched: readonly NotSearched[]): string | undefined {
  const reasons = Map.groupBy(notSearched, ({ why }) => why);
  const sentences = [...reasons].map(([why, mailboxes]) => `${namesOf(mailboxes)}: ${REASONS[why]}`);
  return sentences.length === 0 ? undefined : sentences.join('. ');
}

/** The same of a search that has no query to narrow. */
export function notCountedText(notSearched: readonly NotSearched[]): string | undefined {
  return notSearched.length === 0 ? undefined : namesOf(notSearched);
}

function namesOf(mailboxes: readonly NotSearched[]): string {
  const named = mailboxes
    .slice(0, MAX_NAMED)
    .map(({ path, messages }) => (messages === null ? path : `${path} (${messages.toLocaleString('en')} messages)`));
  const more = mailboxes.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

const REASONS: Readonly<Record<NotSearchedWhy, string>> = {
  time: 'no answer in time, narrow the query with after: or search each alone',
  refused: 'the mail server refused',
  charset: 'the mail server cannot search for text outside ASCII, try ASCII words',
  number: 'a search covers 200 folders, name these with in:',
};
