/** Makes the message that leaves of a draft: its body byte for byte below the header of a message that is sent. */
import { Readable } from 'node:stream';
import { ToolError } from '../../errors.ts';
import { type DraftHeader, sentHeader } from '../derived/draft-header.ts';
import { chunksOf, type MessageBytes } from '../message-bytes.ts';
import { envelopeAddresses, parseAddressList } from '../mime/addresses.ts';
import { type ComposedMessage, requireFewRecipients } from './compose.ts';

export interface DraftToSend {
  header: DraftHeader;
  body: MessageBytes;
  /** True if the body has bytes outside ASCII. */
  is8bit: boolean;
  date: Date;
  /** With angle brackets. */
  messageId: string;
}

/** @throws {ToolError} for bad addresses, naming field and position; for more than 200 recipients */
export function composeDraft({ header, body, is8bit, date, messageId }: DraftToSend): ComposedMessage {
  const { to, cc, bcc } = header.recipients;
  const recipients = envelopeAddresses([
    ...parseAddressList(to, 'to'),
    ...parseAddressList(cc, 'cc'),
    ...parseAddressList(bcc, 'bcc'),
  ]);
  requireFewRecipients(recipients);
  const [author] = header.from;
  if (author === undefined) throw new ToolError('The draft has no From.');
  const above = (keepsBcc: boolean) => sentHeader(header, { date, messageId, keepsBcc });
  const wire = above(false);
  return {
    raw: joined(wire, body),
    rawWithBcc: joined(above(true), body),
    messageId,
    envelope: { from: author.address, to: recipients },
    ...((is8bit || wire.some((byte) => byte > 0x7f)) && { is8bit: true }),
  };
}

function joined(header: Buffer, body: MessageBytes): MessageBytes {
  if (Buffer.isBuffer(body)) return Buffer.concat([header, body]);
  async function* chunks() {
    yield header;
    yield* chunksOf(body);
  }
  return { length: header.length + body.length, open: () => Readable.from(chunks(), { objectMode: false }) };
}
