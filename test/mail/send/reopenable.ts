/** Attachments that are not in memory, and messages that have them. */
import { Readable } from 'node:stream';
import type { MessageBytes } from '../../../src/mail/message-bytes.ts';
import type { OutgoingMessage } from '../../../src/mail/send/compose.ts';

export const messageWith = (contents: MessageBytes[]): OutgoingMessage => ({
  from: { fullName: 'Ada', email: 'ada@example.test' },
  to: 'bob@example.test',
  bcc: 'carol@example.test',
  subject: 'Files',
  text: 'See the attachments.',
  date: new Date('2026-01-02T03:04:05Z'),
  attachments: contents.map((content, n) => ({ filename: `${n}.bin`, contentType: 'application/zip', content })),
});

/** Yields the bytes in pieces of odd sizes, as a network does. */
export function reopenable(bytes: Buffer, length = bytes.length) {
  let opened = 0;
  function* pieces() {
    for (let start = 0; start < bytes.length; start += 1021) yield bytes.subarray(start, start + 1021);
  }
  return {
    length,
    opened: () => opened,
    open: () => {
      opened += 1;
      return Readable.from(pieces(), { objectMode: false });
    },
  };
}

/** Yields some bytes and then fails. */
export const failing = (after: Buffer, error: Error): MessageBytes => ({
  length: 1_000_000,
  open: () =>
    Readable.from(
      (async function* () {
        yield after;
        throw error;
      })(),
      { objectMode: false },
    ),
});
