/** Tests searches over several mailboxes on servers that are slow, refuse, lack extensions, or are Gmail. */
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../../src/mail/find/evaluate.ts';
import { findMessages } from '../../../src/mail/find/find-messages.ts';
import type { ImapConnection } from '../../../src/mail/imap/imap-connection.ts';
import { connectImap } from '../../../src/mail/imap/imap-connection.ts';
import type { WithConnection } from '../../../src/mail/messages/list.ts';
import { compileQuery } from '../../../src/mail/query/compile-query.ts';
import { parseQuery } from '../../../src/mail/query/parse-query.ts';
import { type ScriptedImap, startScriptedImap } from '../../support/mail/scripted-imap.ts';

const CONTEXT = { now: new Date('2026-11-28T20:00:00Z'), timeZone: 'UTC' };
const LOGIN = { kind: 'password' as const, username: 'ada', password: 'secret' };

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

const named = (...paths: string[]) => paths.map((path) => ({ path, role: null, messages: 3, uidNext: 4 }));

async function search(server: ScriptedImap, paths: string[], { text = 'crane', limitMs = 5_000 } = {}) {
  const connections = connectionsTo(server);
  const compile = (imap: ImapConnection) => [
    compileQuery(parseQuery(text, CONTEXT), { own: [], isGmail: imap.has('X-GM-EXT-1') }),
  ];
  const startedAt = performance.now();
  try {
    const found = await evaluate(connections.use, {
      ...{ mailboxes: named(...paths), compile, rowsEach: 0 },
      endsAt: startedAt + limitMs,
    });
    const [query] = found.queries;
    return {
      found: (query?.in ?? []).map(({ path, uids }) => `${path}: ${uids.newest(0, 9).join(' ')}`),
      notSearched: found.notSearched.map(({ path, why }) => `${path}: ${why}`),
      ms: performance.now() - startedAt,
    };
  } finally {
    connections.end();
  }
}

/** The mailbox that is open when a command arrives. */
function createScript(answer: (command: string, mailbox: string) => string | undefined) {
  let mailbox = '';
  return (command: string) => {
    const [, opened] = /^EXAMINE "?([^"\s]+)"?/.exec(command) ?? [];
    if (opened !== undefined) mailbox = opened;
    return answer(command, mailbox) ?? (command.startsWith('UID SEARCH') ? '* SEARCH 2\nTAG OK done' : undefined);
  };
}

