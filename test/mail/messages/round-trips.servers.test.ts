import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { sessionFor } from '../../../src/mail/imap/tls-sessions.ts';
import { findMailbox } from '../../../src/mail/mailbox/list-mailboxes.ts';
import { appendMessage, updateFlags } from '../../../src/mail/messages/change.ts';
import { listMessages, searchMessages } from '../../../src/mail/messages/list.ts';
import { readMessage } from '../../../src/mail/messages/read.ts';
import { createImapPool } from '../../../src/mail/pool/pool.ts';
import { FoundUids } from '../../../src/mail/search/ask.ts';
import { parseSearch } from '../../../src/mail/search/parse.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { type Script, startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';
import { startCuttableProxy, startDelayProxy } from '../../support/servers/proxies.ts';
import { testServers } from '../../support/servers/servers.ts';

const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const PAGE = { page: 1, perPage: 20 };
const DELAY_MS = 40;

/** One message as FETCH answers it. */
const fetched = (sequence: number, uid: number, subject = `uid ${uid}`) =>
  `* ${sequence} FETCH (UID ${uid} FLAGS () INTERNALDATE "04-Mar-2025 05:06:07 +0000" RFC822.SIZE 9 ENVELOPE (NIL "${subject}" NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 4 1) BODY[HEADER.FIELDS (REFERENCES)] "" BODY[1]<0> "text")`;

/** Round trips that `use` takes on a warm connection with 40 ms each way. */
async function roundTrips(account: MailAccount, use: Parameters<typeof withImap>[1]): Promise<number> {
  const { host, tlsPort: port } = testServers().imap;
  await using proxy = await startDelayProxy({ target: { host, port }, delayMs: DELAY_MS });
  const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
  return await withImap({ ...account, imap: { ...account.imap, server } }, async (imap) => {
    await use(imap);
    const before = proxy.roundTrips();
    await use(imap);
    return proxy.roundTrips() - before;
  });
}

describe('on a warm connection, one round trip is enough for', () => {
  const html = `<p>${'Hello again. '.repeat(200)}</p>`;
  const text = 'Hello.\r\n'.repeat(300);
  const attachments = [{ filename: 'a.bin', content: Buffer.alloc(90_000, 1) }];
  const letters = {
    'plain text': message({ text }),
    'HTML alone': message({ html }),
    'text and HTML': message({ text, html }),
    'text with an attachment': message({ text, attachments }),
    'text and HTML with an attachment': message({ text, html, attachments }),
  };

  test('a page', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message(), message()] });
    expect(await roundTrips(account, (imap) => listMessages(imap, 'INBOX', PAGE))).toBe(1);
  });

  test('a search', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message(), message()] });
    expect(await roundTrips(account, (imap) => searchMessages(imap, 'INBOX', parseSearch('UNSEEN'), PAGE))).toBe(1);
  });

  test.for(Object.entries(letters))('a message of %s', async ([, letter]) => {
    const account = newAccount();
    const {
      INBOX: [uid = 0],
    } = await appendMessages(account, { INBOX: [letter] });
    const read = await withImap(account, (imap) => readMessage(imap, 'INBOX', uid, { format: 'text' }));
    expect(read.text).toContain('Hello');
    expect(await roundTrips(account, (imap) => readMessage(imap, 'INBOX', uid, { format: 'text' }))).toBe(1);
  });

  test.for([
    ['plain text', 'both'],
    ['text and HTML', 'both'],
    ['text and HTML', 'html'],
  ] as const)('a message of %s, asked for as %s', async ([name, format]) => {
    const account = newAccount();
    const {
      INBOX: [uid = 0],
    } = await appendMessages(account, { INBOX: [letters[name]] });
    expect(await roundTrips(account, (imap) => readMessage(imap, 'INBOX', uid, { format }))).toBe(1);
  });

  test('another mailbox that was open before', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message()], Other: [message()] });
    const use = async (imap: Parameters<Parameters<typeof withImap>[1]>[0]) => {
      await listMessages(imap, 'Other', PAGE);
      await listMessages(imap, 'INBOX', PAGE);
    };
    expect(await roundTrips(account, use)).toBe(2);
  });
});

