/**
 * Reads a conversation across mailboxes: who wrote what, without what was quoted, and whose turn it is.
 *
 * Invariant: four round trips, however long the conversation is: the message with the list of mailboxes, the search, headers, texts. Of mailboxes
 * beyond eight, each further eight take one more; ids that the search did not know take two more.
 */
import type { RunJob } from '../../workers/workers.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { WithConnection } from '../messages/list.ts';
import type { TrustedServers } from '../sender/verdict.ts';
import { fetchParts } from './fetch-found.ts';
import { withCopies } from './find-copies.ts';
import type { FoundMessage } from './found-message.ts';
import { idsOf, inOrder, linkedById, linkedBySubject, rootOf } from './link-messages.ts';
import type { MessageText } from './message-texts.ts';
import { openSeed } from './open-seed.ts';
import { type Participation, participationsOf, whoseTurn } from './participants.ts';
import { createFinder, type SearchReport } from './thread-finder.ts';
import { placesOf } from './thread-places.ts';
import { idSearch, type ThreadKind, threadSearch } from './thread-search.ts';
import { convertTexts, foldTexts, planTexts, rangesOf } from './thread-texts.ts';

export interface ThreadRequest {
  mailbox: string;
  uid: number;
  /** Decimal; refused if the mailbox has another one. */
  uidValidity?: string | undefined;
  ownAddresses: readonly string[];
  trustedServers: TrustedServers;
  /** Characters that are needed of each text. */
  chars: number;
  runJob?: RunJob | undefined;
}

export interface ThreadMessage extends Participation {
  message: FoundMessage;
  /** The same message in other places. */
  copies: FoundMessage[];
  /** When it became part of the conversation, in milliseconds. */
  time: number;
  /** What it adds; null if it was not read. */
  text: string | null;
  /** True if the message says more. */
  isCut: boolean;
  /** Letters that its HTML hides. */
  hiddenLetters: number;
  /** True if only its subject connects it with the others. */
  isBySubject: boolean;
}

export interface Thread extends SearchReport {
  /** Oldest first. */
  messages: ThreadMessage[];
  /** Whose turn it is: people as in Participation. */
  turn: string[];
}

/** Rounds of searches for ids that only the messages found have named. */
const MAX_FURTHER_ROUNDS = 2;
/** The newest messages, whose texts are read. */
const MAX_TEXTS = 300;

/** @throws {ToolError} if there is no such mailbox or message */
export async function readThread(withConnection: WithConnection, request: ThreadRequest): Promise<Thread> {
  const { ownAddresses } = request;
  const found = await findMessages(withConnection, request);
  const { seed, linked, bySubject } = found;
  const ordered = inOrder([...linked, ...bySubject]).map(({ message }) => message);
  const read = await readTexts(withConnection, ordered, request);
  const unique = withCopies(
    ordered.map((message) => ({ message, text: read.get(message) ?? null })),
    seed,
  );
  const places = inOrder(unique.map(({ message }) => message));
  const byMessage = new Map(unique.map((each) => [each.message, each]));
  const input = places.map(({ message, parent }) => ({ text: byMessage.get(message)?.text?.text ?? '', parent }));
  const folded = await foldTexts({ messages: input, chars: request.chars }, request.runJob);
  const participations = participationsOf(
    places.map(({ message }) => message),
    ownAddresses,
  );
  const messages = places.flatMap(({ message, time }, index): ThreadMessage[] => {
    const participation = participations[index];
    const { copies = [], text = null } = byMessage.get(message) ?? {};
    if (participation === undefined) return [];
    const shown = folded?.[index] ?? unfolded(text);
    return [
      {
        ...participation,
        ...{ message, copies, time },
        text: text === null ? null : shown.text,
        isCut: text !== null && (shown.isCut || text.isCut),
        hiddenLetters: text?.hiddenLetters ?? 0,
        isBySubject: bySubject.includes(message),
      },
    ];
  });
  const turn = whoseTurn(
    participations.map((each, index) => ({ ...each, asks: folded?.[index]?.question !== undefined })),
  );
  const { inWords, notSearched, missing } = found;
  return { messages, turn, inWords, notSearched, missing };
}

