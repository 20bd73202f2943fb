/** Derives the Message-ID of a message from its idempotency key: the same on every replica, and impossible to guess. */
import { createHmac } from 'node:crypto';
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
export function keyedMessageId(secret: Buffer, account: MailAccount, call: KeyedCall): KeyedMessageId {
  const digest = (...parts: unknown[]) => createHmac('sha256', secret).update(JSON.stringify(parts)).digest('hex');
  const { server, login } = account.imap;
  const identity = [server.host.toLowerCase(), server.port, login.username, call.tool, call.idempotencyKey];
  const place = digest('place', ...identity).slice(0, PLACE_CHARS);
  const localPart = `${place}.${digest('content', place, call.content).slice(0, CONTENT_CHARS)}`;
  const address = normaliseAddress(account.email) ?? account.email;
  return { messageId: `<${localPart}@${address.slice(address.lastIndexOf('@') + 1)}>`, place, localPart };
}

/** Wraps a Message-ID that was not derived from a key, for findEarlierCopies(). */
export function unkeyedMessageId(messageId: string): KeyedMessageId {
  const inner = messageId.replace(/^<|>$/g, '');
  return { messageId, place: inner, localPart: inner };
}
