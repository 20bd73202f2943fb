/** Reads the previews of a page of messages, in one round trip. */
import type { RunJob } from '../../workers/workers.ts';
import { bytesOf, type Token } from '../imap/data-formats.ts';
import { type FetchedItems, peek, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openMailbox } from '../mailbox/open-mailbox.ts';
import { type ListedMessage, nullIfCausedByMessage, type WithConnection } from './list.ts';
import { convertPreviews, type Part, type PreviewParts, type PreviewRange, planPreviews } from './preview-parts.ts';

/** The messages of a page, and what is wanted of them. */
export interface PreviewsRequest {
  mailbox: string;
  /** Under which the messages were listed. */
  uidValidity: string;
  messages: readonly ListedMessage[];
  /** Characters of each preview. */
  chars: number;
  runJob?: RunJob;
}

export interface Previews {
  /** By UID. Messages without new text have none. */
  texts: ReadonlyMap<number, string>;
  /** False if some could not be read, or not in time. */
  areComplete: boolean;
}

/** A message on which the server fails costs the previews of the page, not the page. */
export async function readPreviews(withConnection: WithConnection, request: PreviewsRequest): Promise<Previews> {
  const { mailbox, messages, chars, runJob } = request;
  const plans = planPreviews(messages.map(({ structure }) => structure));
  const groups = groupByParts(messages, plans);
  if (groups.length === 0) return { texts: new Map(), areComplete: true };
  const fetched = await withConnection(
    (imap) => fetchGroups(imap, request, groups).catch(nullIfCausedByMessage),
    mailbox,
  );
  if (fetched === null) return { texts: new Map(), areComplete: false };
  const bytes = new Map(messages.flatMap(({ uid }, index) => bytesOfParts(plans[index] ?? {}, fetched.items.get(uid))));
  const made = await convertPreviews(plans, bytes, { chars, runJob });
  const texts = messages.flatMap(({ uid }, index) => (made[index] ? [[uid, made[index]] as const] : []));
  return { texts: new Map(texts), areComplete: fetched.areAll && !made.includes(null) };
}

/** Messages of which the same parts are fetched. */
interface Group {
  uids: number[];
  items: readonly Token[];
  names: readonly string[];
}

function groupByParts(messages: readonly ListedMessage[], plans: readonly PreviewParts[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [index, { uid }] of messages.entries()) {
    const ranges = rangesOf(plans[index] ?? {});
    if (ranges.length === 0) continue;
    const key = ranges.map(({ part, maxBytes }) => `${part.number} ${maxBytes}`).join(' ');
    const group = groups.get(key) ?? {
      uids: [],
      items: ranges.map(({ part, maxBytes }) => peek(part.number, [0, maxBytes])),
      names: ranges.map(({ part }) => nameOf(part)),
    };
    group.uids.push(uid);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Sends one FETCH for each group, all in one write. One that the server refuses does not affect the others. */
async function fetchGroups(
  imap: ImapConnection,
  { mailbox, uidValidity }: PreviewsRequest,
  groups: readonly Group[],
): Promise<{ items: ReadonlyMap<number, FetchedItems>; areAll: boolean }> {
  await openMailbox(imap, mailbox, { uidValidity });
  const outcomes = await imap.readAll(groups.map(({ uids, items, names }) => uidFetchCommand(uids, items, names)));
  const lost = outcomes.find((outcome) => outcome.status === 'rejected');
  if (lost !== undefined && !imap.isUsable) throw lost.reason;
  const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [...outcome.value] : []));
  return { items: new Map(found), areAll: lost === undefined };
}

function bytesOfParts(plan: PreviewParts, items: FetchedItems | undefined): [Part, Buffer][] {
  return rangesOf(plan).flatMap(({ part }): [Part, Buffer][] => {
    const bytes = bytesOf(items?.get(nameOf(part)));
    return bytes === null ? [] : [[part, bytes]];
  });
}

function rangesOf({ text, html }: PreviewParts): PreviewRange[] {
  return [text, html].filter((range) => range !== undefined);
}

function nameOf({ number }: Part): string {
  return `BODY[${number}]`;
}