describe('a long text', () => {
  test.for([32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 100_000])('of %i bytes is read to its end', async (length) => {
    const account = newAccount();
    const body = `${'x'.repeat(length - 3)}end`;
    const raw = `Subject: long\r\nContent-Type: text/plain\r\n\r\n${body}`;
    const {
      INBOX: [uid = 0],
    } = await appendMessages(account, { INBOX: [message({ raw })] });
    const read = await withImap(account, (imap) => readMessage(imap, 'INBOX', uid));
    expect(read.text).toBe(body);
  });

  test('inside another part is read to its end', async () => {
    const account = newAccount();
    const text = `${'y'.repeat(70)}\r\n`.repeat(2_000);
    const letter = message({ text, html: '<p>short</p>', attachments: [{ filename: 'a.txt', content: 'x' }] });
    const {
      INBOX: [uid = 0],
    } = await appendMessages(account, { INBOX: [letter] });
    const read = await withImap(account, (imap) => readMessage(imap, 'INBOX', uid));
    expect(read.text?.length).toBe(text.replaceAll('\r\n', '\n').trimEnd().length);
    expect(read.html).toContain('short');
  });
});

describe('what changed in between', () => {
  test('another connection added, removed and flagged is in the answer', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [message({ subject: 'a' }), message({ subject: 'b' })] });
    await withImap(account, async (reader) => {
      const page = async () => {
        const { total, messages } = await listMessages(reader, 'INBOX', PAGE);
        return { total, subjects: messages.map(({ subject }) => subject), flags: messages.map(({ flags }) => flags) };
      };
      expect(await page()).toMatchObject({ total: 2, subjects: ['b', 'a'] });
      await appendMessages(account, { INBOX: [message({ subject: 'c' })] });
      expect(await page()).toMatchObject({ total: 3, subjects: ['c', 'b', 'a'] });
      const search = () => searchMessages(reader, 'INBOX', parseSearch('UNSEEN'), PAGE);
      await withImap(account, (other) => updateFlags(other, 'INBOX', INBOX[0] ?? 0, { add: ['\\Seen'], remove: [] }));
      expect(await page()).toMatchObject({ flags: [[], [], ['\\Seen']] });
      await withImap(account, (other) => updateFlags(other, 'INBOX', INBOX[1] ?? 0, { add: ['\\Seen'], remove: [] }));
      expect((await search()).count).toBe(1);
      expect((await readMessage(reader, 'INBOX', INBOX[1] ?? 0)).flags).toEqual(['\\Seen']);
    });
  });

  test('one gone and one new leave the number as it was, and the page is right all the same', async () => {
    let fetches = 0;
    await using server = await startScriptedImap((command) => {
      if (command.startsWith('FETCH')) {
        fetches += 1;
        const uids = fetches < 3 ? [5, 6, 7] : [6, 7, 8];
        return `${uids.map((uid, index) => fetched(index + 1, uid)).join('\n')}\nTAG OK done`;
      }
      return command === 'NOOP' && fetches === 2 ? '* 1 EXPUNGE\n* 3 EXISTS\nTAG OK done' : undefined;
    });
    await withImap(server, async (imap) => {
      await listMessages(imap, 'INBOX', PAGE);
      const { total, messages } = await listMessages(imap, 'INBOX', PAGE);
      expect([total, ...messages.map(({ uid }) => uid)]).toEqual([3, 8, 7, 6]);
    });
  });

  test('a mailbox that has shrunk while another was open is asked for its page once more', async () => {
    let opened = 0;
    const script: Script = (command) => {
      if (command.startsWith('EXAMINE "INBOX"')) {
        opened += 1;
        return `* ${opened === 1 ? 3 : 1} EXISTS\n* OK [UIDVALIDITY 7] valid\nTAG OK [READ-ONLY] open`;
      }
      if (command.startsWith('FETCH 1:3') && opened === 2) return 'TAG BAD no such message';
      const last = /^FETCH 1:(\d)/.exec(command)?.[1] ?? (command.startsWith('FETCH 1 ') ? '1' : undefined);
      if (last === undefined) return undefined;
      const lines = Array.from({ length: Number(last) }, (_, index) => fetched(index + 1, index + 1));
      return `${lines.join('\n')}\nTAG OK done`;
    };
    await using server = await startScriptedImap(script);
    await withImap(server, async (imap) => {
      await listMessages(imap, 'INBOX', PAGE);
      await listMessages(imap, 'Other', PAGE);
      const { total, messages } = await listMessages(imap, 'INBOX', PAGE);
      expect([total, messages.length]).toEqual([1, 1]);
    });
  });
});

