/** An IMAP server that says what a test tells it to: for what no real server can be made to do. Cleartext, loopback. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { MailServer } from '../../../src/mail/account.ts';

/** What to answer to a command; `TAG` stands for its tag. Undefined: what any server would say. */
export type Script = (command: string, socket: Socket) => string | undefined;

export interface ScriptedImap extends AsyncDisposable {
  server: MailServer;
  /** Commands received, without their tags, in order. Literals follow their line. */
  commands: string[];
  /** Connections that were made. */
  connections: () => number;
  /** Cuts every connection that is open. */
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
        const answer = script(command, socket) ?? usualAnswer(command, capabilities);
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

function usualAnswer(command: string, capabilities: string): string {
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
