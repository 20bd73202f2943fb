/** Tests what is read about a sender on servers that are slow, refuse, or have a mailbox of another kind. */
import { expect, test } from 'vitest';
import { readSenderHistory } from '../../../src/mail/history/sender-history.ts';
import { connectImap } from '../../../src/mail/imap/imap-connection.ts';
import type { WithConnection } from '../../../src/mail/messages/list.ts';
import { type Script, type ScriptedImap, startScriptedImap } from '../../support/mail/scripted-imap.ts';

const LOGIN = { kind: 'password' as const, username: 'ida', password: 'secret' };
const place = (path: string) => ({ path, role: null, messages: 1_234, uidNext: 4 });

/** Opens a new connection when the last one is not usable any more, as the pool does. */
function connectionsTo(server: ScriptedImap): { use: WithConnection; end(): void } {
  let open: Awaited<ReturnType<typeof connectImap>> | undefined;
  return {
    use: async (run) => {
      if (open?.isUsable !== true) open = await connectImap({ server: server.server, login: LOGIN });
      return run(open);
    },
    end: () => open?.close(),
  };
}

interface Asked {
  name?: string;
  mailboxes?: string[];
  sent?: string[];
  limitMs?: number;
  /** Of servers that are trusted. */
  ids?: string[];
}

async function read(
  server: ScriptedImap,
  { name = '', mailboxes = ['A'], sent = [], limitMs = 5_000, ids = [] }: Asked,
) {
  const connections = connectionsTo(server);
  const startedAt = performance.now();
  const from = [{ name, address: 'mara@harbour.example' }];
  try {
    const history = await readSenderHistory(connections.use, {
      message: { mailbox: 'A', uid: 99, from, messageId: null, arrivedAt: null },
      ...{ mailboxes: mailboxes.map(place), sent: sent.map(place), isDomainProven: false },
      owners: [{ fullName: 'Ida Brandt', email: 'ida@example.test' }],
      trust: { authservIds: ids, imapHost: 'imap.example.test' },
      endsAt: startedAt + limitMs,
    });
    return { ...history, ms: performance.now() - startedAt };
  } finally {
    connections.end();
  }
}

const envelope = (name: string, local: string) =>
  `(NIL "A message" (("${name}" NIL "${local}" "harbour.example")) NIL NIL NIL NIL NIL NIL NIL)`;

/** Finds the message 2 by each search, from the address, and reads it. */
const finds: Script = (command) => {
  if (command.startsWith('UID SEARCH')) return '* SEARCH 2\nTAG OK done';
  if (!command.startsWith('UID FETCH')) return undefined;
  return `* 2 FETCH (UID 2 INTERNALDATE "01-Nov-2026 00:00:00 +0000" ENVELOPE ${envelope('Mara', 'mara')} BODY[HEADER.FIELDS (RECEIVED)] "")\nTAG OK done`;
};

test('without a Sent folder, what was sent is not known', async () => {
  await using server = await startScriptedImap(finds);
  expect(await read(server, {})).toMatchObject({ receivedBefore: 1, sentTo: null, notSearched: [] });
});

test('a folder that does not answer is named, and the others are counted in time', async () => {
  let mailbox = '';
  let isHanging = false;
  const script: Script = (command, socket) => {
    mailbox = /^EXAMINE "?([^"\s]+)"?/.exec(command)?.[1] ?? mailbox;
    if (mailbox === 'Slow' && command.startsWith('UID SEARCH')) isHanging = true;
    if (command.startsWith('LOGIN')) isHanging = false;
    return isHanging ? '' : finds(command, socket);
  };
  await using server = await startScriptedImap(script);
  const found = await read(server, { mailboxes: ['A', 'Slow', 'B'], limitMs: 1_200 });
  expect(found).toMatchObject({ receivedBefore: 2, notSearched: [{ path: 'Slow', why: 'time' }] });
  expect(found.ms).toBeLessThan(3_000);
});

test('a folder that the server refuses is named', async () => {
  await using server = await startScriptedImap((command, socket) =>
    /^EXAMINE "?Secret/.test(command) ? 'TAG NO [NOPERM] no' : finds(command, socket),
  );
  const found = await read(server, { mailboxes: ['A', 'Secret'] });
  expect(found).toMatchObject({ receivedBefore: 1, notSearched: [{ path: 'Secret', why: 'refused' }] });
});

