/** Compares display names, which are whatever their authors want them to be. */
import { visibleLine } from '../../text/visible-text.ts';
import { latinForm, visualForm } from '../sender/visual-form.ts';

/** Words that name a task or a title and not who has it: many senders have them. */
const TASKS =
  /^(?:the|der|die|das|le|la|your|ihr|ihre|no|not|do|noreply|donotreply|reply|mail|email|info|news|newsletters?|support|service|services|customer|customers?|kunden\w*|help|helpdesk|team|admin|administrator|postmaster|mailer|daemon|office|sales|marketing|billing|accounts?|accounting|security|alerts?|notifications?|notify|system|webmaster|hello|hallo|contact|kontakt|order|orders|shop|bestellung(?:en)?|rechnung(?:en)?|invoices?|updates?|via|dr|prof|mrs?|ms|herr|frau)$/;

const MIN_CHARS = 3;
/** Words of a name that are searched for; the names of what is found are compared as a whole. */
const MAX_WORDS = 3;
const MAX_NAME_CHARS = 200;

/**
 * Equal for names that people take for one: in any order of words, in letters that look alike, with or without words for a task. Empty for a name that
 * says nothing.
 */
export function nameKey(name: string): string {
  const words = ownWords(name);
  return words.join('').length < MIN_CHARS ? '' : words.map(visualForm).sort().join(' ');
}

/**
 * The words to search for, which a server finds in any order.
 *
 * @returns the longest first; empty if there is nothing to search for
 */
export function searchWords(name: string): string[] {
  if (nameKey(name) === '') return [];
  const all = ownWords(name);
  const latin = all.map(latinForm).filter((word) => word.length >= MIN_CHARS && /^[\x21-\x7e]+$/.test(word));
  // A server may not find a word in other letters, and may know no other charset than ASCII.
  const written = latin.filter((word) => all.includes(word));
  const [words = []] = [written, latin, all].filter((some) => some.length > 0);
  return [...words].sort((a, b) => b.length - a.length).slice(0, MAX_WORDS);
}

/** The words that are no task. */
function ownWords(name: string): string[] {
  return visibleLine(name.slice(0, MAX_NAME_CHARS))
    .text.normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '' && !TASKS.test(word));
}
