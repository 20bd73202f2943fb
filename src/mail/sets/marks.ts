/**
 * Reads what a caller adds to messages and removes from them: flags (`\Seen`), keywords, and labels (`label:Name`).
 *
 * A label is one of X-GM-LABELS on servers with X-GM-EXT-1 (Gmail), where it is a folder too, and a keyword elsewhere.
 */
import { ToolError } from '../../errors.ts';
import { atom, string, type Token } from '../imap/data-formats.ts';
import type { ImapConnection, SelectedMailbox } from '../imap/imap-connection.ts';
import { quoteName } from '../mailbox-name.ts';
import { canonicalFlag, labelIn, requirePermanent } from '../messages/flags.ts';
import { isKeyword, type PlainKey, type SearchKey } from '../search/keys.ts';

/** A flag, a keyword or a label. */
export interface Mark {
  /** As calls name it. */
  name: string;
  /** Compares equal for the same mark. */
  id: string;
  /** True for one of X-GM-LABELS. */
  isLabel: boolean;
  /** As STORE takes it. */
  token: Token;
}

const MAX_LABEL_CHARS = 200;

/** @throws {ToolError} if a message cannot have such a flag, keyword or label on this server */
export function readMark(imap: Pick<ImapConnection, 'has' | 'encodedName'>, name: string): Mark {
  const label = labelIn(name);
  if (label === null) return flagMark(canonicalFlag(name));
  if (!imap.has('X-GM-EXT-1')) return keywordMark(label);
  if (label === '' || label.length > MAX_LABEL_CHARS || /\p{Cc}/u.test(label) || isSystemLabel(label))
    throw new ToolError(NO_LABEL(label));
  return {
    ...{ name: `label:${label}`, id: labelId(label), isLabel: true },
    token: string(imap.encodedName(label)),
  };
}

export const labelId = (label: string): string => `label:${label.normalize('NFC').toLowerCase()}`;

function flagMark(flag: string): Mark {
  return { name: flag, id: flag.toLowerCase(), isLabel: false, token: atom(flag) };
}

function keywordMark(label: string): Mark {
  if (!isKeyword(label) || canonicalFlagOrNull(label) !== label) throw new ToolError(NO_KEYWORD(label));
  return { ...flagMark(label), name: `label:${label}` };
}

function canonicalFlagOrNull(name: string): string | null {
  try {
    return canonicalFlag(name);
  } catch {
    return null;
  }
}

/** Those are folders of the server and states of messages: Gmail moves a message that gets the label of its trash. */
function isSystemLabel(label: string): boolean {
  return /^(?:\\|\[(?:gmail|google mail)\]|(?:inbox|sent|drafts?|trash|bin|spam|junk|starred|important|chats?|muted)$)/i.test(
    label,
  );
}

const NO_LABEL = (label: string): string =>
  `Nothing was done: ${quoteName(label)} is no label that messages can be given. Use the flags \\Seen and \\Flagged for states, and move_mail_message for folders.`;
const NO_KEYWORD = (label: string): string =>
  `Nothing was done: ${quoteName(label)} cannot be a label on this mail server, where labels are keywords: ASCII letters and digits without spaces, and no name of a flag. Use such a name, or move_mail_message for a folder.`;

/** @throws {ToolError} if the mailbox does not keep the mark, or is the label itself */
export function requireStorable(selected: SelectedMailbox, { id, isLabel, name }: Mark): void {
  if (!isLabel) requirePermanent(selected, labelIn(name) ?? name);
  if (!isLabel || id !== labelId(selected.path)) return;
  throw new ToolError(
    `Nothing was done: messages in ${quoteName(selected.path)} have this label, because it is that folder. Use move_mail_message, or name the messages in another folder.`,
  );
}

const SYSTEM_KEYS: Readonly<Record<string, readonly [set: PlainKey, unset: PlainKey]>> = {
  '\\Seen': ['SEEN', 'UNSEEN'],
  '\\Answered': ['ANSWERED', 'UNANSWERED'],
  '\\Flagged': ['FLAGGED', 'UNFLAGGED'],
  '\\Deleted': ['DELETED', 'UNDELETED'],
  '\\Draft': ['DRAFT', 'UNDRAFT'],
};

/** The key that finds the messages which have the mark, or lack it; null if no search does. */
export function markKey({ name, isLabel }: Mark, { isSet }: { isSet: boolean }): SearchKey | null {
  const flag = labelIn(name) ?? name;
  const plain = SYSTEM_KEYS[flag];
  if (plain !== undefined) return { key: isSet ? plain[0] : plain[1] };
  if (isLabel) {
    const has: SearchKey = { key: 'X-GM-LABELS', text: flag };
    return isSet ? has : { key: 'NOT', operand: has };
  }
  return isKeyword(flag) ? { key: isSet ? 'KEYWORD' : 'UNKEYWORD', flag } : null;
}
