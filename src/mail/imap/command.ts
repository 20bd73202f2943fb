/** Represents IMAP commands as values: their arguments, handlers of untagged responses, and completion. */
import { chunksOf, type MessageBytes } from '../message-bytes.ts';
import { type Item, type ParsedResponse, type Token, textOf, type UntaggedResponse } from './data-formats.ts';
import { responseCodeOf } from './selected-mailbox.ts';
import type { Transport, TransportRequest } from './transport.ts';

/** A command that changes nothing on the server. `options.untagged` collects its untagged responses for `result()`. It can be run once only. */
export interface ReadCommand<T> {
  readonly command: string;
  readonly tokens: readonly Token[];
  readonly options: RunOptions;
  /** The result is valid only if the mailbox has the number of messages for which the command was made. */
  readonly isBySequence?: true;
  /** The server may be silent for a while before it answers. */
  readonly isSlow?: true;
  /** Called after the command has succeeded. */
  result(): T;
}

/** The completion of a command: the response code of its tagged OK, such as APPENDUID, and the arguments of the code. */
export interface Completion {
  readonly code: string | null;
  readonly codeItems: readonly Item[];
}

/**
 * Commands that are written together, each with the handlers of all: Dovecot runs them at the same time, and sends the tagged responses after the
 * untagged ones of several. Each handler has to recognize the responses that its command has asked for.
 */
export function sharingResponses<T>(commands: readonly ReadCommand<T>[]): ReadCommand<T>[] {
  const names = new Set(commands.flatMap(({ options }) => Object.keys(options.untagged ?? {})));
  const untagged = Object.fromEntries(
    [...names].map((name) => {
      const handlers = commands.flatMap(({ options }) => options.untagged?.[name] ?? []);
      const handleByAll = async (response: UntaggedResponse) => {
        for (const handle of handlers) await handle(response);
      };
      return [name, handleByAll] as const;
    }),
  );
  return commands.map((command) => ({ ...command, options: { ...command.options, untagged } }));
}

export interface RunOptions {
  /** Called for each untagged response of that name (`FETCH`, `LIST`, `OK`) while the command runs. A promise is awaited before the next. */
  untagged?: Record<string, (response: UntaggedResponse) => unknown>;
  /** For commands that change something: the error message if the connection is lost and the outcome is unknown. */
  ifLost?: string;
  /** Overrides `ImapLimits.commandMs`. */
  commandMs?: number;
  /** The last argument of the command, if the tokens end in `{length}`. Sent in pieces after the continuation request (RFC 9051 §4.3). */
  literal?: MessageBytes;
}

/** `onEnd` is called after the command has succeeded, before the server's next line is read. */
export interface Command {
  readonly command: string;
  readonly tokens: readonly Token[];
  readonly options: RunOptions;
  readonly isSlow?: true;
  readonly onEnd?: (completion: Completion) => void;
}

/** The execution of one command: its request, its untagged responses, its literal and its completion. */
export class RunningCommand {
  readonly request: TransportRequest;
  readonly #onEnd: Command['onEnd'];
  #handlerFailure: unknown;
  /** Why the source of the literal failed; the connection is closed then. */
  literalFailure: unknown;

  constructor({ command, tokens, options: { untagged = {}, literal }, onEnd }: Command, transport: Transport) {
    const handlers = Object.entries(untagged).map(([key, handler]) => {
      const handle = async ({ command: name = '', attributes = [] }: ParsedResponse) => {
        try {
          const handled = handler({ name, items: attributes });
          if (handled instanceof Promise) await handled;
        } catch (error) {
          // imapflow would only log the error.
          this.#handlerFailure ??= error;
        }
      };
      return [key, handle] as const;
    });
    const onPlusTag = literal && (() => this.#sendLiteral(literal, transport));
    const options = { untagged: Object.fromEntries(handlers), ...(onPlusTag && { onPlusTag }) };
    this.request = { command, attributes: tokens, options };
    this.#onEnd = onEnd;
  }

  async #sendLiteral(literal: MessageBytes, transport: Transport): Promise<void> {
    const chunks = chunksOf(literal);
    try {
      while (!transport.isClosed) {
        const { value, done } = await chunks.next().catch((error: unknown) => {
          this.literalFailure = error;
          throw error;
        });
        await transport.sendRaw(done ? Buffer.from('\r\n') : value);
        if (done) return;
      }
    } catch {
      // The server would read the next command as the rest of the literal.
      transport.close();
    } finally {
      await chunks.return(undefined);
    }
  }

  end(response: ParsedResponse, next: () => void): Completion {
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

export function resultOf<T>(command: ReadCommand<T>, ended: PromiseSettledResult<Completion> | undefined): T {
  completedOrThrow(ended);
  return command.result();
}

export const NOOP: Command = { command: 'NOOP', tokens: [], options: {} };

function completionOf({ attributes = [] }: ParsedResponse): Completion {
  const [code, ...codeItems] = responseCodeOf(attributes);
  return { code: textOf(code)?.toUpperCase() ?? null, codeItems };
}
