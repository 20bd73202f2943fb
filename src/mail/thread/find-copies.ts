/** Finds the messages of which there are several copies: in Sent and, by way of a mailing list, in the inbox; in two folders; delivered twice. */
import { type FoundMessage, isDraft } from './found-message.ts';

/** A message with its text. */
export interface ReadMessage<Text> {
  message: FoundMessage;
  /** Null if it could not be read. */
  text: Text | null;
}

export interface WithCopies<Text> extends ReadMessage<Text> {
  copies: FoundMessage[];
}

/** What a mailing list adds below a text. */
const MAX_FOOTER_CHARS = 800;

/**
 * Copies have the same Message-ID, sender and text. The id alone is not enough: those who take part know those of others.
 *
 * @returns in the order of the first copies; of each message the copy that says most about it: the one in Sent
 */
export function withCopies<Text extends { text: string }>(
  messages: readonly ReadMessage<Text>[],
  seed: FoundMessage,
): WithCopies<Text>[] {
  const groups = new Map<string, ReadMessage<Text>[][]>();
  const all: ReadMessage<Text>[][] = [];
  for (const message of messages) {
    const key = keyOf(message.message);
    const known = groups.get(key) ?? [];
    const same = known.find(([first]) => first !== undefined && haveSameText(first, message));
    if (same !== undefined) same.push(message);
    else {
      const group = [message];
      groups.set(key, [...known, group]);
      all.push(group);
    }
  }
  return all.flatMap((group) => {
    const [best, ...others] = [...group].sort((a, b) => rankOf(b.message, seed) - rankOf(a.message, seed));
    return best === undefined ? [] : [{ ...best, copies: others.map(({ message }) => message) }];
  });
}

function keyOf({ messageId, from, subject, sentAt, sizeBytes }: FoundMessage): string {
  const sender = from.map(({ address }) => address.toLowerCase()).join(' ');
  return JSON.stringify(messageId === null ? [sender, subject, sentAt, sizeBytes] : [messageId, sender]);
}

function haveSameText(one: ReadMessage<{ text: string }>, other: ReadMessage<{ text: string }>): boolean {
  // The same message if nothing else is known of either.
  if (one.text === null || other.text === null) return one.message.sizeBytes === other.message.sizeBytes;
  const [short = '', long = ''] = [one.text.text, other.text.text]
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .sort((a, b) => a.length - b.length);
  return long.startsWith(short) && (short !== '' || long === '') && long.length - short.length <= MAX_FOOTER_CHARS;
}

function rankOf(message: FoundMessage, seed: FoundMessage): number {
  const { roles } = message;
  if (roles.has('sent')) return 5;
  if (isDraft(message)) return 1;
  if (message.mailbox === seed.mailbox && message.uid === seed.uid) return 4;
  if (roles.has('inbox')) return 3;
  return roles.has('all') || roles.has('trash') || roles.has('junk') ? 0 : 2;
}
