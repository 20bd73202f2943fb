/** Starts an IMAP server whose answers a test defines, in cleartext on loopback, for behaviour that no real server shows on demand. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { MailServer } from '../../../src/mail/account.ts';

/** Returns the answer to a command, in which `TAG` is replaced by its tag. Undefined: the default answer. A line without a tag has one of its own. */
export type Script = (command: string, socket: Socket, tag?: string) => string | undefined;

export interface ScriptedImap extends AsyncDisposable {
  server: MailServer;
  /** Commands received, without their tags, in order. Literals follow their line. */
  commands: string[];
  /** Number of connections so far. */
  connections: () => number;
  /** Closes every open connection. */
  cut(): void;
}

export async function startScriptedImap(
  script: Script,
  { capabilities = 'IMAP4rev1', greeting }: { capabilities?: string; greeting?: string } = {},
): Promise<ScriptedImap> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(`${greeting ?? `* OK [CAPABILITY ${capabilities}] ready`}\r\n`);
    let input = '';
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1');
      for (let end = input.indexOf('\r\n'); end >= 0; end = input.indexOf('\r\n')) {
        const [tag = '', ...words] = input.slice(0, end).split(' ');
        const command = words.join(' ');
        input = input.slice(end + 2);
        commands.push(command);
        const answer = script(command, socket, tag) ?? defaultAnswer(command, capabilities);
        if (answer !== '') socket.write(`${answer.replaceAll('TAG', tag).replace(/\r?\n/g, '\r\n')}\r\n`);
      }
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    server: { host: '127.0.0.1', port: address.port, security: 'cleartext' },
    commands,
    connections: () => connections,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      listener.close();
      await once(listener, 'close');
    },
  };
}

function defaultAnswer(command: string, capabilities: string): string {
  const [name = ''] = command.split(' ');
  switch (name.toUpperCase()) {
    case 'CAPABILITY':
      return `* CAPABILITY ${capabilities}\nTAG OK done`;
    case 'LOGIN':
      return `TAG OK [CAPABILITY ${capabilities}] logged in`;
    case 'SELECT':
      return '* 3 EXISTS\n* OK [UIDVALIDITY 7] valid\nTAG OK [READ-WRITE] open';
    case 'EXAMINE':
      return '* 3 EXISTS\n* OK [UIDVALIDITY 7] valid\nTAG OK [READ-ONLY] open';
    case 'LOGOUT':
      return '* BYE bye\nTAG OK bye';
    default:
      return 'TAG OK done';
  }
}
