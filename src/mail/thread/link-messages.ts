/**
 * Finds the messages of a conversation among others: by Message-ID, In-Reply-To and References (RFC 5322 §3.6.4), or by subject.
 *
 * What a message refers to is what its sender claims: it makes the message part of the conversation, and nothing else.
 */
import { baseSubjectOf } from '../../text/base-subject.ts';
import { isOwnAddress } from '../own-address.ts';
import { type FoundMessage, timeOf } from './found-message.ts';

/** Messages that no References connect, with the same subject and the same people, are one conversation if no more time lies between them. */
const MAX_GAP_MS = 30 * 86_400_000;

/** The id that the other messages of the conversation have in common: the first reference, else the message itself. */
export function rootOf({ references, inReplyTo, messageId }: FoundMessage): string | null {
  return references[0] ?? inReplyTo ?? messageId;
}

/** All ids that a message has or names. */
export function idsOf({ references, inReplyTo, messageId }: FoundMessage): string[] {
  return [...new Set([...references, inReplyTo, messageId].filter((id) => id !== null))];
}

/** @returns the messages that ids connect with the seed, and the seed, in the order given */
export function linkedById(seed: FoundMessage, messages: readonly FoundMessage[]): FoundMessage[] {
  const groups = groupsOf([seed, ...messages]);
  const group = groups.find(nameOf(seed));
  return messages.filter((message) => groups.find(nameOf(message)) === group);
}

/** @returns the messages of each conversation that ids connect, in the order given */
export function conversationsOf(messages: readonly FoundMessage[]): FoundMessage[][] {
  const groups = groupsOf(messages);
  return [...Map.groupBy(messages, (message) => groups.find(nameOf(message))).values()];
}

function groupsOf(messages: readonly FoundMessage[]): DisjointSets {
  const groups = new DisjointSets();
  for (const message of messages) {
    const [first = nameOf(message), ...rest] = idsOf(message);
    groups.join(nameOf(message), first);
    if (message.threadId !== null) groups.join(nameOf(message), `thread ${message.threadId}`);
    for (const id of rest) groups.join(first, id);
  }
  return groups;
}

/** Cannot be a Message-ID, which has no blank. */
function nameOf({ mailbox, uid }: FoundMessage): string {
  return `${uid} ${mailbox}`;
}

class DisjointSets {
  readonly #parents = new Map<string, string>();

  find(name: string): string {
    let root = name;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) root = next;
    // Later searches take the short way.
    for (let at = name; at !== root; ) {
      const next = this.#parents.get(at) ?? root;
      this.#parents.set(at, root);
      at = next;
    }
    return root;
  }

  join(one: string, other: string): void {
    const [a, b] = [this.find(one), this.find(other)];
    if (a !== b) this.#parents.set(a, b);
  }
}

/**
 * Finds messages without References that answer one of a conversation: the same base subject with a prefix of an answer, or an answer between the
 * same two sides, by a person who takes part, and not long after or before.
 *
 * @param linked the conversation so far @param others in any order
 * @returns those of `others` that belong to it
 */
export function linkedBySubject(
  linked: readonly FoundMessage[],
  others: readonly FoundMessage[],
  ownAddresses: readonly string[],
): FoundMessage[] {
  const subject = baseSubjectOf(linked[0]?.subject ?? '').base;
  if (subject === '') return [];
  const candidates = others.filter(
    (message) => idsBefore(message).length === 0 && baseSubjectOf(message.subject).base === subject,
  );
  const nodes = [...linked, ...candidates].map((message) => toNode(message, ownAddresses));
  const reached = new Set(nodes.slice(0, linked.length));
  const queue = [...reached];
  let waiting = nodes.slice(linked.length);
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const from = node;
    const found = waiting.filter((other) => areConnected(from, other));
    waiting = waiting.filter((other) => !found.includes(other));
    for (const each of found) reached.add(each);
    queue.push(...found);
  }
  return candidates.filter((_, index) => {
    const node = nodes[linked.length + index];
    return node !== undefined && reached.has(node);
  });
}

/** The ids of the messages before this one. */
function idsBefore({ references, inReplyTo }: FoundMessage): string[] {
  return [...references, ...(inReplyTo === null ? [] : [inReplyTo])];
}