test('on a server that knows no other charset than ASCII, the address is counted without the name', async () => {
  await using server = await startScriptedImap((command, socket) =>
    command.includes('CHARSET') ? 'TAG NO [BADCHARSET (US-ASCII)] no' : finds(command, socket),
  );
  const found = await read(server, { name: 'Мария', mailboxes: ['A', 'B'], sent: ['Sent'] });
  expect(found).toMatchObject({ receivedBefore: 2, sentTo: 0, notSearched: [] });
});

test.each([
  ['refuses', 'TAG NO [SERVERBUG] no'],
  ['leaves out', 'TAG OK done'],
])('messages that the server finds and %s are counted as found', async (_what, answer) => {
  await using server = await startScriptedImap((command, socket) =>
    command.startsWith('UID FETCH') ? answer : finds(command, socket),
  );
  expect(await read(server, {})).toMatchObject({ receivedBefore: 1 });
});

test('a hundred thousand hits are counted, and a bounded number of them is looked at', async () => {
  await using server = await startScriptedImap(
    (command, socket) => {
      if (command.startsWith('UID SEARCH')) return '* ESEARCH UID ALL 1:100000\nTAG OK done';
      return finds(command, socket);
    },
    { capabilities: 'IMAP4rev1 ESEARCH' },
  );
  const found = await read(server, { name: 'Mara Lindqvist', mailboxes: ['A', 'B'], sent: ['Sent'] });
  expect(found.receivedBefore).toBeGreaterThan(199_000);
  const fetched = server.commands.filter((command) => command.startsWith('UID FETCH')).join(' ');
  const ranges = [...fetched.matchAll(/(\d+):(\d+)/g)].map(([, from, to]) => Number(to) - Number(from) + 1);
  expect(ranges.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_500);
});

/** Of three hundred hits, answers each that is fetched with this message. */
const findsMany =
  (message: string): Script =>
  (command) => {
    if (command.startsWith('UID SEARCH')) return '* ESEARCH UID ALL 1:300\nTAG OK done';
    const [, uids = ''] = /^UID FETCH (\S+)/.exec(command) ?? [];
    const numbers = uids.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split(':').map(Number);
      return Array.from({ length: first === 0 ? 0 : last - first + 1 }, (_, index) => first + index);
    });
    return numbers.length === 0
      ? undefined
      : [...numbers.map((uid) => `* ${uid} FETCH (UID ${uid} ${message})`), 'TAG OK done'].join('\n');
  };

test.each([
  ['a longer address that ends with it', 'tamara', ''],
  ['the address, which was forged', 'mara', 'Authentication-Results: mx.example.test; dmarc=fail\r\n\r\n'],
])('hundreds of messages from and to %s do not count', async (_what, local, header) => {
  const [address, date] = [`"${local}" "harbour.example"`, 'INTERNALDATE "01-Nov-2026 00:00:00 +0000"'];
  const to = `To: ${local}@harbour.example\r\n\r\n`;
  const received = `${date} ENVELOPE ${envelope('Mara', local)} BODY[HEADER.FIELDS (RECEIVED)] {${header.length}}\n${header}`;
  const sent = `${date} ENVELOPE (NIL "Re" NIL NIL NIL ((NIL NIL ${address})) NIL NIL NIL NIL) BODY[HEADER.FIELDS (TO)] {${to.length}}\n${to}`;
  let mailbox = '';
  const script: Script = (command, socket) => {
    mailbox = /^EXAMINE "?([^"\s]+)"?/.exec(command)?.[1] ?? mailbox;
    return findsMany(mailbox === 'Sent' ? sent : received)(command, socket);
  };
  await using server = await startScriptedImap(script, { capabilities: 'IMAP4rev1 ESEARCH' });
  const found = await read(server, { name: 'Mara', sent: ['Sent'], ids: ['mx.example.test'] });
  expect(found).toMatchObject({ receivedBefore: 0, sentTo: local === 'mara' ? 300 : 0 });
});
