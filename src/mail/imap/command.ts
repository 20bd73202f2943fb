import { chunksOf, type MessageBytes } from '../message-bytes.ts';
import { sectionOf } from './selected-mailbox.ts';
import { type Item, type Line, type Token, textOf } from './tokens.ts';
import type { Answer, Wire, WireCommand } from './wire.ts';

/** IMAP commands as values: what is to be sent, what is heard, and what came of it. */

/** A command that only asks, and what to make of the answers, which `options.untagged` gathers. One question is asked once. */
export interface Question<T> {
  readonly command: string;
  readonly tokens: readonly Token[];
  readonly options: RunOptions;
  /** The answer holds only if the mailbox has as many messages as the question was made for. */
  readonly isBySequence?: true;
  /** The server may need its time before it says anything. */
  readonly isSlow?: true;
  /** Called when the command has ended well. */
  answer(): T;
}

/** The end of a command: the response code of its tagged OK, such as APPENDUID, with what follows it. */
export interface Completion {
  readonly code: string | null;
  readonly codeItems: readonly Item[];
}

export interface RunOptions {
  /** Called for each untagged answer of that name (`FETCH`, `LIST`, `OK`) while the command runs. */
  untagged?: Record<string, (line: Line) => void>;
  /** Set for a command that changes something: what to say when the connection is lost and nobody knows whether it did. */
  ifLost?: string;
  /** In place of the limit of all commands. */
  commandMs?: number;
  /** The last argument, for which the tokens end in `{length}`: sent piece by piece when the server asks for it (RFC 9051 §4.3). */
  literal?: MessageBytes;
}

/** A command, and what to do when it has ended well, before the server's next line is read. */
export interface Command {
  readonly command: string;
  readonly tokens: readonly Token[];
  readonly options: RunOptions;
  readonly isSlow?: true;
  readonly onEnd?: (completion: Completion) => void;
}

/** A command on its way to the server. */
export class Running {
  readonly wire: WireCommand;
  readonly #onEnd: Command['onEnd'];
  #handlerFailure: unknown;
  /** Why the source of the literal failed; the connection is closed then. */
  literalFailure: unknown;

  constructor({ command, tokens, options: { untagged = {}, literal }, onEnd }: Command, wire: Wire) {
    const handlers = Object.entries(untagged).map(([name, handler]) => {
      const handle = async ({ command: line = '', attributes = [] }: Answer) => {
        try {
          handler({ name: line, items: attributes });
        } catch (error) {
          // imapflow would only log it.
          this.#handlerFailure ??= error;
        }
      };
      return [name, handle] as const;
    });
    const onPlusTag = literal && (() => this.#sendLiteral(literal, wire));
    const options = { untagged: Object.fromEntries(handlers), ...(onPlusTag && { onPlusTag }) };
    this.wire = { command, attributes: tokens, options };
    this.#onEnd = onEnd;
  }

  async #sendLiteral(literal: MessageBytes, wire: Wire): Promise<void> {
    const chunks = chunksOf(literal);
    try {
      while (!wire.isClosed) {
        const { value, done } = await chunks.next().catch((error: unknown) => {
          this.literalFailure = error;
          throw error;
        });
        await wire.sendRaw(done ? Buffer.from('\r\n') : value);
        if (done) return;
      }
    } catch {
      // The server would take whatever comes next for the rest of the literal.
      wire.close();
    } finally {
      await chunks.return(undefined);
    }
  }

  end(response: Answer, next: () => void): Completion {
    const completion = completionOf(response);
    this.#onEnd?.(completion);
    next();
    if (this.#handlerFailure !== undefined) throw this.#handlerFailure;
    return completion;
  }
}

export const NO_CODE: Completion = { code: null, codeItems: [] };

export function completedOrThrow(ended: PromiseSettledResult<Completion> | undefined): Completion {
  if (ended?.status === 'rejected') throw ended.reason;
  return ended?.value ?? NO_CODE;
}

export function answerOf<T>(question: Question<T>, ended: PromiseSettledResult<Completion> | undefined): T {
  completedOrThrow(ended);
  return question.answer();
}

export const NOOP: Command = { command: 'NOOP', tokens: [], options: {} };

function completionOf({ attributes = [] }: Answer): Completion {
  const [code, ...codeItems] = sectionOf(attributes);
  return { code: textOf(code)?.toUpperCase() ?? null, codeItems };
}
