import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import type { MailAccount } from '../../../src/mail/account.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type Script, type ScriptedImap, startScriptedImap } from '../../support/mail/scripted-imap.ts';

/** UIDs are ten times the sequence numbers. */
const COUNT = 20;
const numbers = Array.from({ length: COUNT }, (_, n) => n + 1);
const ALL_UIDS = numbers.map((n) => n * 10).reverse();

/** A mailbox of 20 messages, on a server that misbehaves when a FETCH matches `reach` and one of the bad messages. */
async function mailboxWith(bad: readonly number[], misbehave: Script, reach: RegExp = /FLAGS/) {
  const server = await startScriptedImap((command, socket) => {
    if (/^(EXAMINE|SELECT)/.test(command)) return `* ${COUNT} EXISTS\n* OK [UIDVALIDITY 7] valid\nTAG OK done`;
    if (/^UID SEARCH/.test(command)) return `* SEARCH ${numbers.map((n) => n * 10).join(' ')}\nTAG OK done`;
    const [, byUid, set = ''] = /^(UID )?FETCH (\S+) /.exec(command) ?? [];
    if (set === '') return undefined;
    const asked = numbers.map((n) => n * 10).filter((uid) => covers(set, byUid === undefined ? uid / 10 : uid));
    const isBad = reach.test(command) && asked.some((uid) => bad.includes(uid));
    return (
      (isBad && misbehave(command, socket)) || `${asked.map((uid) => answer(uid, command)).join('\n')}\nTAG OK done`
    );
  });
  const tools = openMailTools(onServer(server));
  return {
    ...server,
    tools,
    /** FETCH commands that ask for more than UIDs. */
    fetches: () => server.commands.filter((command) => /FETCH.*FLAGS/.test(command)),
    [Symbol.asyncDispose]: async () => {
      await tools[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function covers(set: string, number: number): boolean {
  return set.split(',').some((range) => {
    const [first = 0, last = first] = range.split(':').map(Number);
    return first <= number && number <= last;
  });
}

function answer(uid: number, command: string): string {
  const items = [
    /FLAGS/.test(command) ? ' FLAGS (\\Seen) RFC822.SIZE 5' : '',
    /INTERNALDATE/.test(command) ? ' INTERNALDATE "01-Jan-2025 00:00:00 +0000"' : '',
    /ENVELOPE/.test(command) ? ` ENVELOPE (NIL "Subject ${uid}" NIL NIL NIL NIL NIL NIL NIL NIL)` : '',
    /BODY\.PEEK\[1\]/.test(command) ? ' BODY[1]<0> "Hello"' : '',
    /BODYSTRUCTURE/.test(command) ? ' BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)' : '',
  ];
  return `* ${uid / 10} FETCH (UID ${uid}${items.join('')})`;
}

function onServer({ server }: ScriptedImap): MailAccount {
  const endpoint = { server, login: { kind: 'password' as const, username: randomUUID(), password: 'secret' } };
  return { fullName: '', email: 'ada@example.test', imap: endpoint, smtp: endpoint };
}

const drop: Script = (_command, socket) => {
  socket.destroy();
  return '';
};
const CALLS = [
  ['list_mail_messages', { folder: 'INBOX' }],
  ['search_mail_messages', { query: 'ALL', with_envelopes: true }],
] as const;
const READABLE = { subject: expect.stringMatching(/^Subject \d+$/), date: '2025-01-01T00:00:00Z' };
const UNREADABLE = { unreadable: expect.stringMatching(/about this message.*get_mail_message may/) };

describe.each(CALLS)('%s', (tool, args) => {
  test.each<[string, Script]>([
    ['drops the connection', drop],
    ['refuses', () => 'TAG NO [SERVERBUG] Internal error'],
    ['refuses without a response code', () => 'TAG NO no'],
    ['announces a literal of 3 GB', () => '* 13 FETCH (UID 130 ENVELOPE (NIL {3000000000}'],
    ['sends an invalid response', () => '* 13 FETCH (UID 130\nTAG ((('],
  ])('a message at which the server %s does not affect the others of its page', async (_name, misbehave) => {
    await using server = await mailboxWith([130], misbehave);
    // On a new connection, and on a warm one.
    for (const _ of [1, 2]) {
      const { messages } = await server.tools.call(tool, args);
      expect(messages).toEqual(
        ALL_UIDS.map((uid) => expect.objectContaining({ uid, ...(uid === 130 ? UNREADABLE : READABLE) })),
      );
    }
  });

  test('items of such a message that the server does return are listed', async () => {
    await using structure = await mailboxWith([50], drop, /BODYSTRUCTURE/);
    expect(await structure.tools.call(tool, args)).toMatchObject({
      messages: ALL_UIDS.map((uid) => ({
        uid,
        ...READABLE,
        ...(uid === 50 && { unreadable: expect.stringContaining('which files') }),
      })),
    });
    await using envelope = await mailboxWith([50], drop, /ENVELOPE/);
    const { messages } = await envelope.tools.call(tool, args);
    expect(messages).toContainEqual(expect.objectContaining({ ...UNREADABLE, uid: 50, date: '2025-01-01T00:00:00Z' }));
  });

  test.each<[string, Script]>([
    ['drops the connection', drop],
    ['refuses', () => 'TAG NO [SERVERBUG] Internal error'],
  ])('a text at which the server %s costs the previews, not the page', async (_name, misbehave) => {
    await using good = await mailboxWith([], misbehave);
    const whole = await good.tools.call(tool, { ...args, preview: 50 });
    expect(whole.messages).toEqual(
      ALL_UIDS.map((uid) => expect.objectContaining({ uid, ...READABLE, preview: 'Hello' })),
    );
    expect(whole).not.toHaveProperty('warning');
    await using bad = await mailboxWith([130], misbehave, /BODY\.PEEK\[1\]/);
    const { messages, warning } = await bad.tools.call(tool, { ...args, preview: 50 });
    expect(messages).toEqual(ALL_UIDS.map((uid) => expect.objectContaining({ uid, ...READABLE })));
    expect(warning).toContain('previews could not be read');
  });

  test('several such messages, and a page of one of them, are listed', async () => {
    await using server = await mailboxWith([20, 190], drop);
    const { messages } = await server.tools.call(tool, args);
    expect(messages).toEqual(
      ALL_UIDS.map((uid) => expect.objectContaining({ uid, ...([20, 190].includes(uid) ? UNREADABLE : READABLE) })),
    );
    const page = await server.tools.call(tool, { ...args, per_page: 1, page: 2 });
    expect(page.messages).toEqual([expect.objectContaining({ uid: 190, ...UNREADABLE })]);
  });

  test('if the server fails on all of them, the number of attempts is bounded, and the fault is reported', async () => {
    await using server = await mailboxWith(ALL_UIDS, drop);
    expect(await server.tools.failure(tool, args)).toMatchObject({ fault: 'refused' });
    expect(server.connections()).toBeLessThan(30);
  });

  test('messages that are not reached in a bounded number of attempts are listed as unreadable', async () => {
    const bad = ALL_UIDS.filter((uid) => uid % 20 === 0);
    await using server = await mailboxWith(bad, drop);
    const { messages } = await server.tools.call(tool, args);
    expect(messages).toEqual(ALL_UIDS.map((uid) => expect.objectContaining({ uid })));
    expect(messages).toContainEqual(expect.objectContaining(READABLE));
    expect(messages).toContainEqual(expect.objectContaining(UNREADABLE));
    expect(server.connections()).toBeLessThan(30);
  });

  test('a server that falls silent at a message is not asked again', async () => {
    await using server = await mailboxWith([50], () => '* OK still there');
    await using tools = openMailTools(onServer(server), { imap: { silenceMs: 500 } });
    const failure = await tools.failure(tool, args);
    expect(failure).toBeInstanceOf(UpstreamError);
    expect(failure).toMatchObject({ fault: 'timeout' });
    expect(server.fetches()).toHaveLength(1);
  });
});
