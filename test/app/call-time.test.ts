/** The time of a call: it is answered before its client gives up, whatever the mail server does. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createBackground } from '../../src/app/background.ts';
import { type ChangeLimits, createChangePlaces } from '../../src/app/change-places.ts';
import { createChangeLimit, openMailSession } from '../../src/app/mail-session.ts';
import type { AttachmentStore } from '../../src/attachments/store.ts';
import { createExtraction } from '../../src/extraction/extraction.ts';
import { createImapPool } from '../../src/mail/pool/pool.ts';
import { createRecentResults } from '../../src/mail/send-once/recent-results.ts';
import { createMemoryState } from '../../src/state/memory.ts';
import { createWorkers } from '../../src/workers/workers.ts';
import { startMcpApp } from '../support/app/mcp-app.ts';
import { waitUntil } from '../support/app/wait-until.ts';
import { type Script, startScriptedImap } from '../support/mail/scripted-imap.ts';
import { startScriptedSmtp } from '../support/mail/scripted-smtp.ts';

const CALL_MS = 700;
const log = { debug() {}, info() {}, warn() {}, error() {} };

/** An app whose calls have less than a second, at mail servers that answer as the test says. */
async function start(
  script: Script,
  smtpAnswers: Record<string, string | null | Promise<string>> = {},
  limits: Partial<ChangeLimits> = {},
) {
  const imap = await startScriptedImap(script, { capabilities: 'IMAP4rev1 UIDPLUS MOVE SPECIAL-USE' });
  const smtp = await startScriptedSmtp({ answers: smtpAnswers });
  const now = () => new Date();
  const pool = createImapPool({ log, pool: { closeMs: 10 } });
  const workers = createWorkers({});
  const background = createBackground();
  const none = async () => {
    throw new Error('This test has no attachments');
  };
  const store: AttachmentStore = { publish: none, fetchOwn: none };
  const services = {
    ...{ pool, workers, extraction: createExtraction(), store, now, log, background },
    changes: createChangeLimit(),
    postOneClick: none,
    messageIdSecret: Buffer.alloc(32),
    recentResults: createRecentResults({ now }),
    sends: { state: createMemoryState({ now }), areAllCounted: true },
  };
  const app = await startMcpApp({
    callMs: CALL_MS,
    background,
    changePlaces: createChangePlaces(limits),
    openMailSession: (grant, exchange) => openMailSession(grant, services, exchange),
  });
  const servers = { imap: imap.server, smtp: smtp.server };
  return {
    imap,
    smtp,
    pool,
    background,
    /** Sends a call of which no answer is awaited. */
    async abandon(name: string, args: object) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${await app.token('ann', servers)}`,
      };
      const sent = request(`${app.origin}/mcp`, { method: 'POST', headers }).on('error', () => {});
      sent.end(body);
      return sent;
    },
    /** Each call has a token of its own. */
    async call(name: string, args: object, user = 'ann') {
      const startedAt = performance.now();
      const token = await app.token(user, servers);
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
      const { result } = JSON.parse(await (await app.post(body, { token })).text());
      return { isError: result.isError, text: String(result.content[0].text), ms: performance.now() - startedAt };
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      imap.cut();
      await Promise.all([pool.close(), imap[Symbol.asyncDispose](), smtp[Symbol.asyncDispose](), workers.close()]);
    },
  };
}

const LISTED = '* LIST () "/" INBOX\n* LIST (\\Sent) "/" Sent\n* LIST (\\Drafts) "/" Drafts\nTAG OK done';
const FETCHED = '* 1 FETCH (UID 5 FLAGS ())\nTAG OK done';

/** Sends untagged lines for ever. */
function chatter(socket: Socket): string {
  const timer = setInterval(() => socket.write('* OK still here\r\n'), 20);
  socket.once('close', () => clearInterval(timer));
  return '';
}

describe.concurrent('a call that reads', () => {
  test.each([
    [
      'goes on with untagged lines',
      'list_mailboxes',
      {},
      (command: string, socket: Socket) => (command.includes('LIST') ? chatter(socket) : undefined),
    ],
    ['is silent', 'list_mailboxes', {}, (command: string) => (command.includes('LIST') ? '' : undefined)],
    [
      'is silent at a search',
      'search_mail_messages',
      { query: 'UNSEEN' },
      (command: string) => (command.includes('SEARCH') ? '' : undefined),
    ],
    [
      'is silent at a message',
      'get_mail_message',
      { folder: 'INBOX', uid: 5 },
      (command: string) => (command.includes('FETCH') ? '' : undefined),
    ],
    [
      'is silent before a change',
      'move_mail_message',
      { folder: 'INBOX', uid: 5, destination: 'Sent' },
      (command: string) => (command.includes('FETCH') ? '' : command.includes('LIST') ? LISTED : undefined),
    ],
  ] as const)(
    'is answered in time, and its connection is closed, if the server %s',
    async (_what, tool, args, script) => {
      await using app = await start(script);
      const { isError, text, ms } = await app.call(tool, args);
      expect({ isError, text }).toEqual({ isError: true, text: expect.stringContaining('Nothing was changed') });
      expect(ms).toBeLessThan(CALL_MS + 2_000);
      await waitUntil(2_000, () => app.pool.size().inUse === 0);
    },
  );
});

describe.concurrent('a call that changes something', () => {
  test.each([
    ['move_mail_message', { folder: 'INBOX', uid: 5, destination: 'Sent' }, 'UID MOVE'],
    ['update_mail_message_flags', { folder: 'INBOX', uid: 5, add: ['\\Seen'] }, 'UID STORE'],
    ['delete_mail_message', { folder: 'INBOX', uid: 5 }, 'UID STORE'],
    ['create_draft_mail_message', { to: 'bob@b.example', subject: 'x' }, 'APPEND'],
  ])('%s is reported as unknown, and goes on', async (tool, args, stuck) => {
    let finish = () => {};
    await using app = await start((command, socket) => {
      if (command.includes('LIST')) return LISTED;
      if (command.includes('FETCH')) return FETCHED;
      if (!command.startsWith(stuck)) return undefined;
      finish = () => void socket.destroy();
      return '';
    });
    const { isError, text } = await app.call(tool, args);
    expect({ isError, text }).toEqual({ isError: true, text: expect.stringContaining('may happen or not') });
    expect(app.pool.size().inUse).toBe(1);
    finish();
    await app.background.settled(2_000);
    expect(app.pool.size().inUse).toBe(0);
  });
});

describe.concurrent('a call that sends', () => {
  const script: Script = (command) => (command.includes('LIST') ? LISTED : undefined);
  const message = { to: 'bob@b.example', subject: 'x', text_body: 'x' };

  test('is reported as unknown while the message is on its way', async () => {
    await using app = await start(script, { '.': 'hang' });
    const { isError, text } = await app.call('send_mail_message', message);
    expect({ isError, text }).toEqual({ isError: true, text: expect.stringContaining('Sending goes on') });
  });

  test('says that the message was sent if only its copy is late', async () => {
    await using app = await start((command, socket) => (command.startsWith('APPEND') ? '' : script(command, socket)));
    const { text } = await app.call('send_mail_message', message);
    expect(text).toContain('The message was sent');
    expect(app.pool.size().inUse).toBe(1);
  });
  test('reports its result to a later call with the same idempotency_key', async () => {
    const { promise: answer, resolve: accept } = Promise.withResolvers<string>();
    // There is no record in the mailbox: there are no Drafts, and Sent is full.
    const keyed = { ...message, idempotency_key: 'one' };
    const noRecord: Script = (command) => {
      if (command.includes('LIST')) return '* LIST () "/" INBOX\n* LIST (\\Sent) "/" Sent\nTAG OK done';
      return command.startsWith('APPEND') ? 'TAG NO [OVERQUOTA] full' : undefined;
    };
    await using app = await start(noRecord, { '.': answer });
    expect((await app.call('send_mail_message', keyed)).text).toContain('Sending goes on');
    accept('250 ok');
    await app.background.settled(2_000);
    const again = await app.call('send_mail_message', keyed);
    expect(again.isError).toBeFalsy();
    expect(JSON.parse(again.text)).toMatchObject({ already_sent: true, accepted: ['bob@b.example'] });
    expect(app.smtp.commands.filter((command) => command === 'DATA')).toHaveLength(1);
  });
});

describe.concurrent('calls that go on after their answer', () => {
  const message = { to: 'bob@b.example', subject: 'x', text_body: 'x' };
  const stuckAt =
    (command: string): Script =>
    (line) => {
      if (line.includes('LIST')) return LISTED;
      if (line.includes('FETCH')) return FETCHED;
      return line.startsWith(command) ? '' : undefined;
    };

  test.each([
    ['send_mail_message', message, stuckAt('never')],
    ['create_draft_mail_message', message, stuckAt('APPEND')],
    ['update_mail_message_flags', { folder: 'INBOX', uid: 5, add: ['\\Seen'] }, stuckAt('UID STORE')],
    ['move_mail_message', { folder: 'INBOX', uid: 5, destination: 'Sent' }, stuckAt('UID MOVE')],
  ])('have a limit for each account, beyond which %s is refused before it begins', async (tool, args, script) => {
    await using app = await start(script, { '.': 'hang' }, { latePerAccount: 2 });
    const first = await Promise.all([app.call(tool, args), app.call(tool, args)]);
    expect(first.map(({ text }) => text)).toEqual([
      expect.stringContaining('goes on'),
      expect.stringContaining('goes on'),
    ]);
    const commands = [app.imap.commands.length, app.smtp.commands.length];
    const third = await app.call(tool, args);
    expect(third).toMatchObject({ isError: true, text: expect.stringContaining('Nothing was done') });
    expect(third.ms).toBeLessThan(CALL_MS);
    expect(app.smtp.commands).toHaveLength(commands[1] ?? 0);
    expect((await app.call('list_mailboxes', {})).isError).toBeFalsy();
    expect((await app.call(tool, args, 'bob')).text).toContain('goes on');
  });

  test('have a limit in all, beyond which an account without one begins all the same', async () => {
    await using app = await start(stuckAt('never'), { '.': 'hang' }, { lateOverall: 2 });
    await Promise.all([app.call('send_mail_message', message), app.call('send_mail_message', message, 'bob')]);
    expect((await app.call('send_mail_message', message)).text).toContain('Nothing was done');
    expect((await app.call('send_mail_message', message, 'bob')).text).toContain('Nothing was done');
    expect((await app.call('send_mail_message', message, 'carol')).text).toContain('Sending goes on');
  });

  test('wait for a place while others of the account run, and are refused if none becomes free', async () => {
    await using app = await start(stuckAt('never'), { '.': 'hang' }, { perAccount: 2, maxWaitMs: 200 });
    const all = await Promise.all([1, 2, 3].map(() => app.call('send_mail_message', message)));
    expect(all.filter(({ text }) => text.includes('Sending goes on'))).toHaveLength(2);
    expect(all.filter(({ text }) => text.includes('Nothing was done'))).toHaveLength(1);
  });

  test.each([
    ['list_mailboxes', {}],
    ['search_mail_messages', { query: 'UNSEEN' }],
    ['get_mail_message', { folder: 'INBOX', uid: 5 }],
  ])('do not include %s whose client has gone: it ends with its time', async (tool, args) => {
    const silent: Script = (line) => (/LIST|SEARCH|FETCH/.test(line) ? '' : undefined);
    await using app = await start(silent);
    const sent = await app.abandon(tool, args);
    await waitUntil(2_000, () => app.pool.size().inUse === 1);
    sent.destroy();
    await waitUntil(CALL_MS + 1_500, () => app.pool.size().inUse === 0);
  });
});
