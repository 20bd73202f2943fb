/**
 * Finds the conversations that wait for an answer of the account owner: the last word is another person's, addressed to the owner, and asks something,
 * invites, or answers the owner.
 */
import { newTextOf } from '../../text/new-text.ts';
import { firstQuestionOf } from '../../text/questions.ts';
import { mapInSlices } from '../../workers/event-loop.ts';
import type { RunJob } from '../../workers/workers.ts';
import type { WithConnection } from '../messages/list.ts';
import { listFiles } from '../mime/listed-files.ts';
import { isForged } from '../sender/verdict.ts';
import { fetchParts } from './fetch-found.ts';
import type { FoundMessage } from './found-message.ts';
import { conversationsOf, inOrder } from './link-messages.ts';
import { ME, type Participation, participationsOf } from './participants.ts';
import { convertTexts, planTexts } from './thread-texts.ts';
import { type MessageWindow, readWindow, type WindowRequest } from './waiting-window.ts';

/** The last message of a conversation that waits, and why. */
export interface WaitingMessage {
  message: FoundMessage;
  why: 'question' | 'invitation' | 'name' | 'reply';
  /** The sentence that asks the owner, or names the owner in an answer. */
  sentence: string | undefined;
}

export interface WaitingRequest extends WindowRequest {
  /** True for messages that the caller looks for; the others only show what was answered. */
  isWanted: (message: FoundMessage) => boolean;
  ownAddresses: readonly string[];
  /** Of the account owner; may be empty. */
  fullName: string;
  runJob?: RunJob | undefined;
}

export interface Waiting extends Pick<MessageWindow, 'notRead'> {
  /** Questions and invitations first, then what only answers the owner; each newest first. */
  messages: WaitingMessage[];
  /** True if more conversations could wait than were read. */
  isCut: boolean;
}

/** Last messages of which the text is read. */
const MAX_CANDIDATES = 100;
/** Addresses of programs that read no answer. */
const NO_REPLY =
  /^(?:[\w.-]*(?:no|not|never)[-_.]?reply|mailer-daemon|postmaster|bounces?|(?:auto|notif(?:ication|y|ier)?s?|alerts?)(?:[-_.+][\w.-]*)?)(?:\+[^@]*)?@/i;

export async function findWaiting(withConnection: WithConnection, request: WaitingRequest): Promise<Waiting> {
  const { ownAddresses, isWanted } = request;
  const { messages, notRead } = await readWindow(withConnection, request);
  const all = conversationsOf(messages)
    .flatMap((conversation) => candidateOf(conversation, ownAddresses) ?? [])
    .filter(({ message }) => isWanted(message))
    .sort((a, b) => b.time - a.time);
  const candidates = all.slice(0, MAX_CANDIDATES);
  const read = candidates.flatMap(({ message, own }) => [message, ...(own === undefined ? [] : [own])]);
  const texts = await readNewTexts(withConnection, read, request.runJob);
  const judged = await mapInSlices(candidates, ({ message, own }) => {
    const text = texts.get(message) ?? '';
    const asked = own === undefined ? '' : (texts.get(own) ?? '');
    return toWaiting(message, { text, isAnswer: own !== undefined, asked }, request.fullName);
  });
  const waiting = judged.filter((each) => each !== undefined);
  const [strong, weak] = [false, true].map((isReply) => waiting.filter(({ why }) => (why === 'reply') === isReply));
  return { messages: [...(strong ?? []), ...(weak ?? [])], notRead, isCut: all.length > candidates.length };
}

/** @param texts new texts of the message and, if it answers the owner, of the owner's last message before it */
function toWaiting(
  message: FoundMessage,
  { text, isAnswer, asked }: { text: string; isAnswer: boolean; asked: string },
  fullName: string,
): WaitingMessage | undefined {
  if (message.structure !== null && listFiles(message.structure).isInvite) {
    return { message, why: 'invitation', sentence: undefined };
  }
  const question = firstQuestionOf(text);
  if (question !== undefined) return { message, why: 'question', sentence: question };
  if (!isAnswer) return undefined;
  const named = sentenceNaming(fullName, text);
  if (named !== undefined) return { message, why: 'name', sentence: named };
  // An answer to a question of the owner that asks none in turn closes it.
  return firstQuestionOf(asked) === undefined ? { message, why: 'reply', sentence: undefined } : undefined;
}

const MAX_NAMED_CHARS = 20_000;
const MIN_NAME_CHARS = 3;
const MAX_GREETING_CHARS = 60;

/** The sentence that has the first name of the owner, other than in a greeting. */
function sentenceNaming(fullName: string, text: string): string | undefined {
  const [name = ''] = fullName.trim().split(/\s+/);
  if (name.length < MIN_NAME_CHARS) return undefined;
  const [first = '', ...lines] = text.slice(0, MAX_NAMED_CHARS).split('\n');
  const body = (first.length <= MAX_GREETING_CHARS ? lines : [first, ...lines]).join(' ').replace(/\s+/g, ' ');
  const sentences = body.split(/(?<=[.!…])\s/);
  const words = (sentence: string) => sentence.split(/[^\p{L}\p{M}'’-]+/u);
  return sentences.find((sentence) => words(sentence).includes(name))?.trim();
}

/** @returns what each message adds to its conversation */
async function readNewTexts(
  withConnection: WithConnection,
  messages: readonly FoundMessage[],
  runJob: RunJob | undefined,
): Promise<ReadonlyMap<FoundMessage, string>> {
  const plans = planTexts(messages.map(({ structure }) => structure));
  const bytes = await fetchParts(withConnection, messages, plans);
  const inputs = plans.map((plan) => ({ plan, isNewsletter: false }));
  const texts = await convertTexts(inputs, bytes, runJob);
  const added = await mapInSlices(texts, (each) => newTextOf(each?.text ?? ''));
  return new Map(messages.map((message, index) => [message, added[index] ?? '']));
}

interface Candidate {
  /** The last of its conversation. */
  message: FoundMessage;
  time: number;
  /** What the account owner has written last in the conversation. */
  own: FoundMessage | undefined;
}

/** @returns undefined if the conversation does not wait, whatever its last message says */
function candidateOf(conversation: readonly FoundMessage[], ownAddresses: readonly string[]): Candidate | undefined {
  const ordered = inOrder(conversation);
  const people = participationsOf(
    ordered.map(({ message }) => message),
    ownAddresses,
  );
  const counted = ordered.flatMap((each, index) => {
    const own = people[index];
    return own?.counts === true ? [{ ...each, people: own }] : [];
  });
  const last = counted.at(-1);
  if (last === undefined || !mayWait(last.message, last.people)) return undefined;
  const own = counted.findLast((each) => each.people.sender === ME)?.message;
  return { message: last.message, time: last.time, own };
}

function mayWait(message: FoundMessage, { sender, to, claimsMe }: Participation): boolean {
  if (sender === ME || sender === '' || claimsMe || !to.includes(ME) || NO_REPLY.test(sender)) return false;
  const isAnswered = message.flags.some((flag) => flag.toLowerCase() === '\\answered');
  return !isAnswered && !message.isFromList && !message.isAutomatic && !isForged(message.verdict);
}
