/** Relays connections to a real IMAP or SMTP server in cleartext, and fails at a chosen moment of a chosen command. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CommandReader, type Piece, type Protocol } from '../mail/command-reader.ts';
import { closeServer, listenOnLoopback, type Target } from './proxies.ts';

/**
 * The moments at which a fault can happen, and its effects.
 * `before`: the command does not reach the server. `within`: half of it does. `after`: the server has executed it, and its answer is lost.
 * `cut`: the connection is reset. `silent`: it stays open without an answer.
 * `garbage`, `half a literal` and `a literal of 2 GB` replace the answer to an executed command.
 * `slow bytes`: the answer arrives byte by byte.
 * `late`: the connection is reset, and the server receives the command when the test calls `release`.
 */
export const MOMENTS = [
  'cut before',
  'cut within',
  'cut after',
  'silent before',
  'silent after',
  'garbage',
  'half a literal',
  'a literal of 2 GB',
  'slow bytes',
  'late',
] as const;
export type Moment = (typeof MOMENTS)[number];

export interface FaultProxy extends AsyncDisposable {
  host: 'localhost';
  port: number;
  /** The next `times` commands that match fail. `CONNECT` is the connection itself, `MESSAGE` the lines after DATA. */
  arm(command: RegExp, moment: Moment, times?: number): void;
  /** Sends the `late` commands to the servers. */
  release(): void;
  /** Number of faults so far. */
  happened(): number;
  /** First words of the received commands, in order. */
  commands: string[];
}

export interface FaultProxyOptions {
  target: Target;
  protocol: Protocol;
  /** Changes lines of the server; they include their line end. */
  rewrite?: (line: string) => string;
}

interface Fault {
  command: RegExp;
  moment: Moment;
  times: number;
}

export async function startFaultProxy({ target, protocol, rewrite }: FaultProxyOptions): Promise<FaultProxy> {
  const faults: Fault[] = [];
  const commands: string[] = [];
  const late: (() => void)[] = [];
  let happened = 0;
  const sockets = new Set<Socket>();
  const takeFault = (command: string): Moment | undefined => {
    commands.push(command.split(' ', 2).join(' '));
    const fault = faults.find((one) => one.times > 0 && one.command.test(command));
    if (fault === undefined) return undefined;
    fault.times -= 1;
    happened += 1;
    return fault.moment;
  };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true });
    for (const socket of [client, upstream]) sockets.add(socket);
    const defer = (deliver: () => void) => void late.push(deliver);
    new RelayedConnection({ client, upstream, protocol, takeFault, defer, rewrite }).start();
  });
  await listenOnLoopback(server);
  return {
    host: 'localhost',
    port: (server.address() as AddressInfo).port,
    arm: (command, moment, times = 1) => void faults.push({ command, moment, times }),
    release: () => {
      for (const deliver of late.splice(0)) deliver();
    },
    happened: () => happened,
    commands,
    [Symbol.asyncDispose]: () => closeServer(server, sockets),
  };
}

const GARBAGE = Buffer.from([0x00, 0x01, 0xff, 0xfe, ...Buffer.from('what?\r\n)(*&^%\r\n{{{\r\n')]);

interface Relay {
  client: Socket;
  upstream: Socket;
  protocol: Protocol;
  /** Returns the fault that is armed for the command, if any, and counts it. */
  takeFault: (command: string) => Moment | undefined;
  /** Keeps a function that delivers a late command, for `release`. */
  defer: (deliver: () => void) => void;
  rewrite: ((line: string) => string) | undefined;
}

/** One connection through the proxy, and the fault that has happened on it. */
class RelayedConnection {
  readonly #relay: Relay;
  readonly #fromClient: CommandReader;
  readonly #fromServer: CommandReader;
  /** Tags of the commands without an answer yet; the last one may be the one that fails. */
  readonly #unanswered: string[] = [];
  #fault: { moment: Moment; tag: string } | undefined;
  /** True once nothing is relayed any more. */
  #isStopped = false;
  #slowWrites = Promise.resolve();

  constructor(relay: Relay) {
    this.#relay = relay;
    this.#fromClient = new CommandReader(relay.protocol, 'client');
    this.#fromServer = new CommandReader(relay.protocol, 'server');
  }