/** What is shown of a text whose quotations could not be found in time. */
const MAX_UNFOLDED_CHARS = 2_000;

function unfolded(text: MessageText | null): { text: string; isCut: boolean } {
  const whole = text?.text ?? '';
  return { text: whole.slice(0, MAX_UNFOLDED_CHARS), isCut: whole.length > MAX_UNFOLDED_CHARS };
}

interface Found extends SearchReport {
  seed: FoundMessage;
  linked: FoundMessage[];
  bySubject: FoundMessage[];
}

async function findMessages(withConnection: WithConnection, request: ThreadRequest): Promise<Found> {
  const { trustedServers: trust, ownAddresses } = request;
  const open = async (imap: ImapConnection) => {
    const opened = await openSeed(imap, { ...request, trust });
    return { ...opened, kind: kindOf(imap) };
  };
  const { seed, mailboxes, kind } = await withConnection(open, request.mailbox);
  const places = placesOf(seed, mailboxes, { hasAllMail: kind === 'X-GM-THRID' });
  const finder = createFinder(withConnection, { seed, places, trust });
  await finder.find(threadSearch(seed, kind));
  const asked = new Set([rootOf(seed), seed.messageId, seed.inReplyTo]);
  for (let round = 0; round < MAX_FURTHER_ROUNDS && kind !== 'X-GM-THRID'; round += 1) {
    const further = rootsAbove(seed, linkedById(seed, finder.messages())).filter((id) => !asked.has(id));
    if (further.length === 0) break;
    for (const id of further) asked.add(id);
    await finder.find(idSearch(further));
  }
  const all = finder.messages();
  const linked = linkedById(seed, all);
  const isLinked = new Set(linked);
  const others = all.filter((message) => !isLinked.has(message));
  return { ...finder.report(), seed, linked, bySubject: linkedBySubject(linked, others, ownAddresses) };
}

function kindOf(imap: ImapConnection): ThreadKind {
  if (imap.has('X-GM-EXT-1')) return 'X-GM-THRID';
  return imap.has('OBJECTID') ? 'THREADID' : 'ids';
}

/**
 * The first ids that the message and those before it name: several, if a program has cut References. What others name does not count, so that a
 * message that refers to two conversations does not join them.
 */
function rootsAbove(seed: FoundMessage, linked: readonly FoundMessage[]): string[] {
  const byId = new Map(linked.flatMap((message) => (message.messageId === null ? [] : [[message.messageId, message]])));
  const line = new Set<FoundMessage>([seed]);
  // Grows while it is read.
  for (const message of line) {
    for (const id of idsOf(message)) {
      const before = byId.get(id);
      if (before !== undefined) line.add(before);
    }
  }
  const roots = [...line].map(rootOf).filter((id) => id !== null);
  return [...new Set(roots)];
}

/** @returns texts of the newest messages, as far as they could be read */
async function readTexts(
  withConnection: WithConnection,
  messages: readonly FoundMessage[],
  { runJob }: ThreadRequest,
): Promise<Map<FoundMessage, MessageText>> {
  const newest = messages.slice(-MAX_TEXTS);
  const plans = planTexts(newest.map(({ structure }) => structure));
  const bytes = await fetchParts(withConnection, newest, plans);
  const wanted = newest.flatMap((message, index) => {
    const plan = plans[index];
    const ranges = plan === undefined ? [] : rangesOf(plan);
    const isLost = ranges.length > 0 && !ranges.some(({ part }) => bytes.has(part));
    if (plan === undefined || message.structure === null || isLost) return [];
    return [{ message, plan, isNewsletter: message.isFromList }];
  });
  const texts = await convertTexts(wanted, bytes, runJob);
  return new Map(
    wanted.flatMap(({ message }, index) => {
      const text = texts[index];
      return text ? [[message, text] as const] : [];
    }),
  );
}
