import { bounded } from './bounded-item.ts';
import type { Imap, Question } from './connection.ts';
import { atom, type Item, isList, type Line, listOf, numberOf, sequenceSet, type Token, textOf } from './tokens.ts';

/** FETCH (RFC 9051 §6.4.5): asking for data items, and telling the answers from what nobody asked for. */

/** Data items of one message, by name without arguments and offset: `UID`, `BODY[1.2]`, `BODY[HEADER.FIELDS]`. */
export type FetchedItems = ReadonlyMap<string, Item>;

/** `BODY.PEEK[section]`, which never sets \Seen. */
export function peek(section: string, partial?: readonly [number, number]): Token {
  return {
    type: 'ATOM',
    value: 'BODY.PEEK',
    section: section === '' ? [] : [atom(section)],
    ...(partial && { partial }),
  };
}

/** Header fields, up to a size that no honest sender needs. */
export function peekHeader(...fields: string[]): Token {
  const section = [atom('HEADER.FIELDS'), fields.map(atom)];
  return { type: 'ATOM', value: 'BODY.PEEK', section, partial: [0, MOST_HEADER_BYTES] };
}

const MOST_HEADER_BYTES = 64 * 1024;

/**
 * Fetches messages of the open mailbox by UID.
 *
 * Changes that other connections make are announced by FETCH answers too, and may come first (RFC 9051 §7.5.2): what counts carries
 * a UID that was asked for and every item in `required`.
 *
 * @returns by UID; messages that do not exist, or whose answer could not be understood, are missing
 */
export async function fetchByUid(
  imap: Imap,
  uids: readonly number[],
  items: readonly Token[],
  required: readonly string[],
): Promise<Map<number, FetchedItems>> {
  return uids.length === 0 ? new Map() : imap.find(askByUid(uids, items, required));
}

/** The question of fetchByUid(). @param uids not empty */
export function askByUid(
  uids: readonly number[],
  items: readonly Token[],
  required: readonly string[],
): Question<Map<number, FetchedItems>> {
  const wanted = new Set(uids);
  return askSet('UID FETCH', sequenceSet(uids), items, required, (uid) => wanted.has(uid));
}

/**
 * As fetchByUid(), for messages that ought to be there: those that are missing are asked for again after a NOOP, because a connection
 * that has had the mailbox open for a while may not have seen yet what another one put into it (RFC 9051 §7.4.1).
 */
export async function fetchNamed(
  imap: Imap,
  uids: readonly number[],
  items: readonly Token[],
  required: readonly string[],
): Promise<Map<number, FetchedItems>> {
  const found = await fetchByUid(imap, uids, items, required);
  const missing = uids.filter((uid) => !found.has(uid));
  if (missing.length === 0) return found;
  await imap.run('NOOP');
  return new Map([...found, ...(await fetchByUid(imap, missing, items, required))]);
}

/**
 * As askByUid(), by sequence number, `first` to `last`. Only for Imap.ask(), which sees to it that the
 * numbers mean what they were taken for.
 */
export function askBySequence(
  first: number,
  last: number,
  items: readonly Token[],
  required: readonly string[],
): Question<Map<number, FetchedItems>> {
  const set: Token = { type: 'SEQUENCE', value: `${first}:${last}` };
  const isWanted = (_uid: number, sequence: number) => sequence >= first && sequence <= last;
  return { ...askSet('FETCH', set, items, required, isWanted), isBySequence: true };
}

function askSet(
  command: 'FETCH' | 'UID FETCH',
  set: Token,
  items: readonly Token[],
  required: readonly string[],
  isWanted: (uid: number, sequence: number) => boolean,
): Question<Map<number, FetchedItems>> {
  const messages = new Map<number, Map<string, Item>>();
  const take = (line: Line) => {
    const fetched = readItems(line);
    const uid = numberOf(fetched.get('UID'));
    if (uid === null || !isWanted(uid, Number(line.name))) return;
    // A server may give the items of one message in several answers.
    const known = messages.get(uid) ?? new Map<string, Item>();
    for (const [name, value] of fetched) known.set(name, isOfSender(name) ? bounded(value) : value);
    messages.set(uid, known);
  };
  return {
    command,
    tokens: [set, [atom('UID'), ...items]],
    options: { untagged: { FETCH: take } },
    answer: () => new Map([...messages].filter(([, fetched]) => required.every((name) => fetched.has(name)))),
  };
}

/** Items that are as large as the sender of a message likes; a page of them is held at a time. */
function isOfSender(name: string): boolean {
  return name === 'ENVELOPE' || name === 'BODYSTRUCTURE';
}

/** `* 12 FETCH (UID 7 BODY[1]<0> "…")`: names and values in turns. */
function readItems({ items: [, list] }: Line): Map<string, Item> {
  const fetched = new Map<string, Item>();
  const pairs = listOf(list);
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i];
    const value = pairs[i + 1];
    if (name === null || name === undefined || isList(name) || value === undefined) continue;
    const section = name.section
      ?.map((part) => textOf(part))
      .filter((part) => part !== null)
      .join(' ');
    const suffix = section === undefined ? '' : `[${section.toUpperCase()}]`;
    fetched.set(`${textOf(name)?.toUpperCase() ?? ''}${suffix}`, value);
  }
  return fetched;
}
