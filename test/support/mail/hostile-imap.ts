/**
 * Serves IMAP and floods its clients: the user name of the login selects the flood, with any number behind it (`deep nesting #7`). A program
 * of its own, so that the process under test only pays for what it reads: `node hostile-imap.ts` prints its port.
 */
import { createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Answers a command, without its tag, by the lines before the tagged OK. Undefined: no flood. */
type Flood = (command: string, uid: string) => Iterable<string> | undefined;

const MILLION = 1_000_000;

const when =
  (pattern: RegExp, lines: (uid: string) => Iterable<string>): Flood =>
  (command, uid) =>
    pattern.test(command) ? lines(uid) : undefined;

function* times(count: number, line: (n: number) => string): Generator<string> {
  for (let n = 0; n < count; n += 1000) {
    yield Array.from({ length: Math.min(1000, count - n) }, (_, i) => line(n + i)).join('');
  }
}

function* wrapped(before: string, inner: Iterable<string>, after: string): Generator<string> {
  yield before;
  yield* inner;
  yield `${after}\r\n`;
}

const ENVELOPE = 'FLAGS () INTERNALDATE "01-Jan-2025 00:00:00 +0000" RFC822.SIZE 5';
const PLAIN = 'BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)';
const EMPTY_ENVELOPE = 'ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL)';
const fetched = (uid: string, items: string, inner: Iterable<string>, after: string) =>
  wrapped(`* 3 FETCH (UID ${uid} ${ENVELOPE} BODY[HEADER.FIELDS (REFERENCES)] "" ${items}`, inner, `${after})`);

/** Each flood, by the name of its user. */
export const FLOODS: Readonly<Record<string, Flood>> = {
  'two million untagged lines': when(/^(?:EXAMINE|LIST)/, () => times(2 * MILLION, () => '* OK x\r\n')),
  'two million new counts': when(/^(?:EXAMINE|LIST)/, (_uid) => times(2 * MILLION, (n) => `* ${n} EXISTS\r\n`)),
  'a million UIDs found': when(/SEARCH/, () =>
    wrapped(
      '* SEARCH',
      times(MILLION, (n) => ` ${2 * n + 1}`),
      '',
    ),
  ),
  'a million UIDs found in any order': when(/SEARCH/, () =>
    wrapped(
      '* SEARCH',
      times(MILLION, (n) => ` ${1 + ((n * 7919) % 9_999_991)}`),
      '',
    ),
  ),
  'a million lines of UIDs found': when(/SEARCH/, () => times(MILLION, (n) => `* SEARCH ${2 * n + 1}\r\n`)),
  'every UID found': when(/SEARCH/, () => ['* SEARCH 1:4294967295\r\n* ESEARCH UID ALL 1:4294967295\r\n']),
  'a set of a million ranges': when(/SEARCH/, () =>
    wrapped(
      '* ESEARCH (TAG "x") UID ALL 1',
      times(MILLION, (n) => `,${3 * n + 2}:${3 * n + 3}`),
      '',
    ),
  ),
  'a million messages not asked for': when(/FETCH|SEARCH/, () =>
    times(MILLION, (n) => `* ${n + 1} FETCH (UID ${n + 1000} FLAGS (\\Seen))\r\n`),
  ),
  'a million flags': when(/FETCH/, (uid) =>
    fetched(
      uid,
      `${EMPTY_ENVELOPE} ${PLAIN} FLAGS (`,
      times(MILLION, (n) => ` k${n}`),
      ')',
    ),
  ),
  'a million recipients': when(/FETCH/, (uid) =>
    fetched(
      uid,
      `${PLAIN} ENVELOPE (NIL "s" NIL NIL NIL (`,
      times(300_000, (n) => `("n" NIL "u${n}" "e.test")`),
      ') NIL NIL NIL NIL)',
    ),
  ),
  'names of encoded words': when(/FETCH/, (uid) =>
    fetched(
      uid,
      `${PLAIN} ENVELOPE (NIL "s" NIL NIL NIL (`,
      times(1000, () => `("${'=?utf-7?Q?+AGE-?= '.repeat(400)}" NIL "u" "e.test")`),
      ') NIL NIL NIL NIL)',
    ),
  ),
  'a hundred thousand parts': when(/FETCH/, (uid) =>
    fetched(
      uid,
      `${EMPTY_ENVELOPE} BODYSTRUCTURE (`,
      times(100_000, () => '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)'),
      ' "MIXED")',
    ),
  ),
  'a million parameters': when(/FETCH/, (uid) =>
    fetched(
      uid,
      `${EMPTY_ENVELOPE} BODYSTRUCTURE ("TEXT" "PLAIN" (`,
      times(MILLION / 2, (n) => `"name*${n % 1000}*" "%41"`),
      ') NIL NIL "7BIT" 5 1)',
    ),
  ),
  'deep nesting': when(/FETCH/, (uid) =>
    fetched(
      uid,
      `${EMPTY_ENVELOPE} BODYSTRUCTURE `,
      times(MILLION, () => '('),
      `${')'.repeat(100)}`,
    ),
  ),
  'a hundred thousand mailboxes': when(/^LIST/, () =>
    times(100_000, (n) => `* LIST (\\HasNoChildren) "/" "folder ${n}"\r\n`),
  ),
  'a mailbox with a million attributes': when(/^LIST/, () =>
    wrapped(
      '* LIST (',
      times(MILLION, (n) => ` \\A${n}`),
      ') "/" "folder"',
    ),
  ),
  'a million kept flags': when(/^EXAMINE/, () =>
    wrapped(
      '* OK [PERMANENTFLAGS (',
      times(MILLION, (n) => ` k${n}`),
      ')] many',
    ),
  ),
  'long response codes': when(/^(?:EXAMINE|LIST)/, () =>
    times(20_000, () => `* OK [X ${'1,3,5,'.repeat(150)}7 ${'(a) '.repeat(250)}] x\r\n`),
  ),
  'a million capabilities': when(/^(?:EXAMINE|LIST)/, () =>
    wrapped(
      '* CAPABILITY IMAP4rev1',
      times(MILLION, (n) => ` K${n}`),
      '',
    ),
  ),
  'a million empty literals': when(/^(?:EXAMINE|LIST)/, () =>
    wrapped(
      '* X',
      times(MILLION, () => ' {0}\r\n'),
      '',
    ),
  ),
  'literals of a message': when(/FETCH/, (uid) =>
    fetched(
      uid,
      `${PLAIN} ENVELOPE (`,
      times(20, () => `{1000000}\r\n${'=?utf-7?Q?+AGE-?= '.repeat(55_556).slice(0, MILLION)} `),
      ')',
    ),
  ),
  'a line without end': when(/^(?:EXAMINE|LIST)/, () => times(30_000, () => 'x'.repeat(1000))),
  'unreadable lines': when(/^(?:EXAMINE|LIST)/, () => times(MILLION / 4, () => '* ((( "\r\n')),
  'unknown tags': when(/^(?:EXAMINE|LIST)/, () => times(MILLION, (n) => `Z${n} OK x\r\n`)),
  'a hundred large messages': when(/FETCH/, (uid) => {
    const names = Array.from({ length: 900 }, (_, n) => `("=?utf-7?Q?+AGE-+AGI-${n}?=" NIL "u${n}" "e.test")`).join('');
    const [first = '1', last = first] = uid.split(':');
    return times(100, (n) =>
      Number(first) + n > Number(last)
        ? ''
        : `* ${Number(first) + n} FETCH (UID ${Number(first) + n} ${ENVELOPE} ${PLAIN} ENVELOPE (NIL "s" (${names}) NIL NIL (${names}) NIL NIL NIL NIL))\r\n`,
    );
  }),
};

function answer(socket: Socket, user: string, tag: string, command: string): Promise<void> {
  const [, uid = '1'] = /FETCH ([\d:]+)/.exec(command) ?? [];
  const flood = FLOODS[user]?.(command, uid);
  const ok = `${tag} OK [READ-ONLY] done\r\n`;
  if (/^EXAMINE/.test(command) && flood === undefined) {
    socket.write(`* 100 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n${ok}`);
    return Promise.resolve();
  }
  if (/^(?:LIST)/.test(command) && flood === undefined) {
    socket.write(`* LIST () "/" INBOX\r\n${ok}`);
    return Promise.resolve();
  }
  return write(socket, flood ?? [], ok);
}

async function write(socket: Socket, lines: Iterable<string>, end: string): Promise<void> {
  for (const line of lines) {
    if (socket.destroyed) return;
    if (!socket.write(line, 'latin1')) {
      await new Promise<void>((resolve) => {
        const go = () => {
          socket.off('drain', go).off('close', go);
          resolve();
        };
        socket.once('drain', go).once('close', go);
      });
    }
  }
  if (!socket.destroyed) socket.write(end);
}

/** Starts the server in this process. @returns its port */
export async function listenHostile(): Promise<{ port: number; close(): void }> {
  const listener = createServer((socket) => {
    let user = '';
    let input = '';
    let running: Promise<void> = Promise.resolve();
    socket.on('error', () => undefined);
    socket.write('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1');
      for (let end = input.indexOf('\r\n'); end >= 0; end = input.indexOf('\r\n')) {
        const [tag = '', ...words] = input.slice(0, end).split(' ');
        const command = words.join(' ');
        input = input.slice(end + 2);
        const login = /^LOGIN "([^"]*)"/.exec(command);
        if (login !== null) user = (login[1] ?? '').replace(/ #\d+$/, '');
        running = running.then(() => answer(socket, login === null ? user : '', tag, command));
      }
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => listener.close() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port } = await listenHostile();
  console.log(port);
}
