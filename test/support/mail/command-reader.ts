/** Splits the bytes of one side of an IMAP or SMTP connection into lines, literals and messages. */

export type Protocol = 'imap' | 'smtp';

/** A line with its end, a literal or a part of one, or a line of a message. */
export interface Piece {
  bytes: Buffer;
  /** Tag of the command that it belongs to or answers. SMTP has no tags: always `smtp`. */
  tag: string;
  /** The command without its tag, on its first line: `UID FETCH 1 (FLAGS)`. `MESSAGE` is the first line after DATA, `.` the last. */
  command: string | undefined;
  isCommandLine: boolean;
  /** True if more of the same command follows. */
  hasMore: boolean;
  /** True for the last line of an answer. */
  isCompletion: boolean;
  /** True for a continuation request of the server. */
  isContinuation: boolean;
}

const LITERAL = /\{(\d+)\+?\}\r\n$/;

export class CommandReader {
  readonly #protocol: Protocol;
  readonly #side: 'client' | 'server';
  #rest = Buffer.alloc(0);
  #literalBytes = 0;
  #tag = '';
  #isWithin = false;
  #isFirstOfMessage = true;
  /** True while lines belong to a message, until the final dot. */
  isMessage = false;
  /** True if the bytes are encrypted and cannot be split. */
  isEncrypted = false;

  constructor(protocol: Protocol, side: 'client' | 'server') {
    this.#protocol = protocol;
    this.#side = side;
  }

  *read(chunk: Buffer): Generator<Piece> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length > 0) {
      if (this.isEncrypted) {
        yield this.#piece(this.#take(this.#rest.length), {});
      } else if (this.#literalBytes > 0) {
        const bytes = this.#take(Math.min(this.#literalBytes, this.#rest.length));
        this.#literalBytes -= bytes.length;
        yield this.#piece(bytes, { hasMore: true });
      } else {
        const end = this.#rest.indexOf('\r\n');
        if (end < 0) return;
        const bytes = this.#take(end + 2);
        yield this.#side === 'client' ? this.#clientLine(bytes) : this.#serverLine(bytes);
      }
    }
  }

  #clientLine(bytes: Buffer): Piece {
    const line = bytes.toString('latin1');
    if (this.isMessage) return this.#messageLine(bytes, line);
    const literal = this.#protocol === 'imap' ? LITERAL.exec(line)?.[1] : undefined;
    this.#literalBytes = Number(literal ?? 0);
    const isStart = !this.#isWithin;
    this.#isWithin = literal !== undefined;
    const [tag = '', ...words] = line.trimEnd().split(' ');
    if (isStart) this.#tag = this.#protocol === 'imap' ? tag : 'smtp';
    const command = this.#protocol === 'imap' ? words.join(' ') : line.trimEnd();
    if (isStart && /^STARTTLS$/i.test(command)) this.isEncrypted = true;
    return this.#piece(bytes, {
      command: isStart ? command : undefined,
      isCommandLine: isStart,
      hasMore: this.#isWithin,
    });
  }

  #messageLine(bytes: Buffer, line: string): Piece {
    const isFirst = this.#isFirstOfMessage;
    this.#isFirstOfMessage = false;
    if (line === '.\r\n') this.isMessage = false;
    return this.#piece(bytes, {
      command: line === '.\r\n' ? '.' : isFirst ? 'MESSAGE' : undefined,
      isCommandLine: isFirst || line === '.\r\n',
      hasMore: line !== '.\r\n',
    });
  }

  #serverLine(bytes: Buffer): Piece {
    const line = bytes.toString('latin1');
    if (this.#protocol === 'smtp') return this.#piece(bytes, { tag: 'smtp', isCompletion: /^\d{3} /.test(line) });
    const literal = LITERAL.exec(line)?.[1];
    this.#literalBytes = Number(literal ?? 0);
    const isContinued = this.#isWithin;
    this.#isWithin = literal !== undefined;
    const [tag = ''] = line.split(' ');
    const isUntagged = isContinued || tag === '*' || tag === '+';
    return this.#piece(bytes, { tag: isUntagged ? '' : tag, isCompletion: !isUntagged, isContinuation: tag === '+' });
  }

  #take(length: number): Buffer {
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }

  #piece(bytes: Buffer, fields: Partial<Piece>): Piece {
    return {
      bytes,
      tag: this.#tag,
      command: undefined,
      isCommandLine: false,
      hasMore: false,
      isCompletion: false,
      isContinuation: false,
      ...fields,
    };
  }
}
