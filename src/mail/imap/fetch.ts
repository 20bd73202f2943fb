/** Fetches data items of messages (FETCH, RFC 9051 §6.4.5), and separates the responses from unsolicited ones. */
import { boundedItem, NodeBudget } from './bounded-item.ts';
import {
  atom,
  type Item,
  isList,
  listOf,
  numberOf,
  sequenceSet,
  type Token,
  textOf,
  type UntaggedResponse,
} from './data-formats.ts';
import type { ImapConnection, ReadCommand } from './imap-connection.ts';

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

/** The named header fields, at most 64 KiB together. */
export function peekHeader(...fields: string[]): Token {
  return peekHeaderStart(MAX_HEADER_BYTES, ...fields);
}

/** The first bytes of the named header fields. */
export function peekHeaderStart(sizeBytes: number, ...fields: string[]): Token {
  const section = [atom('HEADER.FIELDS'), fields.map(atom)];
  return { type: 'ATOM', value: 'BODY.PEEK', section, partial: [0, sizeBytes] };
}

const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Fetches messages of the selected mailbox by UID.
 *
 * A server also announces flag changes by other connections in FETCH responses (RFC 9051 §7.5.2). Those are not returned: only a response
 * with a requested UID and every item in `required` is.
 *
 * @returns by UID; messages that do not exist, or whose response could not be parsed, are missing
 */
export async function fetchByUid(
  connection: ImapConnection,
  uids: readonly number[],
  items: readonly Token[],
  required: readonly string[],
): Promise<Map<number, FetchedItems>> {
  return uids.length === 0 ? new Map() : connection.read(uidFetchCommand(uids, items, required));
}

/** Builds the command that fetchByUid() runs. @param uids not empty */
export function uidFetchCommand(
  uids: readonly number[],
  items: readonly Token[],
  required: readonly string[],
): ReadCommand<Map<number, FetchedItems>> {
  const wanted = new Set(uids);
  const target: FetchTarget = { command: 'UID FETCH', set: sequenceSet(uids), includes: (uid) => wanted.has(uid) };
  return toReadCommand(target, items, required);
}

/** As uidFetchCommand(), for all messages with a UID from `first` to `last`. */
export function uidRangeFetchCommand(
  [first, last]: readonly [number, number],
  items: readonly Token[],
  required: readonly string[],
): ReadCommand<Map<number, FetchedItems>> {
  const set: Token = { type: 'SEQUENCE', value: `${first}:${last}` };
  const includes = (uid: number) => uid >= first && uid <= last;
  return toReadCommand({ command: 'UID FETCH', set, includes }, items, required);
}

/**
 * As fetchByUid(), for messages that are expected to exist: the missing ones are fetched again after a NOOP, because a connection on
 * which the mailbox has been selected for a while may not have seen new messages yet (RFC 9051 §7.4.1).
 */
export async function fetchExpected(
  connection: ImapConnection,
  uids: readonly number[],
  items: readonly Token[],
  required: readonly string[],
): Promise<Map<number, FetchedItems>> {
  const found = await fetchByUid(connection, uids, items, required);
  const missing = uids.filter((uid) => !found.has(uid));
  if (missing.length === 0) return found;
  await connection.run('NOOP');
  return new Map([...found, ...(await fetchByUid(connection, missing, items, required))]);
}

/**
 * As uidFetchCommand(), by sequence number, `first` to `last`. Only for ImapConnection.selectAndRead(), which ensures that the numbers
 * belong to the expected messages.
 */
export function sequenceFetchCommand(
  first: number,
  last: number,
  items: readonly Token[],
  required: readonly string[],
): ReadCommand<Map<number, FetchedItems>> {
  const set: Token = { type: 'SEQUENCE', value: `${first}:${last}` };
  const includes = (_uid: number, sequence: number) => sequence >= first && sequence <= last;
  return { ...toReadCommand({ command: 'FETCH', set, includes }, items, required), isBySequence: true };
}

/** The messages that a command fetches. */
interface FetchTarget {
  command: 'FETCH' | 'UID FETCH';
  set: Token;
  includes(uid: number, sequence: number): boolean;
}

function toReadCommand(
  { command, set, includes }: FetchTarget,
  items: readonly Token[],
  required: readonly string[],
): ReadCommand<Map<number, FetchedItems>> {
  const messages = new Map<number, Map<string, Item>>();
  const budget = new NodeBudget();
  const onFetch = (response: UntaggedResponse) => {
    const fetched = readItems(response);
    const uid = numberOf(fetched.get('UID'));
    if (uid === null || !includes(uid, Number(response.name))) return;
    // A server may send the items of one message in several responses.
    const known = messages.get(uid) ?? new Map<string, Item>();
    for (const [name, value] of fetched) known.set(name, isSizedBySender(name) ? boundedItem(value, budget) : value);
    messages.set(uid, known);
  };
  return {
    command,
    tokens: [set, [atom('UID'), ...items]],
    options: { untagged: { FETCH: onFetch } },
    result: () => new Map([...messages].filter(([, fetched]) => required.every((name) => fetched.has(name)))),
  };
}

/** True for items whose size depends on the sender of the message. They are cut, because those of a whole page are in memory at once. */
function isSizedBySender(name: string): boolean {
  return name === 'ENVELOPE' || name === 'BODYSTRUCTURE';
}

/** The items of a FETCH response: `* 12 FETCH (UID 7 BODY[1]<0> "…")`, where names and values alternate. */
export function readItems({ items: [, list] }: UntaggedResponse): Map<string, Item> {
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
