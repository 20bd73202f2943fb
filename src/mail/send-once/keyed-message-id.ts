/** Derives the Message-ID of a message from its idempotency key: the same on every replica, and impossible to guess. */
import { createHmac } from 'node:crypto';
import { nextTurn } from '../../workers/event-loop.ts';
import type { MailAccount } from '../account.ts';
import { normaliseAddress } from '../mime/addresses.ts';

export interface KeyedMessageId {
  /** With angle brackets: `<place.content@domain>`. */
  messageId: string;
  /** A digest of account, tool and key. Every message whose Message-ID contains it was made by a call with this key. */
  place: string;
  /** `place.content`: every message whose Message-ID contains it was made by a call with this key and these contents. */
  localPart: string;
}

export interface KeyedCall {
  tool: string;
  idempotencyKey: string;
  /** The contents by which calls with the same key are compared. Must be serializable as JSON. */
  content: unknown;
}

const PLACE_CHARS = 40;
const CONTENT_CHARS = 20;

/** @param secret 32 bytes, the same on all replicas */
export async function keyedMessageId(secret: Buffer, account: MailAccount, call: KeyedCall): Promise<KeyedMessageId> {
  const { server, login } = account.imap;
  const digests = await keyedDigests(secret, [server.host.toLowerCase(), server.port, login.username], call);
  const address = normaliseAddress(account.email) ?? account.email;
  return { messageId: `<${digests.localPart}@${address.slice(address.lastIndexOf('@') + 1)}>`, ...digests };
}

/** @param account identifies the account */
export async function keyedDigests(
  secret: Buffer,
  account: readonly (string | number)[],
  { tool, idempotencyKey, content: contents }: KeyedCall,
): Promise<Pick<KeyedMessageId, 'place' | 'localPart'>> {
  const place = (await digest(secret, ['place', ...account, tool, idempotencyKey])).slice(0, PLACE_CHARS);
  const content = (await digest(secret, ['content', place, contents])).slice(0, CONTENT_CHARS);
  return { place, localPart: `${place}.${content}` };
}

/** A slice of work that took longer is followed by a turn for others. */
const MAX_SLICE_MS = 5;

/** The HMAC of the value as JSON. One JSON.stringify() of ten megabytes of text takes seconds if all of it has to be escaped. */
async function digest(secret: Buffer, value: unknown): Promise<string> {
  const hmac = createHmac('sha256', secret);
  let startedAt = performance.now();
  for (const piece of jsonPieces(value)) {
    hmac.update(piece);
    if (performance.now() - startedAt < MAX_SLICE_MS) continue;
    await nextTurn();
    startedAt = performance.now();
  }
  return hmac.digest('hex');
}

const PIECE_CHARS = 4096;

/** The pieces of JSON.stringify() of a value whose lists and texts may be long. */
function* jsonPieces(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    yield '[';
    for (const [index, entry] of value.entries()) {
      if (index > 0) yield ',';
      yield* jsonPieces(entry);
    }
    yield ']';
  } else if (typeof value === 'string') {
    yield '"';
    for (let at = 0; at < value.length; ) {
      let end = at + PIECE_CHARS;
      // The two halves of a character are one; a half by itself is escaped.
      if (/[\ud800-\udbff]/.test(value.charAt(end - 1))) end += 1;
      yield JSON.stringify(value.slice(at, end)).slice(1, -1);
      at = end;
    }
    yield '"';
  } else yield JSON.stringify(value) ?? 'null';
}

/** Wraps a Message-ID that was not derived from a key, for findEarlierCopies(). */
export function unkeyedMessageId(messageId: string): KeyedMessageId {
  const inner = messageId.replace(/^<|>$/g, '');
  return { messageId, place: inner, localPart: inner };
}
