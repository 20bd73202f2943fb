/** A proxy in front of a real IMAP or SMTP server, in cleartext, that fails at a chosen moment of a chosen command. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as breath } from 'node:timers/promises';
import { CommandReader, type Piece, type Protocol } from '../mail/command-reader.ts';
import { closeServer, listenOnLoopback, type Target } from './proxies.ts';

/**
 * `before`: the command never reaches the server. `within`: half of it does. `after`: the server has done what it was told, its answer
 * does not come. Cut: the connection is reset. Silent: it stays open.
 * `garbage`, `half a literal` and `a literal of 2 GB` take the place of the answer of a server that has done what it was told.
 * `late`: cut, and the server does what it was told when the test lets it.
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
  /** The next commands that match meet the fault. `CONNECT` stands for the connection itself, `MESSAGE` for the lines after DATA. */
  arm(command: RegExp, moment: Moment, times?: number): void;
  /** Lets the servers have the commands that are late. */
  release(): void;
  /** Faults that have happened. */
  happened(): number;
  /** First words of the commands that came, in order. */
  commands: string[];
}

export interface FaultProxyOptions {
  target: Target;
  protocol: Protocol;
  /** Changes lines of the server, given with their line end. */
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
    relay(client, upstream, protocol, takeFault, (deliver) => late.push(deliver), rewrite);
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

/** What a fault has made of a connection: who still hears whom. */
function relay(
  client: Socket,
  upstream: Socket,
  protocol: Protocol,
  takeFault: (command: string) => Moment | undefined,
  keepForLater: (deliver: () => void) => void,
  rewrite: ((line: string) => string) | undefined,
): void {
  const fromClient = new CommandReader(protocol, 'client');
  const fromServer = new CommandReader(protocol, 'server');
  /** Commands whose answer is still to come; the last one may be the one that meets the fault. */
  const unanswered: string[] = [];
  let fault: { moment: Moment; tag: string } | undefined;
  let isDeaf = false;
  let slowly = Promise.resolve();

  const cut = () => {
    isDeaf = true;
    client.resetAndDestroy();
    upstream.destroy();
  };
  const toClient = (bytes: Buffer) => {
    if (fault?.moment !== 'slow bytes') {
      if (client.writable) client.write(bytes);
      return;
    }
    slowly = slowly.then(async () => {
      for (const byte of bytes) {
        if (client.writable) client.write(Buffer.from([byte]));
        await breath();
      }
    });
  };
  /** The server is done with the command: this is what its answer becomes. */
  const answerBadly = () => {
    isDeaf = true;
    if (fault?.moment === 'cut after') cut();
    if (fault?.moment === 'garbage') client.write(GARBAGE);
    if (fault?.moment === 'half a literal')
      client.write('* 1 FETCH (UID 1 BODY[] {1000}\r\nhalf', () => client.destroy());
    if (fault?.moment === 'a literal of 2 GB') client.write('* 1 FETCH (UID 1 BODY[] {2147483648}\r\n');
  };
  const startFault = (moment: Moment, piece: Piece) => {
    fault = { moment, tag: piece.tag };
    if (moment === 'cut before') cut();
    if (moment === 'silent before') isDeaf = true;
    if (moment === 'cut within' && !piece.hasMore) passHalf(piece.bytes);
  };
  const passHalf = (bytes: Buffer) => {
    isDeaf = true;
    // Or else what follows would be taken off the sender's hands until the half has arrived.
    client.pause();
    upstream.end(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => client.resetAndDestroy());
  };

  const takePiece = (piece: Piece) => {
    if (piece.command !== undefined && fault === undefined) {
      const moment = takeFault(piece.command);
      if (moment !== undefined) startFault(moment, piece);
    } else if (piece.command !== undefined && fault?.moment !== 'slow bytes') {
      // What was sent along with the command that failed never arrives.
      return;
    }
    if (isDeaf) return;
    if (fault?.moment === 'cut within' && !piece.isCommandLine) {
      passHalf(piece.bytes);
      return;
    }
    if (fault?.moment === 'late' && !piece.hasMore) {
      isDeaf = true;
      client.resetAndDestroy();
      keepForLater(() => upstream.write(piece.bytes));
      return;
    }
    // The lines of a message are answered with their dot.
    if (piece.command !== undefined && piece.command !== 'MESSAGE') unanswered.push(piece.tag);
    upstream.write(piece.bytes);
  };
  const takeAnswer = (piece: Piece) => {
    if (isDeaf) return;
    const isFaulty = fault !== undefined && fault.moment !== 'slow bytes' && !piece.isContinuation;
    const isOurs = isFaulty && unanswered[0] === fault?.tag;
    if (piece.isCompletion) {
      if (unanswered[0] === piece.tag || protocol === 'smtp') unanswered.shift();
      if (isOurs) {
        answerBadly();
        return;
      }
    }
    if (!isOurs)
      toClient(rewrite === undefined ? piece.bytes : Buffer.from(rewrite(piece.bytes.toString('latin1')), 'latin1'));
  };

  const greetingFault = takeFault('CONNECT');
  if (greetingFault === 'cut before' || greetingFault === 'cut within') cut();
  else if (greetingFault !== undefined) {
    isDeaf = true;
    if (greetingFault === 'garbage') client.write(GARBAGE);
  }
  if (protocol === 'smtp') unanswered.push('greeting');
  client.on('data', (chunk) => {
    for (const piece of fromClient.read(chunk)) takePiece(piece);
    if (fromClient.isEncrypted) fromServer.isEncrypted = true;
  });
  upstream.on('data', (chunk) => {
    for (const piece of fromServer.read(chunk)) {
      takeAnswer(piece);
      if (protocol === 'smtp' && piece.isCompletion && piece.bytes.toString().startsWith('354'))
        fromClient.isMessage = true;
    }
  });
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    socket.on('error', () => other.destroy());
    socket.on('close', () => isDeaf || other.destroy());
  }
}
