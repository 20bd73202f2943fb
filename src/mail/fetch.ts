import type { Imap } from './imap.ts';
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

export function peekHeader(...fields: string[]): Token {
  return { type: 'ATOM', value: 'BODY.PEEK', section: [atom('HEADER.FIELDS'), fields.map(atom)] };
}

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
  if (uids.length === 0) return new Map();
  const wanted = new Set(uids);
  return fetchSet(imap, 'UID FETCH', sequenceSet(uids), items, required, (uid) => wanted.has(uid));
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

/** As fetchByUid(), by sequence number, `first` to `last`. Only right after the number of messages was heard from the server. */
export function fetchBySequence(
  imap: Imap,
  first: number,
  last: number,
  items: readonly Token[],
  required: readonly string[],
): Promise<Map<number, FetchedItems>> {
  const set: Token = { type: 'SEQUENCE', value: `${first}:${last}` };
  return fetchSet(imap, 'FETCH', set, items, required, (_uid, sequence) => sequence >= first && sequence <= last);
}

async function fetchSet(
  imap: Imap,
  command: 'FETCH' | 'UID FETCH',
  set: Token,
  items: readonly Token[],
  required: readonly string[],
  isWanted: (uid: number, sequence: number) => boolean,
): Promise<Map<number, FetchedItems>> {
  const messages = new Map<number, Map<string, Item>>();
  await imap.run(command, [set, [atom('UID'), ...items]], {
    untagged: {
      FETCH: (line) => {
        const fetched = readItems(line);
        const uid = numberOf(fetched.get('UID'));
        if (uid === null || !isWanted(uid, Number(line.name))) return;
        // A server may give the items of one message in several answers.
        const known = messages.get(uid) ?? new Map<string, Item>();
        for (const [name, value] of fetched) known.set(name, value);
        messages.set(uid, known);
      },
    },
  });
  for (const [uid, fetched] of messages) if (!required.every((name) => fetched.has(name))) messages.delete(uid);
  return messages;
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