interface Node {
  time: number;
  /** True if it names what it answers, which subjects cannot change. */
  hasIds: boolean;
  isReply: boolean;
  sender: string;
  people: ReadonlySet<string>;
}

const ME = 'me';

function toNode(message: FoundMessage, ownAddresses: readonly string[]): Node {
  const name = ({ address }: { address: string }) => (isOwnAddress(address, ownAddresses) ? ME : address.toLowerCase());
  const [sender = ''] = message.from.map(name);
  const people = new Set([message.from, message.replyTo, message.to, message.cc].flat().map(name));
  const { isReply } = baseSubjectOf(message.subject);
  return { time: timeOf(message), hasIds: idsBefore(message).length > 0, isReply, sender, people };
}

function areConnected(one: Node, other: Node): boolean {
  const [first, second] = one.time <= other.time ? [one, other] : [other, one];
  if (second.hasIds || second.time - first.time > MAX_GAP_MS) return false;
  const isToSender = second.people.has(first.sender);
  const isFromReader = first.people.has(second.sender);
  if (second.isReply) return (isToSender && isFromReader) || haveOthersInCommon(first, second);
  return isToSender && isFromReader && first.sender !== second.sender;
}

function haveOthersInCommon(one: Node, other: Node): boolean {
  return [...one.people].some((person) => person !== ME && other.people.has(person));
}

/** The messages of a conversation, oldest first, and what each answers. */
export interface OrderedMessage {
  message: FoundMessage;
  /** Milliseconds. */
  time: number;
  /** Index of the message that it answers; null if that is not among them. */
  parent: number | null;
}

/** Orders by time. An answer never precedes what it answers, whatever the clocks say. */
export function inOrder(messages: readonly FoundMessage[]): OrderedMessage[] {
  const byId = new Map<string, FoundMessage>();
  for (const message of messages)
    if (message.messageId !== null && !byId.has(message.messageId)) byId.set(message.messageId, message);
  const parents = new Map(messages.map((message) => [message, parentOf(message, byId)]));
  const times = orderTimes(messages, parents);
  const sorted = messages
    .map((message, index) => ({ message, index, rank: times.get(message) ?? { time: 0, depth: 0 } }))
    .sort((a, b) => a.rank.time - b.rank.time || a.rank.depth - b.rank.depth || a.index - b.index)
    .map(({ message }) => message);
  const places = new Map(sorted.map((message, index) => [message, index]));
  return sorted.map((message) => {
    const parent = parents.get(message);
    const place = parent === undefined ? undefined : places.get(parent);
    return { message, time: timeOf(message), parent: place ?? null };
  });
}

/** The last message before it that is known. */
function parentOf(message: FoundMessage, byId: ReadonlyMap<string, FoundMessage>): FoundMessage | undefined {
  for (const id of [message.inReplyTo, ...[...message.references].reverse()]) {
    const parent = id === null ? undefined : byId.get(id);
    if (parent !== undefined && parent !== message && parent.messageId !== message.messageId) return parent;
  }
  return undefined;
}

interface Rank {
  time: number;
  /** Answers between it and the first message. */
  depth: number;
}

/** The time of each message, at least that of its parent. Messages that answer each other in a circle have their own times. */
function orderTimes(
  messages: readonly FoundMessage[],
  parents: ReadonlyMap<FoundMessage, FoundMessage | undefined>,
): Map<FoundMessage, Rank> {
  const ranks = new Map<FoundMessage, Rank>();
  for (const message of messages) {
    const line: FoundMessage[] = [];
    const isInLine = new Set<FoundMessage>();
    for (
      let at: FoundMessage | undefined = message;
      at !== undefined && !ranks.has(at) && !isInLine.has(at);
      at = parents.get(at)
    ) {
      line.push(at);
      isInLine.add(at);
    }
    for (const each of line.reverse()) {
      const parent = parents.get(each);
      const before = parent === undefined ? undefined : ranks.get(parent);
      const time = Math.max(timeOf(each), before?.time ?? 0);
      ranks.set(each, { time, depth: (before?.depth ?? -1) + 1 });
    }
  }
  return ranks;
}
