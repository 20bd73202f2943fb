/** Runs commands on one connection, each within its time, as long as the server answers. */
import { type Command, type Completion, NO_CODE, NOOP, Running } from './command.ts';
import { commandFault } from './faults.ts';
import type { ImapLimits } from './open.ts';
import type { Wire } from './wire.ts';

export class CommandRunner {
  readonly #wire: Wire;
  readonly #limits: ImapLimits;
  #running = 0;
  #isBroken = false;
  #isProven = true;
  #answeredAt = performance.now();
  /** What ended the connection, when imapflow told. */
  #failure: unknown;

  constructor(wire: Wire, limits: ImapLimits) {
    this.#wire = wire;
    this.#limits = limits;
    wire.on('error', (error) => {
      this.#failure ??= error;
    });
    // The login is over: silence is no fault until a command runs.
    this.#watchSilence(0);
  }

  /** False once the connection is lost, closed, or in a state that nobody can rely on. */
  get isUsable(): boolean {
    return (
      !this.#isBroken && this.#wire.usable && !this.#wire.isClosed && this.#wire.state !== this.#wire.states.LOGOUT
    );
  }

  /** True while a command has not ended. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** False from doubt() until the server has answered again. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** From here on nobody knows whether the server still listens. */
  doubt(): void {
    this.#isProven = false;
  }

  /** Runs commands in one round trip (Wire.pipeline). */
  async run(commands: readonly Command[]): Promise<PromiseSettledResult<Completion>[]> {
    if (commands.length === 0) return [];
    // After a pause the server may have gone without a word, which would show only by its silence.
    const isStale = !this.#isProven && performance.now() - this.#answeredAt > this.#limits.staleAfterMs;
    if (isStale && commands.some(({ isSlow }) => isSlow)) {
      const [proof] = await this.run([NOOP]);
      if (proof?.status === 'rejected') return commands.map(() => proof);
    }
    const commandMs = Math.max(...commands.map(({ options }) => options.commandMs ?? this.#limits.commandMs));
    const deadline = setTimeout(() => this.#giveUp('ETIMEOUT'), commandMs);
    const staleness =
      isStale && !this.#isProven ? setTimeout(() => this.#giveUp('STALE'), this.#limits.staleAnswerMs) : undefined;
    this.#watchSilence(+1);
    const running = commands.map((command) => new Running(command, this.#wire));
    try {
      const executed = this.#wire.pipeline(running.map(({ wire }) => wire));
      return await Promise.allSettled(
        executed.map(async (promise, index) => {
          const { response, next } = await promise.catch((error: unknown) => {
            clearTimeout(staleness);
            // A literal that was not sent to its end was no command: nothing has happened.
            throw running[index]?.literalFailure ?? this.explain(error, commands[index]);
          });
          clearTimeout(staleness);
          this.#proven();
          return running[index]?.end(response, next) ?? NO_CODE;
        }),
      );
    } finally {
      clearTimeout(deadline);
      clearTimeout(staleness);
      this.#watchSilence(-1);
    }
  }

  /** Says goodbye without waiting for an answer. */
  end(): void {
    if (this.isUsable && !this.isBusy) {
      this.#isBroken = true;
      const deadline = setTimeout(() => this.close(), LOGOUT_MS).unref();
      this.#wire
        .exec('LOGOUT', [], {})
        .then(
          ({ next }) => next(),
          () => undefined,
        )
        .finally(() => {
          clearTimeout(deadline);
          this.close();
        });
      return;
    }
    this.close();
  }

  /** Cuts the connection. Commands that run fail. */
  close(): void {
    this.#isBroken = true;
    this.#wire.close();
  }

  #giveUp(code: 'ETIMEOUT' | 'STALE'): void {
    this.#failure ??= Object.assign(new Error('no answer in time'), { code });
    this.close();
  }

  /** imapflow tells a silent server by its socket timer; without a command, silence is no fault. */
  #watchSilence(commands: 1 | 0 | -1): void {
    this.#running += commands;
    const { socket } = this.#wire;
    if (socket) socket.setTimeout(this.#running > 0 ? this.#limits.silenceMs : 0);
  }

  #proven(): void {
    this.#isProven = true;
    this.#answeredAt = performance.now();
  }

  /** Why a command failed, in our terms; ends the connection when nobody knows what the server will say next. */
  explain(error: unknown, { command = '', options: { ifLost } = {} }: Partial<Command> = {}): Error {
    const isAnswer = error instanceof Error && 'responseStatus' in error;
    if (isAnswer) {
      this.#proven();
      return commandFault(error, command, ifLost);
    }
    const fault = commandFault(this.#failure ?? error, command, ifLost);
    // Whatever is not a plain refusal leaves open what the server will say next.
    if (fault.code !== 'UNENCODABLE') this.close();
    return fault;
  }
}

const LOGOUT_MS = 2_000;