  start(): void {
    const { client, upstream, protocol } = this.#relay;
    this.#failConnection();
    if (protocol === 'smtp') this.#unanswered.push('greeting');
    client.on('data', (chunk) => {
      // Lines of a message that arrive together are written together.
      upstream.cork();
      for (const piece of this.#fromClient.read(chunk)) this.#passCommand(piece);
      upstream.uncork();
      if (this.#fromClient.isEncrypted) this.#fromServer.isEncrypted = true;
    });
    upstream.on('data', (chunk) => {
      for (const piece of this.#fromServer.read(chunk)) {
        this.#passAnswer(piece);
        if (protocol === 'smtp' && piece.isCompletion && piece.bytes.toString().startsWith('354'))
          this.#fromClient.isMessage = true;
      }
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => this.#isStopped || other.destroy());
    }
  }

  /** Applies a fault of `CONNECT`. */
  #failConnection(): void {
    const moment = this.#relay.takeFault('CONNECT');
    if (moment === 'cut before' || moment === 'cut within') this.#cut();
    else if (moment !== undefined) {
      this.#isStopped = true;
      if (moment === 'garbage') this.#relay.client.write(GARBAGE);
    }
  }

  #passCommand(piece: Piece): void {
    if (piece.command !== undefined && this.#fault === undefined) {
      const moment = this.#relay.takeFault(piece.command);
      if (moment !== undefined) this.#startFault(moment, piece);
    } else if (piece.command !== undefined && this.#fault?.moment !== 'slow bytes') {
      // Commands that were sent together with the one that failed never arrive.
      return;
    }
    if (this.#isStopped) return;
    if (this.#fault?.moment === 'cut within' && !piece.isCommandLine) return void this.#passHalf(piece.bytes);
    if (this.#fault?.moment === 'late' && !piece.hasMore) return void this.#defer(piece.bytes);
    // The server answers the final dot, not the lines of the message.
    if (piece.command !== undefined && piece.command !== 'MESSAGE') this.#unanswered.push(piece.tag);
    this.#relay.upstream.write(piece.bytes);
  }

  #startFault(moment: Moment, piece: Piece): void {
    this.#fault = { moment, tag: piece.tag };
    if (moment === 'cut before') this.#cut();
    if (moment === 'silent before') this.#isStopped = true;
    if (moment === 'cut within' && !piece.hasMore) this.#passHalf(piece.bytes);
  }

  #passAnswer(piece: Piece): void {
    if (this.#isStopped) return;
    const fault = this.#fault;
    const isFaulty = fault !== undefined && fault.moment !== 'slow bytes' && !piece.isContinuation;
    const isOfFailedCommand = isFaulty && this.#unanswered[0] === fault.tag;
    if (piece.isCompletion) {
      if (this.#unanswered[0] === piece.tag || this.#relay.protocol === 'smtp') this.#unanswered.shift();
      if (isOfFailedCommand) return void this.#replaceAnswer(fault.moment);
    }
    if (!isOfFailedCommand) this.#writeToClient(this.#rewritten(piece.bytes));
  }

  /** The server has executed the command: sends what the fault puts in the place of its answer. */
  #replaceAnswer(moment: Moment): void {
    const { client } = this.#relay;
    this.#isStopped = true;
    if (moment === 'cut after') this.#cut();
    if (moment === 'garbage') client.write(GARBAGE);
    if (moment === 'half a literal') client.write('* 1 FETCH (UID 1 BODY[] {1000}\r\nhalf', () => client.destroy());
    if (moment === 'a literal of 2 GB') client.write('* 1 FETCH (UID 1 BODY[] {2147483648}\r\n');
  }

  #rewritten(bytes: Buffer): Buffer {
    const { rewrite } = this.#relay;
    return rewrite === undefined ? bytes : Buffer.from(rewrite(bytes.toString('latin1')), 'latin1');
  }

  #writeToClient(bytes: Buffer): void {
    const { client } = this.#relay;
    if (this.#fault?.moment !== 'slow bytes') {
      if (client.writable) client.write(bytes);
      return;
    }
    this.#slowWrites = this.#slowWrites.then(async () => {
      for (const byte of bytes) {
        if (client.writable) client.write(Buffer.from([byte]));
        await nextTurn();
      }
    });
  }

  #cut(): void {
    this.#isStopped = true;
    this.#relay.client.resetAndDestroy();
    this.#relay.upstream.destroy();
  }

  #passHalf(bytes: Buffer): void {
    const { client, upstream } = this.#relay;
    this.#isStopped = true;
    // The pause lets the server receive the half before the client sends further bytes.
    client.pause();
    upstream.end(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => client.resetAndDestroy());
  }

  #defer(bytes: Buffer): void {
    const { client, upstream, defer } = this.#relay;
    this.#isStopped = true;
    client.resetAndDestroy();
    defer(() => upstream.write(bytes));
  }
}
