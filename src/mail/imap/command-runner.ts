/** Runs commands on one connection, each within its time limit, and closes the connection when the server does not answer. */
import { type Command, type Completion, NO_CODE, NOOP, RunningCommand } from './command.ts';
import { commandFault } from './faults.ts';
import { type ImapLimits, LOGOUT_MS } from './imap-timeouts.ts';
import type { Transport } from './transport.ts';

export class CommandRunner {
  readonly #transport: Transport;
  readonly #limits: ImapLimits;
  #running = 0;
  #isBroken = false;
  #isProven = true;
  #answeredAt = performance.now();
  /** Why the connection ended: the first error of imapflow, or the timeout that closed it. */
  #failure: unknown;

  constructor(transport: Transport, limits: ImapLimits) {
    this.#transport = transport;
    this.#limits = limits;
    transport.on('error', (error) => {
      this.#failure ??= error;
    });
    // After the login the server may be silent until a command runs.
    this.#countRunning(0);
  }

  /** False once the connection is lost or closed, or its protocol state is unknown. */
  get isUsable(): boolean {
    const transport = this.#transport;
    return !this.#isBroken && transport.usable && !transport.isClosed && transport.state !== transport.states.LOGOUT;
  }

  /** True while a command has not ended. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** False from markUnproven() until the server has answered again. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** Declares that the server may have dropped the connection unnoticed, for example while it was idle. */
  markUnproven(): void {
    this.#isProven = false;
  }

  /** Runs commands in one round trip (Transport.pipeline). */
  async run(commands: readonly Command[]): Promise<PromiseSettledResult<Completion>[]> {
    if (commands.length === 0) return [];
    // After a pause the connection may be dead although no error was reported, so the first answer has a short timeout.
    const isStale = !this.#isProven && performance.now() - this.#answeredAt > this.#limits.staleAfterMs;
    if (isStale && commands[0]?.isSlow) {
      const [probe] = await this.run([NOOP]);
      if (probe?.status === 'rejected') return commands.map(() => probe);
    }
    const commandMs = Math.max(...commands.map(({ options }) => options.commandMs ?? this.#limits.commandMs));
    const deadline = setTimeout(() => this.#fail('ETIMEOUT'), commandMs);
    const staleness =
      isStale && !this.#isProven ? setTimeout(() => this.#fail('STALE'), this.#limits.staleAnswerMs) : undefined;
    this.#countRunning(+1);
    const running = commands.map((command) => new RunningCommand(command, this.#transport));
    try {
      const executed = this.#transport.pipeline(running.map(({ request }) => request));
      return await Promise.allSettled(
        executed.map(async (promise, index) => {
          const { response, next } = await promise.catch((error: unknown) => {
            clearTimeout(staleness);
            // The server ignores a command whose literal is incomplete, so the outcome is known: nothing was changed.
            throw running[index]?.literalFailure ?? this.explain(error, commands[index]);
          });
          clearTimeout(staleness);
          this.#markProven();
          return running[index]?.end(response, next) ?? NO_CODE;
        }),
      );
    } finally {
      clearTimeout(deadline);
      clearTimeout(staleness);
      this.#countRunning(-1);
    }
  }

  /** Sends LOGOUT without waiting for its answer. */
  end(): void {
    if (!this.isUsable || this.isBusy) {
      this.close();
      return;
    }
    this.#isBroken = true;
    const deadline = setTimeout(() => this.close(), LOGOUT_MS).unref();
    this.#transport
      .exec('LOGOUT', [], {})
      .then(
        ({ next }) => next(),
        () => undefined,
      )
      .finally(() => {
        clearTimeout(deadline);
        this.close();
      });
  }

  /** Closes the connection. Running commands fail. */
  close(): void {
    this.#isBroken = true;
    this.#transport.close();
  }

  #fail(code: 'ETIMEOUT' | 'STALE'): void {
    this.#failure ??= Object.assign(new Error('no answer in time'), { code });
    this.close();
  }

  /** imapflow detects a silent server by its socket timer, which runs only while a command does. */
  #countRunning(added: 1 | 0 | -1): void {
    this.#running += added;
    const { socket } = this.#transport;
    if (socket) socket.setTimeout(this.#running > 0 ? this.#limits.silenceMs : 0);
  }

  #markProven(): void {
    this.#isProven = true;
    this.#answeredAt = performance.now();
  }

  /** Converts the failure of a command to an UpstreamError. Closes the connection unless the server has answered with a refusal. */
  explain(error: unknown, { command = '', options: { ifLost } = {} }: Partial<Command> = {}): Error {
    const isAnswer = error instanceof Error && 'responseStatus' in error;
    if (isAnswer) {
      this.#markProven();
      return commandFault(error, command, ifLost);
    }
    const fault = commandFault(this.#failure ?? error, command, ifLost);
    // After any other failure it is unknown to which command the next line of the server belongs.
    if (fault.code !== 'UNENCODABLE') this.close();
    return fault;
  }
}
