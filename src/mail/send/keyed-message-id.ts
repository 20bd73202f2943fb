import { createHmac } from 'node:crypto';
import type { MailAccount } from '../account.ts';
import { normaliseAddress } from '../mime/addresses.ts';

/** The Message-ID of a message whose caller named it by an idempotency key: the same on every replica, and nobody can guess it. */
export interface KeyedMessageId {
  /** With angle brackets: `<place.content@domain>`. */
  messageId: string;
  /** Stands for mailbox, tool and key. A message that has it was made by a call with this key. */
  place: string;
  /** `place.content`: a message that has this was made by the same call. */
  localPart: string;
}

export interface KeyedCall {
  tool: string;
  idempotencyKey: string;
  /** Everything that makes it the same message; goes through JSON. */
  content: unknown;
}

const PLACE_CHARS = 40;
const CONTENT_CHARS = 20;

/** @param secret 32 bytes that all replicas have */
export function keyedMessageId(secret: Buffer, account: MailAccount, call: KeyedCall): KeyedMessageId {
  const digest = (...parts: unknown[]) => createHmac('sha256', secret).update(JSON.stringify(parts)).digest('hex');
  const { server, login } = account.imap;
  const identity = [server.host.toLowerCase(), server.port, login.username, call.tool, call.idempotencyKey];
  const place = digest('place', ...identity).slice(0, PLACE_CHARS);
  const localPart = `${place}.${digest('content', place, call.content).slice(0, CONTENT_CHARS)}`;
  const address = normaliseAddress(account.email) ?? account.email;
  return { messageId: `<${localPart}@${address.slice(address.lastIndexOf('@') + 1)}>`, place, localPart };
}

/** A Message-ID that nothing derives from, in the form that searches for it need. */
export function unkeyedMessageId(messageId: string): KeyedMessageId {
  const inner = messageId.replace(/^<|>$/g, '');
  return { messageId, place: inner, localPart: inner };
}
