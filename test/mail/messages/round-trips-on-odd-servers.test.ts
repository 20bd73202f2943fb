import { describe, expect, test } from 'vitest';
import { findMailboxByRole } from '../../../src/mail/mailbox/find-by-role.ts';
import { appendMessage, updateFlags } from '../../../src/mail/messages/change.ts';
import { listMessages } from '../../../src/mail/messages/list.ts';
import { readMessage } from '../../../src/mail/messages/read.ts';
import { searchMessages } from '../../../src/mail/messages/search-messages.ts';
import { createImapPool } from '../../../src/mail/pool/pool.ts';
import { parseSearch } from '../../../src/mail/search/parse.ts';
import { FoundUids } from '../../../src/mail/search/uid-search.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';
import { type Script, startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const PAGE = { page: 1, perPage: 20 };

/** The FETCH response about one message. */
const fetched = (sequence: number, uid: number, subject = `uid ${uid}`) =>
  `* ${sequence} FETCH (UID ${uid} FLAGS () INTERNALDATE "04-Mar-2025 05:06:07 +0000" RFC822.SIZE 9 ENVELOPE (NIL "${subject}" NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 4 1) BODY[HEADER.FIELDS (REFERENCES)] "" BODY[1]<0> "text")`;

describe('a change by another connection', () => {
  test('that removes one message and adds one is noticed, although the number of messages stays the same', async () => {
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

  test('that removes messages of a mailbox while another is open causes a second request of the page', async () => {
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
  test('returns no data of the one that was open before', async () => {
    await using server = await startScriptedImap((command) => {
      if (command.startsWith('EXAMINE "Gone"')) return 'TAG NO [NONEXISTENT] no such mailbox';
      // Some servers keep the previous mailbox open.
      if (command.startsWith('UID FETCH')) return `${fetched(1, 5, 'of the old mailbox')}\nTAG OK done`;
      return undefined;
    });
    await withImap(server, async (imap) => {
      expect((await readMessage(imap, 'INBOX', 5)).subject).toBe('of the old mailbox');
      await expect(readMessage(imap, 'Gone', 5)).rejects.toThrow('There is no mailbox "Gone"');
      expect(imap.selected).toBeNull();
    });
  });

  test('is not followed by a change in the same round trip', async () => {
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
  test('responds with a wrong tag is disconnected, and the data of the response is discarded', async () => {
    await using server = await startScriptedImap((command) => (command.startsWith('UID SEARCH') ? '' : undefined));
    await withImap(server, async (imap) => {
      const search = () => searchMessages(imap, 'INBOX', parseSearch('SEEN'), PAGE);
      await imap.select('INBOX', { readOnly: true, fresh: false });
      await expect(search()).rejects.toMatchObject({ code: 'PROTOCOL_UnexpectedTag' });
      expect(imap.isUsable).toBe(false);
    });
  });

  test('refuses parts that a message does not have is asked for the others only', async () => {
    await using server = await startScriptedImap((command) => {
      if (/^UID FETCH .*BODY\.PEEK\[2\]/.test(command)) return 'TAG NO no such part';
      if (/^UID FETCH/.test(command)) return `${fetched(1, 5)}\nTAG OK done`;
      return undefined;
    });
    await withImap(server, async (imap) => {
      expect(await readMessage(imap, 'INBOX', 5, { format: 'both' })).toMatchObject({ text: 'text', warnings: [] });
    });
  });

  test('returns another number of bytes for a prefetched part than BODYSTRUCTURE states is asked for the part again', async () => {
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

describe('a warm connection that was idle', () => {
  test('is probed before a change', async () => {
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

describe('the role of a mailbox', () => {
  test('is cached, but not its absence', async () => {
    let lists = 0;
    await using server = await startScriptedImap((command) => {
      if (!command.startsWith('LIST')) return undefined;
      lists += 1;
      return `* LIST (\\Sent) "/" Sent\n${lists > 1 ? '* LIST (\\Trash) "/" Bin\n' : ''}TAG OK done`;
    });
    await withImap(server, async (imap) => {
      await expect(findMailboxByRole(imap, 'trash')).rejects.toThrow('trash');
      expect(await findMailboxByRole(imap, 'trash')).toBe('Bin');
      expect(await findMailboxByRole(imap, 'sent')).toBe('Sent');
      expect(lists).toBe(2);
    });
  });
});

describe('the result of a search', () => {
  const odd = Array.from({ length: 100_000 }, (_, index) => 2 * index + 1);

  test.for([
    ['in ranges', `* ESEARCH (TAG "TAG") UID ALL ${odd.join(',')}`],
    ['one by one', `* SEARCH ${odd.join(' ')}`],
  ] as const)('among 200,000 messages is parsed within three seconds, with UIDs %s', async ([, answer]) => {
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

  test('counts each UID once and returns the newest first, in every order of ranges', () => {
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