describe('a mailbox that cannot be opened', () => {
  test('gives nothing of the one that was open before', async () => {
    await using server = await startScriptedImap((command) => {
      if (command.startsWith('EXAMINE "Gone"')) return 'TAG NO [NONEXISTENT] no such mailbox';
      // Some servers keep the old mailbox open.
      if (command.startsWith('UID FETCH')) return `${fetched(1, 5, 'of the old mailbox')}\nTAG OK done`;
      return undefined;
    });
    await withImap(server, async (imap) => {
      expect((await readMessage(imap, 'INBOX', 5)).subject).toBe('of the old mailbox');
      await expect(readMessage(imap, 'Gone', 5)).rejects.toThrow('There is no mailbox "Gone"');
      expect(imap.selected).toBeNull();
    });
  });

  test('is never followed by a change in the same breath', async () => {
    await using server = await startScriptedImap((command) =>
      command.startsWith('SELECT') ? 'TAG NO [NONEXISTENT] no such mailbox' : undefined,
    );
    await withImap(server, async (imap) => {
      await expect(updateFlags(imap, 'Gone', 5, { add: ['\\Seen'], remove: [] })).rejects.toThrow('no mailbox "Gone"');
    });
    expect(server.commands.filter((command) => command.startsWith('UID STORE'))).toEqual([]);
  });
});

describe('a server that', () => {
  test('answers out of turn loses the connection, not the truth', async () => {
    await using server = await startScriptedImap((command) => (command.startsWith('UID SEARCH') ? '' : undefined));
    await withImap(server, async (imap) => {
      const search = () => searchMessages(imap, 'INBOX', parseSearch('SEEN'), PAGE);
      await imap.select('INBOX', { readOnly: true, fresh: false });
      await expect(search()).rejects.toMatchObject({ code: 'PROTOCOL_UnexpectedTag' });
      expect(imap.isUsable).toBe(false);
    });
  });

  test('refuses parts that a message lacks is asked for the others alone', async () => {
    await using server = await startScriptedImap((command) => {
      if (/^UID FETCH .*BODY\.PEEK\[2\]/.test(command)) return 'TAG NO no such part';
      if (/^UID FETCH/.test(command)) return `${fetched(1, 5)}\nTAG OK done`;
      return undefined;
    });
    await withImap(server, async (imap) => {
      expect(await readMessage(imap, 'INBOX', 5, { format: 'both' })).toMatchObject({ text: 'text', warnings: [] });
    });
  });

  test('counts other bytes than it sends is asked for the part', async () => {
    const inner =
      '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 4 1)("TEXT" "HTML" NIL NIL NIL "7BIT" 4 1) "ALTERNATIVE" ("BOUNDARY" "b")';
    const body = '--b\r\nContent-Type: text/plain\r\n\r\nwrong\r\n--b--';
    await using server = await startScriptedImap((command) => {
      if (/^UID FETCH .*BODY\.PEEK\[1\.1\]/.test(command)) return '* 1 FETCH (UID 5 BODY[1.1]<0> "good")\nTAG OK done';
      if (!command.startsWith('UID FETCH')) return undefined;
      const structure = `((${inner}) "MIXED" ("BOUNDARY" "a"))`;
      return `* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 9 ENVELOPE (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE ${structure} BODY[HEADER.FIELDS (REFERENCES)] "" BODY[1]<0> {${body.length}}\n${body})\nTAG OK done`;
    });
    await withImap(server, async (imap) => {
      expect((await readMessage(imap, 'INBOX', 5, { format: 'text' })).text).toBe('good');
    });
  });
});

