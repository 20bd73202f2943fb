/** Repeats recorded IMAP commands on a bare connection: commands that were written together are written together, until all have ended. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { MailAccount } from '../../src/mail/account.ts';

export interface RawExchange extends Disposable {
  /** Sends the round trips one after another. @throws if the server closes the connection */
  send(roundTrips: readonly string[]): Promise<void>;
}

/** The commands of a round trip: their tags and names. Literals are non-synchronizing (RFC 7888), and skipped. */
function commandsOf(written: string): { tag: string; name: string }[] {
  const commands: { tag: string; name: string }[] = [];
  let position = 0;
  while (position < written.length) {
    const [, tag = '', name = ''] = /^(\S+) (\S+)/.exec(written.slice(position)) ?? [];
    commands.push({ tag, name: name.toUpperCase() });
    for (;;) {
      const end = written.indexOf('\r\n', position);
      const literal = /\{(\d+)\+\}$/.exec(written.slice(position, end))?.[1];
      position = end < 0 ? written.length : end + 2 + Number(literal ?? 0);
      if (end < 0 || literal === undefined) break;
    }
  }
  return commands;
}

const LOGINS = ['LOGIN', 'AUTHENTICATE', 'STARTTLS', 'LOGOUT'];

/** True for what a client sends before it is authenticated. */
export const isLogin = (written: string): boolean => commandsOf(written).some(({ name }) => LOGINS.includes(name));

/** @param account on a server that accepts a login in cleartext */
export async function connectRaw({ imap: { server, login } }: MailAccount): Promise<RawExchange> {
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  const responses = readResponses(socket);
  await responses.greeting;
  const exchange = async (written: string) => {
    const done = Promise.all(commandsOf(written).map(({ tag }) => responses.tagged(tag)));
    socket.write(written, 'latin1');
    await done;
  };
  await exchange(`login LOGIN "${login.username}" "${'password' in login ? login.password : ''}"\r\n`);
  return {
    async send(roundTrips) {
      for (const written of roundTrips) await exchange(written);
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Reads lines, without the literals in them. */
function readResponses(socket: Socket): { greeting: Promise<unknown>; tagged(tag: string): Promise<void> } {
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  let rest = '';
  let skip = 0;
  const greeting = once(socket, 'data');
  socket.on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    for (;;) {
      const skipped = Math.min(skip, rest.length);
      rest = rest.slice(skipped);
      skip -= skipped;
      const end = rest.indexOf('\r\n');
      if (skip > 0 || end < 0) return;
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      skip = Number(/\{(\d+)\}$/.exec(line)?.[1] ?? 0);
      const tag = line.slice(0, line.indexOf(' '));
      waiting.get(tag)?.resolve();
      waiting.delete(tag);
    }
  });
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('The mail server has closed the connection.'));
  });
  return {
    greeting,
    tagged(tag) {
      const response = Promise.withResolvers<void>();
      waiting.set(tag, response);
      return response.promise;
    },
  };
}