describe('a search over several mailboxes', () => {
  test('gives a mailbox that does not answer half of the time, and searches the others on another connection', async () => {
    let isHanging = false;
    const script = createScript((command, mailbox) => {
      if (mailbox === 'Slow' && command.startsWith('UID SEARCH')) isHanging = true;
      if (command.startsWith('LOGIN')) isHanging = false;
      return isHanging ? '' : undefined;
    });
    await using server = await startScriptedImap(script);
    const { found, notSearched, ms } = await search(server, ['A', 'Slow', 'B', 'C'], { limitMs: 1_200 });
    expect(found).toEqual(['A: 2', 'B: 2', 'C: 2']);
    expect(notSearched).toEqual(['Slow: time']);
    expect(ms).toBeLessThan(1_200);
    expect(server.connections()).toBe(2);
  });

  test('ends in time when no mailbox answers', async () => {
    const isBeforeSearch = (command: string) => /^(?:CAPABILITY|LOGIN|LOGOUT)/.test(command);
    await using server = await startScriptedImap((command) => (isBeforeSearch(command) ? undefined : ''));
    const { found, notSearched, ms } = await search(server, ['A', 'B', 'C'], { limitMs: 800 });
    expect(found).toEqual([]);
    expect(notSearched).toEqual(['A: time', 'B: time', 'C: time']);
    expect(ms).toBeLessThan(2_000);
  });

  test('names the mailboxes that the server refuses, and those whose text it cannot search for', async () => {
    const script = createScript((command, mailbox) => {
      if (mailbox === 'Secret' && command.startsWith('EXAMINE')) return 'TAG NO [NOPERM] no';
      if (mailbox === 'Old' && command.startsWith('UID SEARCH')) return 'TAG NO [BADCHARSET] no';
      return undefined;
    });
    await using server = await startScriptedImap(script, { capabilities: 'IMAP4rev1 LITERAL-' });
    const { found, notSearched } = await search(server, ['A', 'Secret', 'Old', 'B'], { text: 'Kräne' });
    expect(found).toEqual(['A: 2', 'B: 2']);
    expect(notSearched).toEqual(['Secret: refused', 'Old: charset']);
  });

  test('goes on with the others when the server drops the connection over one mailbox', async () => {
    const script = createScript((command, mailbox) =>
      mailbox === 'Broken' && command.startsWith('UID SEARCH') ? '* BYE internal error' : undefined,
    );
    await using server = await startScriptedImap((command, socket, tag) => {
      const answer = script(command);
      if (answer === '* BYE internal error') socket.destroy();
      return answer?.replaceAll('TAG', tag ?? '');
    });
    const { found, notSearched } = await search(server, ['A', 'Broken', 'B']);
    expect(found).toEqual(['A: 2', 'B: 2']);
    expect(notSearched).toEqual(['Broken: refused']);
  });

  test('covers 200 mailboxes', async () => {
    await using server = await startScriptedImap(createScript(() => undefined));
    const paths = Array.from({ length: 203 }, (_, n) => `F${n}`);
    const { found, notSearched } = await search(server, paths, { limitMs: 20_000 });
    expect(found).toHaveLength(200);
    expect(notSearched).toEqual(['F200: number', 'F201: number', 'F202: number']);
  });

  test('keeps the searches of one mailbox apart on a server without ESEARCH', async () => {
    const script = createScript((command) => {
      if (/^UID SEARCH .*TEXT/.test(command)) return '* SEARCH 1 2 3\nTAG OK done';
      if (/^UID SEARCH/.test(command)) return '* SEARCH 3\nTAG OK done';
      if (!/^UID FETCH/.test(command)) return undefined;
      const dates = ['26-Nov-2026 23:59:59', '27-Nov-2026 00:00:00'];
      const lines = dates.map((date, n) => `* ${n + 1} FETCH (UID ${n + 1} INTERNALDATE "${date} +0000")`);
      return `${lines.join('\n')}\nTAG OK done`;
    });
    await using server = await startScriptedImap(script);
    const { found } = await search(server, ['A', 'B'], { text: 'crane after:2026-11-27' });
    expect(found).toEqual(['A: 3 2', 'B: 3 2']);
  });
});

describe('on Gmail', () => {
  const row = (uid: number) =>
    `* ${uid} FETCH (UID ${uid} FLAGS () INTERNALDATE "27-Nov-2026 00:00:00 +0000" RFC822.SIZE 9 ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL NIL "<${uid}@x>") BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 9 1) BODY[HEADER.FIELDS (LIST-ID LIST-UNSUBSCRIBE)]<0> "")`;

  test('words and files are searched for by Gmail itself, in its own syntax and quoted', async () => {
    const script = (command: string) => {
      if (command.startsWith('UID SEARCH')) return '* SEARCH 2\nTAG OK done';
      return command.startsWith('UID FETCH') ? `${row(2)}\nTAG OK done` : undefined;
    };
    await using server = await startScriptedImap(script, { capabilities: 'IMAP4rev1 X-GM-EXT-1' });
    const connections = connectionsTo(server);
    const text = 'crane "in:trash x" has:pdf label:Work -filename:"a b.pdf" from:ann';
    const compile = (imap: ImapConnection) =>
      compileQuery(parseQuery(text, CONTEXT), { own: [], isGmail: imap.has('X-GM-EXT-1') });
    const page = { page: 1, perPage: 20 };
    const endsAt = performance.now() + 5_000;
    const request = { mailboxes: named('[Gmail]/All', '[Gmail]/Spam'), compile, page, endsAt, withMessages: true };
    const { count, messages } = await findMessages(connections.use, request);
    connections.end();
    expect(server.commands.find((command) => command.startsWith('UID SEARCH'))).toBe(
      String.raw`UID SEARCH X-GM-RAW "\"crane\"" X-GM-RAW "\"in:trash x\"" X-GM-RAW "filename:pdf" X-GM-LABELS "Work" NOT X-GM-RAW "filename:\"a b.pdf\"" FROM "ann"`,
    );
    expect(count).toBe(1);
    expect(messages).toHaveLength(1);
  });
});
