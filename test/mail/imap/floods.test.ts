import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { connectImap, type ImapConnection } from '../../../src/mail/imap/imap-connection.ts';
import { listMailboxes } from '../../../src/mail/mailbox/list-mailboxes.ts';
import { listMessages } from '../../../src/mail/messages/list.ts';
import { readMessage } from '../../../src/mail/messages/read.ts';
import { searchMessages } from '../../../src/mail/messages/search-messages.ts';
import { parseSearch } from '../../../src/mail/search/parse.ts';
import type { FLOODS } from '../../support/mail/hostile-imap.ts';

/** Runs in a thread, so that this one only pays for what it reads. */
let server: Worker;
let port: number;
beforeAll(async () => {
  const module = new URL('../../support/mail/hostile-imap.ts', import.meta.url).href;
  const source = `import(${JSON.stringify(module)}).then(async (m) => require('node:worker_threads').parentPort.postMessage((await m.listenHostile()).port))`;
  server = new Worker(source, { eval: true });
  port = await new Promise((resolve, reject) => server.once('message', resolve).once('error', reject));
});
afterAll(() => server.terminate());

const CALLS = {
  list: (imap: ImapConnection) => listMessages(imap, 'INBOX', { page: 1, perPage: 100 }),
  search: (imap: ImapConnection) => searchMessages(imap, 'INBOX', parseSearch('SEEN'), { page: 1, perPage: 20 }),
  read: (imap: ImapConnection) => readMessage(imap, 'INBOX', 5),
  mailboxes: (imap: ImapConnection) => listMailboxes(imap, { counts: false }),
};

/** @returns the result or error of a call, and the longest time that the event loop was not free */
async function flooded(user: keyof typeof FLOODS, call: keyof typeof CALLS) {
  const imap = await connectImap({
    server: { host: '127.0.0.1', port, security: 'cleartext' },
    login: { kind: 'password', username: user, password: 'x' },
  });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  try {
    const result: unknown = await CALLS[call](imap).catch((error: unknown) => error);
    return { result, medianMs: delay.percentile(50) / 1e6, longMs: delay.percentile(98) / 1e6 };
  } finally {
    delay.disable();
    imap.close();
  }
}

/** Far above what a slice takes on a slow machine, far below what these answers took at once. */
const MAX_DELAY_MS = 300;

describe('the event loop stays free while a mail server sends', () => {
  test.each([
    ['two million untagged lines', 'list'],
    ['a million messages not asked for', 'read'],
    ['unreadable lines', 'list'],
    ['a line without end', 'list'],
  ] as const)('%s, and the call ends with an error that says what to do', async (user, call) => {
    const { result, longMs } = await flooded(user, call);
    expect(longMs).toBeLessThan(MAX_DELAY_MS);
    if (result instanceof Error) expect(result).toMatchObject({ code: 'TOO_LARGE' });
  });

  test('a page of messages with thousands of addresses is listed with the first of each, and says so', async () => {
    const { result } = await flooded('a hundred large messages', 'list');
    const Listed = z.object({
      messages: z.array(
        z.object({ from: z.array(z.unknown()), to: z.array(z.unknown()), areAddressesCut: z.boolean() }),
      ),
    });
    const { messages } = Listed.parse(result);
    expect(messages).toHaveLength(100);
    const complete = messages.filter(({ from, to }) => from.length === 900 && to.length === 900);
    expect(messages.every((message) => message.areAddressesCut !== complete.includes(message))).toBe(true);
    expect(messages.every(({ from, to }) => from.length + to.length >= 10)).toBe(true);
    expect(messages.flatMap(({ from, to }) => [...from, ...to]).length).toBeLessThan(8_000);
  });

  test('and no answer of many small pieces is kept', async () => {
    const before = process.memoryUsage().rss;
    const { result } = await flooded('a million empty literals', 'list');
    expect(result).toMatchObject({ code: 'TOO_LARGE' });
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  });

  test.each([
    ['a million UIDs found', 'search', { count: 1_000_000, uids: { 0: 1_999_999, length: 20 } }],
    ['a set of a million ranges', 'search', { count: 2_000_001, uids: { 0: 3_000_000, length: 20 } }],
    ['every UID found', 'search', { count: 4_294_967_295, uids: { 0: 4_294_967_295, length: 20 } }],
    ['a million recipients', 'read', { to: { length: 1000, 999: { address: 'u999@e.test' } } }],
    ['names of encoded words', 'read', { subject: 's', to: expect.any(Array) }],
    ['a hundred thousand parts', 'read', { subject: 's', attachments: expect.any(Array) }],
    ['a million flags', 'read', { subject: 's', flags: { 0: 'k0' } }],
    ['a million parameters', 'read', { subject: 's' }],
    ['a million kept flags', 'list', { total: 0 }],
    ['a mailbox with a million attributes', 'mailboxes', []],
    ['a hundred large messages', 'list', { total: 100, messages: { 0: { subject: 's' } } }],
  ] as const)('%s, and the result is what can be used of it', async (user, call, expected) => {
    const { result, longMs } = await flooded(user, call);
    expect(longMs).toBeLessThan(MAX_DELAY_MS);
    expect(result).toMatchObject(expected);
  });
});