describe('a warm connection that nobody has used for a while', () => {
  test('and that has died without a word costs a short wait, and the call is repeated', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message()] });
    const { host, tlsPort: port } = testServers().imap;
    await using proxy = await startCuttableProxy({ target: { host, port } });
    const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
    const limits = { staleAfterMs: 50, staleAnswerMs: 200, silenceMs: 20_000 };
    const pool = createImapPool({ log: silentLog, limits });
    const list = () =>
      pool.withConnection({ imap: { ...account.imap, server } }, (imap) => listMessages(imap, 'INBOX', PAGE), {
        retry: true,
      });
    await list();
    await sleep(100);
    proxy.freeze();
    setTimeout(() => proxy.thaw(), 150);
    // Nothing that only asks is repeated after the long silence, so an answer means that the short one was enough.
    expect((await list()).total).toBe(1);
    expect(proxy.accepted()).toBe(2);
    await pool.close();
  });

  test('proves itself before it changes anything', async () => {
    await using server = await startScriptedImap(() => undefined);
    const pool = createImapPool({ log: silentLog });
    const account = {
      imap: { server: server.server, login: { kind: 'password' as const, username: 'ada', password: 'secret' } },
    };
    const append = () => pool.withConnection(account, (imap) => appendMessage(imap, 'Drafts', Buffer.from('x'), []));
    await append();
    await append();
    await pool.close();
    const sent = server.commands.map((command) => command.split(' ')[0]);
    expect(sent.filter((name) => name === 'APPEND' || name === 'NOOP')).toEqual(['APPEND', 'NOOP', 'APPEND']);
  });
});

describe('what a mailbox is for', () => {
  test('is remembered, but not that there is none', async () => {
    let lists = 0;
    await using server = await startScriptedImap((command) => {
      if (!command.startsWith('LIST')) return undefined;
      lists += 1;
      return `* LIST (\\Sent) "/" Sent\n${lists > 1 ? '* LIST (\\Trash) "/" Bin\n' : ''}TAG OK done`;
    });
    await withImap(server, async (imap) => {
      await expect(findMailbox(imap, 'trash')).rejects.toThrow('trash');
      expect(await findMailbox(imap, 'trash')).toBe('Bin');
      expect(await findMailbox(imap, 'sent')).toBe('Sent');
      expect(lists).toBe(2);
    });
  });
});

describe('what a search has found', () => {
  const odd = Array.from({ length: 100_000 }, (_, index) => 2 * index + 1);

  test.for([
    ['in ranges', `* ESEARCH (TAG "TAG") UID ALL ${odd.join(',')}`],
    ['one by one', `* SEARCH ${odd.join(' ')}`],
  ] as const)('among 200,000 messages takes no time to speak of, told %s', async ([, answer]) => {
    await using server = await startScriptedImap((command) =>
      command.startsWith('UID SEARCH') ? `${answer}\nTAG OK done` : undefined,
    );
    await withImap(server, async (imap) => {
      const search = async () =>
        expect(await searchMessages(imap, 'INBOX', parseSearch('SEEN'), { page: 2, perPage: 3 })).toMatchObject({
          count: 100_000,
          uids: [199_993, 199_991, 199_989],
        });
      expect(await cpuMs(search)).toBeLessThan(3_000);
    });
  });

  test('is counted once and given newest first, however the server tells it', () => {
    const found = new FoundUids([
      [7, 9],
      [1, 3],
      [3, 4],
      [8, 8],
      [20, 20],
    ]);
    expect(found.count).toBe(8);
    expect(found.newest(0, 100)).toEqual([20, 9, 8, 7, 4, 3, 2, 1]);
    expect(found.newest(2, 3)).toEqual([8, 7, 4]);
    expect(found.newest(8, 3)).toEqual([]);
  });
});

test('a TLS session is resumed', async () => {
  const account = newAccount();
  const { host, tlsPort } = testServers().imap;
  const resumed = async () => {
    await withImap(account, (imap) => imap.run('NOOP'));
    const session = sessionFor(`${host}:${tlsPort}`);
    const socket = connect({ host, port: tlsPort, ...(session && { session }) });
    await once(socket, 'secureConnect');
    const isReused = socket.isSessionReused();
    socket.destroy();
    return isReused;
  };
  expect(await resumed()).toBe(true);
});
