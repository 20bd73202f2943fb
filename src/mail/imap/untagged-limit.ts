/** Limits how many responses, and how many bytes, a server may send for one command. */
import type { RawLine } from './raw-line.ts';

/** Enough for 100,000 mailboxes with their counts, and for flags that changed on as many messages. */
const MAX_LINES = 300_000;
/** Enough for a page of messages with headers of a megabyte. Strings and literals have limits of their own (imap-timeouts.ts). */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_LINES_A_TURN = 100;
const MAX_BYTES_A_TURN = 32 * 1024;

export class UntaggedLimit {
  #command: unknown;
  #lines = 0;
  #bytes = 0;
  #linesSinceTurn = 0;
  #bytesSinceTurn = 0;

  /** @param command the running command: with another one the count begins anew */
  admits({ payload, literals }: RawLine, command: unknown): boolean {
    if (command !== this.#command) {
      this.#command = command;
      this.#lines = 0;
      this.#bytes = 0;
    }
    this.#lines += 1;
    this.#bytes += payload.length;
    for (const { length } of literals) this.#bytes += length;
    this.#linesSinceTurn += 1;
    this.#bytesSinceTurn += payload.length;
    return this.#lines <= MAX_LINES && this.#bytes <= MAX_BYTES;
  }

  /** True after a number of responses that take a few milliseconds: imapflow would handle all that have arrived in one turn of the event loop. */
  get isTurnDue(): boolean {
    if (this.#linesSinceTurn < MAX_LINES_A_TURN && this.#bytesSinceTurn < MAX_BYTES_A_TURN) return false;
    this.#linesSinceTurn = 0;
    this.#bytesSinceTurn = 0;
    return true;
  }
}
