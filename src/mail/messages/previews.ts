/** Reads the previews of a page of messages, in one round trip. */
import type { RunJob } from '../../workers/workers.ts';
import type { FetchedItems } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openMailbox } from '../mailbox/open-mailbox.ts';
import { fetchedParts, type PartRange, partCommands } from '../parts/part-groups.ts';
import { type ListedMessage, nullIfCausedByMessage, type WithConnection } from './list.ts';
import { convertPreviews, type PreviewParts, planPreviews } from './preview-parts.ts';

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
  const wanted = messages.map(({ uid }, index) => ({ uid, ranges: rangesOf(plans[index] ?? {}) }));
  const commands = partCommands(wanted);
  if (commands.length === 0) return { texts: new Map(), areComplete: true };
  const fetched = await withConnection(
    (imap) => fetchAll(imap, request, commands).catch(nullIfCausedByMessage),
    mailbox,
  );
  if (fetched === null) return { texts: new Map(), areComplete: false };
  const bytes = new Map(wanted.flatMap((message) => fetchedParts(message, fetched.items.get(message.uid))));
  const made = await convertPreviews(plans, bytes, { chars, runJob });
  const texts = messages.flatMap(({ uid }, index) => (made[index] ? [[uid, made[index]] as const] : []));
  return { texts: new Map(texts), areComplete: fetched.areAll && !made.includes(null) };
}

/** Sends all commands in one write. One that the server refuses does not affect the others. */
async function fetchAll(
  imap: ImapConnection,
  { mailbox, uidValidity }: PreviewsRequest,
  commands: ReturnType<typeof partCommands>,
): Promise<{ items: ReadonlyMap<number, FetchedItems>; areAll: boolean }> {
  await openMailbox(imap, mailbox, { uidValidity });
  const outcomes = await imap.readAll(commands);
  const lost = outcomes.find((outcome) => outcome.status === 'rejected');
  if (lost !== undefined && !imap.isUsable) throw lost.reason;
  const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [...outcome.value] : []));
  return { items: new Map(found), areAll: lost === undefined };
}

function rangesOf({ text, html }: PreviewParts): PartRange[] {
  return [text, html].filter((range) => range !== undefined);
}
