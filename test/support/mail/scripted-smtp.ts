/** Starts an SMTP server whose answers a test defines, and records the commands of the client. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { MailServer } from '../../../src/mail/account.ts';

export interface ScriptedSmtp extends AsyncDisposable {
  server: MailServer;
  /** Command lines in order; the message is not among them. */
  commands: string[];
}

export interface Script {
  /** `null`: the connection is dropped. `hang`: no greeting is sent. */
  greeting?: string | null;
  /** Answers by the start of the command; the first match is used. `null`: the connection is dropped. `hang`: no answer. A promise: answered late. */
  answers?: Record<string, string | null | Promise<string>>;
}

const DEFAULT_ANSWERS = {
  EHLO: '250-test\r\n250-AUTH PLAIN\r\n250 SIZE 1000000',
  AUTH: '235 2.7.0 ok',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  '.': '250 ok',
  QUIT: '221 bye',
};

export async function startScriptedSmtp({
  greeting = '220 test ESMTP',
  answers = {},
}: Script = {}): Promise<ScriptedSmtp> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const table = Object.entries({
    ...answers,
    ...Object.fromEntries(Object.entries(DEFAULT_ANSWERS).filter(([key]) => !(key in answers))),
  });
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting === null) socket.destroy();
    else if (greeting !== 'hang') socket.write(`${greeting}\r\n`);
    let isInMessage = false;
    let rest = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (isInMessage && line !== '.') continue;
        isInMessage = false;
        commands.push(line);
        const [, answer] = table.find(([start]) => line.startsWith(start)) ?? ['', '502 5.5.1 what'];
        if (answer === null) {
          socket.destroy();
          return;
        }
        if (answer === 'hang') continue;
        if (answer instanceof Promise) {
          answer.then((late) => socket.write(`${late}\r\n`));
          continue;
        }
        isInMessage = line === 'DATA' && answer.startsWith('354');
        socket.write(`${answer}\r\n`);
      }
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    server: { host: '127.0.0.1', port, security: 'cleartext' },
    commands,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
