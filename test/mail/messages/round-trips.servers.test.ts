import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import type { ImapConnection } from '../../../src/mail/imap/imap-connection.ts';
import { sessionFor } from '../../../src/mail/imap/tls-sessions.ts';
import { listArrivals } from '../../../src/mail/messages/arrivals.ts';
import { updateFlags } from '../../../src/mail/messages/change.ts';
import { readChanges, readCursor } from '../../../src/mail/messages/changes.ts';
import { listMessages } from '../../../src/mail/messages/list.ts';
import { readPreviews } from '../../../src/mail/messages/previews.ts';
import { readMessage } from '../../../src/mail/messages/read.ts';
import { searchMessages } from '../../../src/mail/messages/search-messages.ts';
import { createImapPool } from '../../../src/mail/pool/pool.ts';
import { parseSearch } from '../../../src/mail/search/parse.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { withImap } from '../../support/mail/with-imap.ts';
import { startCuttableProxy, startDelayProxy } from '../../support/servers/proxies.ts';
import { testServers } from '../../support/servers/servers.ts';

const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const PAGE = { page: 1, perPage: 20 };
const DELAY_MS = 40;

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
  const part = (type: string, content: string) => `Content-Type: ${type}\n\n${content}\n`;
  const report = `Content-Type: multipart/report; boundary=b\n\n--b\n${part('text/plain', 'Hello.')}--b\n${part('message/delivery-status', 'Final-Recipient: rfc822; a@example.test\nAction: failed\n')}--b--\n`;
  const calendar = 'BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR';
  const forms = [
    part('text/plain', 'Hello.'),
    part('text/html', '<p>Hello.'),
    part('text/calendar; method=REQUEST', calendar),
  ];
  const invitation = `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n${forms.join('--c\n')}--c--\n--b\n${part('application/ics; name=invite.ics', calendar)}--b--\n`;
  const letters = {
    'plain text': message({ text }),
    'HTML alone': message({ html }),
    'text and HTML': message({ text, html }),
    'text with an attachment': message({ text, attachments }),
    'text and HTML with an attachment': message({ text, html, attachments }),
    'text with a delivery report': message({ raw: report }),
    'text, HTML and an invitation, which is attached as well': message({ raw: invitation }),
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

  test('the previews of a page whose messages have their texts in different parts', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: Object.values(letters) });
    const use = async (imap: ImapConnection) => {
      const { uidValidity, messages } = await listMessages(imap, 'INBOX', PAGE);
      const request = { pages: [{ mailbox: 'INBOX', uidValidity, messages }], chars: 40 };
      const { texts, areComplete } = await readPreviews((run) => run(imap), request);
      expect([...texts.values()]).toEqual(messages.map(() => expect.stringMatching(/^Hello/)));
      expect(areComplete).toBe(true);
    };
    // The other one is for the page.
    expect(await roundTrips(account, use)).toBe(2);
  });

  test('all changes since a cursor', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message(), message()] });
    const cursor = await withImap(account, (imap) => readCursor((run) => run(imap), 'INBOX'));
    await appendMessages(account, { INBOX: [message({ subject: 'new' })] });
    const use = async (imap: ImapConnection) => {
      const changes = await readChanges((run) => run(imap), 'INBOX', cursor, { count: 20 });
      expect(changes).toMatchObject({ messages: [{ subject: 'new' }], changed: [], gone: '' });
    };
    expect(await roundTrips(account, use)).toBe(1);
  });

  test('each of two mailboxes that are used in turn', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message()], Other: [message()] });
    const use = async (imap: Parameters<Parameters<typeof withImap>[1]>[0]) => {
      await listMessages(imap, 'Other', PAGE);
      await listMessages(imap, 'INBOX', PAGE);
    };
    expect(await roundTrips(account, use)).toBe(2);
  });
});

test('two round trips are enough for a page of what has arrived since a time, with a cursor', async () => {
  const account = newAccount();
  await appendMessages(account, { INBOX: [message(), message()] });
  const since = new Date('2025-03-01T00:00:00Z');
  const use = async (imap: ImapConnection) => {
    const { total, cursor } = await listArrivals((run) => run(imap), 'INBOX', since, PAGE);
    expect([total, cursor.uidNext]).toEqual([2, 3]);
  };
  expect(await roundTrips(account, use)).toBe(2);
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

describe('a change by another connection', () => {
  test('is in the next response: messages added and flagged', async () => {
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
});

describe('a warm connection that was idle', () => {
  test('is not probed before a mailbox is opened and searched', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message()] });
    const { host, tlsPort: port } = testServers().imap;
    await using proxy = await startDelayProxy({ target: { host, port }, delayMs: DELAY_MS });
    const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
    const pool = createImapPool({ log: silentLog, limits: { staleAfterMs: 50 } });
    const where = { imap: { ...account.imap, server } };
    const cursor = await pool.withConnection(where, (imap) => readCursor((run) => run(imap), 'INBOX'));
    await sleep(100);
    const before = proxy.roundTrips();
    await pool.withConnection(where, (imap) => readChanges((run) => run(imap), 'INBOX', cursor, { count: 20 }));
    expect(proxy.roundTrips() - before).toBe(1);
    await pool.close();
  });

  test('and is dead without an error costs a short wait, and the call is repeated', async () => {
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
    // The call is repeated only after the short timeout: after the long one it would fail.
    expect((await list()).total).toBe(1);
    expect(proxy.accepted()).toBe(2);
    await pool.close();
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
