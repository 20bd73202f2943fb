/** Reads the previews of a page of messages, of one or several mailboxes, in one round trip. */
import type { RunJob } from '../../workers/workers.ts';
import type { FetchedItems } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { fetchedParts, type PartRange, partCommands } from '../parts/part-groups.ts';
import { type ListedMessage, nullIfCausedByMessage, type WithConnection } from './list.ts';
import { convertPreviews, type PreviewParts, planPreviews } from './preview-parts.ts';

/** Messages of one mailbox. */
interface MessagesOf {
  mailbox: string;
  /** Under which the messages were listed. */
  uidValidity: string;
  messages: readonly ListedMessage[];
}

/** The messages of a page, and what is wanted of them. */
export interface PreviewsRequest {
  pages: readonly MessagesOf[];
  /** Characters of each preview. */
  chars: number;
  runJob?: RunJob;
}

export interface Previews {
  /** Messages without new text have none. */
  texts: ReadonlyMap<ListedMessage, string>;
  /** False if some could not be read, or not in time. */
  areComplete: boolean;
}

/** A message on which the server fails costs the previews of the page, not the page. */
export async function readPreviews(
  withConnection: WithConnection,
  { pages, chars, runJob }: PreviewsRequest,
): Promise<Previews> {
  const messages = pages.flatMap((page) => page.messages);
  const plans = planPreviews(messages.map(({ structure }) => structure));
  const wanted = new Map(
    messages.map((message, index) => [message, { uid: message.uid, ranges: rangesOf(plans[index] ?? {}) }]),
  );
  const visits = pages.flatMap((page): PreviewVisit[] => {
    const commands = partCommands(page.messages.flatMap((message) => wanted.get(message) ?? []));
    return commands.length === 0 ? [] : [{ page, commands }];
  });
  if (visits.length === 0) return { texts: new Map(), areComplete: true };
  const fetched = await withConnection(
    (imap) => fetchAll(imap, visits).catch(nullIfCausedByMessage),
    visits[0]?.page.mailbox,
  );
  if (fetched === null) return { texts: new Map(), areComplete: false };
  const bytes = new Map([...wanted].flatMap(([message, parts]) => fetchedParts(parts, fetched.items.get(message))));
  const made = await convertPreviews(plans, bytes, { chars, runJob });
  const texts = messages.flatMap((message, index) => (made[index] ? [[message, made[index]] as const] : []));
  return { texts: new Map(texts), areComplete: fetched.areAll && !made.includes(null) };
}

/** What is fetched from one mailbox. */
interface PreviewVisit {
  page: MessagesOf;
  commands: ReturnType<typeof partCommands>;
}

/** Sends all commands in one write. One that the server refuses does not affect the others. */
async function fetchAll(
  imap: ImapConnection,
  visits: readonly PreviewVisit[],
): Promise<{ items: ReadonlyMap<ListedMessage, FetchedItems>; areAll: boolean }> {
  const { visited } = await imap.openEach(
    visits.map(({ page, commands }) => ({ name: page.mailbox, commands })),
    { limitMs: LIMIT_MS },
  );
  const found = new Map<ListedMessage, FetchedItems>();
  let areAll = true;
  for (const [index, { page }] of visits.entries()) {
    const { selected, outcomes = [] } = visited[index] ?? {};
    const isCurrent = selected?.uidValidity === page.uidValidity;
    const lost = outcomes.find((outcome) => outcome.status === 'rejected');
    if (lost !== undefined && !imap.isUsable) throw lost.reason;
    if (lost !== undefined || !isCurrent) areAll = false;
    if (!isCurrent) continue;
    const items = new Map(outcomes.flatMap((each) => (each.status === 'fulfilled' ? [...each.value] : [])));
    for (const message of page.messages) {
      const own = items.get(message.uid);
      if (own !== undefined) found.set(message, own);
    }
  }
  return { items: found, areAll };
}

const LIMIT_MS = 20_000;

function rangesOf({ text, html }: PreviewParts): PartRange[] {
  return [text, html].filter((range) => range !== undefined);
}
