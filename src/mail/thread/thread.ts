/**
 * Reads a conversation across mailboxes: who wrote what, without what was quoted, and whose turn it is.
 *
 * Invariant: four round trips, however long the conversation is: the message with the list of mailboxes, the search, headers, texts. With a query: the
 * list, the search of the query, headers, the search of the conversation with texts; two more if that finds further messages. Of mailboxes beyond
 * eight, each further eight take one more for each search; ids that the search did not know take two more.
 */
import type { RunJob } from '../../workers/workers.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { WithConnection } from '../messages/list.ts';
import type { TrustedServers } from '../sender/verdict.ts';
import { withCopies } from './find-copies.ts';
import { findLinked } from './find-linked.ts';
import type { FoundMessage } from './found-message.ts';
import { inOrder } from './link-messages.ts';
import type { MessageText } from './message-texts.ts';
import { openSeed, type ThreadStart } from './open-seed.ts';
import { type Participation, participationsOf, whoseTurn } from './participants.ts';
import { type QueryStart, startByQuery } from './start-by-query.ts';
import { createTextReader } from './text-reader.ts';
import type { SearchReport } from './thread-finder.ts';
import { foldTexts } from './thread-texts.ts';

export interface ThreadOptions {
  ownAddresses: readonly string[];
  trustedServers: TrustedServers;
  /** Characters that are needed of each text. */
  chars: number;
  runJob?: RunJob | undefined;
}

export interface ThreadRequest extends ThreadOptions {
  mailbox: string;
  uid: number;
  /** Decimal; refused if the mailbox has another one. */
  uidValidity?: string | undefined;
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

/** @throws {ToolError} if there is no such mailbox or message */
export async function readThread(withConnection: WithConnection, request: ThreadRequest): Promise<Thread> {
  const { mailbox, uid, uidValidity, trustedServers: trust } = request;
  const open = (imap: ImapConnection) => openSeed(imap, { mailbox, uid, uidValidity, trust });
  return readFrom(withConnection, await withConnection(open, mailbox), request);
}

/**
 * Reads the conversation of the newest message that a query finds.
 *
 * @returns `hits`: the messages that were found, newest first. Null if a search alone does not find them, or there are none
 */
export async function readThreadOfQuery(
  withConnection: WithConnection,
  query: Pick<QueryStart, 'compile' | 'folders'>,
  options: ThreadOptions,
): Promise<{ thread: Thread; hits: FoundMessage[] } | null> {
  const start = await startByQuery(withConnection, { ...query, trust: options.trustedServers });
  if (start === null) return null;
  return { thread: await readFrom(withConnection, start, options), hits: start.known };
}

async function readFrom(
  withConnection: WithConnection,
  start: ThreadStart,
  { ownAddresses, trustedServers: trust, chars, runJob }: ThreadOptions,
): Promise<Thread> {
  const reader = createTextReader(withConnection, runJob);
  const { linked, bySubject, ...report } = await findLinked(withConnection, start, { trust, ownAddresses, reader });
  const ordered = inOrder([...linked, ...bySubject]).map(({ message }) => message);
  const read = await reader.read(ordered);
  const unique = withCopies(
    ordered.map((message) => ({ message, text: read.get(message) ?? null })),
    start.seed,
  );
  const places = inOrder(unique.map(({ message }) => message));
  const byMessage = new Map(unique.map((each) => [each.message, each]));
  const input = places.map(({ message, parent }) => ({ text: byMessage.get(message)?.text?.text ?? '', parent }));
  const folded = await foldTexts({ messages: input, chars }, runJob);
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
  const asks = (index: number) => folded?.[index]?.question !== undefined;
  const turn = whoseTurn(participations.map((each, index) => ({ ...each, asks: asks(index) })));
  return { messages, turn, ...report };
}

/** What is shown of a text whose quotations could not be found in time. */
const MAX_UNFOLDED_CHARS = 2_000;

function unfolded(text: MessageText | null): { text: string; isCut: boolean } {
  const whole = text?.text ?? '';
  return { text: whole.slice(0, MAX_UNFOLDED_CHARS), isCut: whole.length > MAX_UNFOLDED_CHARS };
}
