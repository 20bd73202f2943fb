/** Runs commands on one connection, each within its time, as long as the server answers. */
import { type Command, type Completion, NO_CODE, NOOP, RunningCommand } from './command.ts';
import { commandFault } from './faults.ts';
import { type ImapLimits, LOGOUT_MS } from './timeouts.ts';
import type { Transport } from './transport.ts';

export class CommandRunner {
  readonly #transport: Transport;
  readonly #limits: ImapLimits;
  #running = 0;
  #isBroken = false;
  #isProven = true;
  #answeredAt = performance.now();
  /** What ended the connection, where imapflow reported it. */
  #failure: unknown;

  constructor(transport: Transport, limits: ImapLimits) {
    this.#transport = transport;
    this.#limits = limits;
    transport.on('error', (error) => {
      this.#failure ??= error;
    });
    // The login is over: silence is no fault until a command runs.
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

  /** From here on the server may be gone without a sign of it. */
  markUnproven(): void {
    this.#isProven = false;
  }

  /** Runs commands in one round trip (Transport.pipeline). */
  async run(commands: readonly Command[]): Promise<PromiseSettledResult<Completion>[]> {
    if (commands.length === 0) return [];
    // After a pause the server may have gone without a word, which would show only by its silence.
    const isStale = !this.#isProven && performance.now() - this.#answeredAt > this.#limits.staleAfterMs;
    if (isStale && commands.some(({ isSlow }) => isSlow)) {
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
            // A literal that was not sent to its end was no command: nothing has happened.
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

  /** Why a command failed, as our error; closes the connection unless the server has only refused. */
  explain(error: unknown, { command = '', options: { ifLost } = {} }: Partial<Command> = {}): Error {
    const isAnswer = error instanceof Error && 'responseStatus' in error;
    if (isAnswer) {
      this.#markProven();
      return commandFault(error, command, ifLost);
    }
    const fault = commandFault(this.#failure ?? error, command, ifLost);
    // After any other failure the next line of the server could belong to this command or to the next.
    if (fault.code !== 'UNENCODABLE') this.close();
    return fault;
  }
}
