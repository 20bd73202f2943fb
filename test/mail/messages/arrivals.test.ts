import { expect, test } from 'vitest';
import { listArrivals } from '../../../src/mail/messages/arrivals.ts';
import { createImapPool } from '../../../src/mail/pool/pool.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const fetched = (uid: number) =>
  `* ${uid} FETCH (UID ${uid} FLAGS () INTERNALDATE "04-Mar-2025 0${uid}:00:00 +0000" RFC822.SIZE 9 ENVELOPE (NIL "uid ${uid}" NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 4 1) BODY[HEADER.FIELDS (LIST-ID LIST-UNSUBSCRIBE)]<0> "")`;
const timesOf = (uids: readonly number[]) =>
  uids.map((uid) => `* ${uid} FETCH (UID ${uid} INTERNALDATE "04-Mar-2025 0${uid}:00:00 +0000")`).join('\n');

/** The messages 5, 6 and 7 of a server that breaks off when it is asked for the envelope of 6. */
function breakingServer(breakOff: 'closes the connection' | 'refuses') {
  return startScriptedImap((command, socket) => {
    if (command.startsWith('UID SEARCH')) return '* SEARCH 5 6 7\nTAG OK done';
    const set = /^UID FETCH ([\d,:]+) /.exec(command)?.[1];
    if (set === undefined) return undefined;
    const uids = [5, 6, 7].filter((uid) => {
      return set.split(',').some((range) => {
        const [low = 0, high = low] = range.split(':').map(Number);
        return low <= uid && uid <= high;
      });
    });
    if (!command.includes('ENVELOPE')) {
      return command.includes('RFC822.SIZE') ? 'TAG NO unreadable' : `${timesOf(uids)}\nTAG OK done`;
    }
    if (!uids.includes(6)) return `${uids.map(fetched).join('\n')}\nTAG OK done`;
    if (breakOff === 'refuses') return 'TAG NO unreadable';
    socket.destroy();
    return '';
  });
}

test.for(['closes the connection', 'refuses'] as const)(
  'a message at which the server %s does not affect the others that have arrived',
  async (breakOff) => {
    await using server = await breakingServer(breakOff);
    const login = { kind: 'password' as const, username: 'ada', password: 'secret' };
    const pool = createImapPool({ log });
    const { total, messages } = await listArrivals(
      (use, mailbox) => pool.withConnection({ imap: { server: server.server, login } }, use, { retry: true, mailbox }),
      'INBOX',
      new Date('2025-03-04T05:30:00Z'),
      { page: 1, perPage: 20 },
    );
    await pool.close();
    expect(total).toBe(2);
    expect(messages.map(({ uid, subject, isUnreadable }) => [uid, subject, isUnreadable])).toEqual([
      [7, 'uid 7', false],
      [6, '', true],
    ]);
  },
);
