import { describe, expect, test } from 'vitest';
import { cursorText, parseCursor, readChanges } from '../../../src/mail/messages/changes.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type Script, startScriptedImap } from '../../support/mail/scripted-imap.ts';

const CURSOR = { uidValidity: '7', uidNext: 40, modSeq: '100' };

/** A mailbox with the UIDs 10 to 40, of which 40 is new. */
async function changesOn(capabilities: string, script: Script, cursor = CURSOR, count = 20) {
  await using imap = await startScriptedImap(
    (command, socket) => {
      const scripted = script(command, socket);
      if (scripted !== undefined) return scripted;
      if (/^EXAMINE/.test(command)) {
        return '* 4 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 41] x\n* OK [HIGHESTMODSEQ 200] x\nTAG OK done';
      }
      if (/^UID SEARCH/.test(command)) return '* SEARCH 40\nTAG OK done';
      if (/^UID FETCH \S+ .*ENVELOPE/.test(command)) return `${NEW}\nTAG OK done`;
      return undefined;
    },
    { capabilities },
  );
  const endpoint = { server: imap.server, login: { kind: 'password' as const, username: 'ada', password: 'secret' } };
  await using tools = openMailTools({ fullName: '', email: 'ada@example.test', imap: endpoint, smtp: endpoint });
  const changes = await readChanges(tools.session.readImap, 'INBOX', cursor, { count });
  return { changes, commands: imap.commands };
}

const NEW =
  '* 4 FETCH (UID 40 FLAGS () RFC822.SIZE 5 INTERNALDATE "01-Jan-2025 00:00:00 +0000" ENVELOPE (NIL "New" NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1))';

describe('changes since a cursor', () => {
  test('with QRESYNC come in one write: ENABLE, EXAMINE, SEARCH and two FETCH', async () => {
    const { changes, commands } = await changesOn('IMAP4rev1 ENABLE CONDSTORE QRESYNC', (command) => {
      if (/^ENABLE/.test(command)) return '* ENABLED QRESYNC\nTAG OK done';
      if (/VANISHED/.test(command)) {
        return '* VANISHED (EARLIER) 3:5,12,39:45\n* 2 FETCH (UID 20 MODSEQ (150) FLAGS (\\Seen))\n* 4 FETCH (UID 40 MODSEQ (160) FLAGS ())\nTAG OK done';
      }
      return undefined;
    });
    expect(changes).toMatchObject({
      changed: [{ uid: 20, flags: ['\\Seen'] }],
      gone: '3:5,12,39',
      messages: [{ uid: 40, subject: 'New' }],
      more: 0,
    });
    expect(cursorText(changes.cursor)).toBe('7.41.200');
    expect(
      commands.filter((command) => /^(?:ENABLE|EXAMINE|UID)/.test(command)).map((command) => command.split(' ')[0]),
    ).toEqual(['ENABLE', 'EXAMINE', 'UID', 'UID', 'UID']);
  });

  test('a server that refuses VANISHED is asked without it', async () => {
    const { changes } = await changesOn('IMAP4rev1 ENABLE CONDSTORE QRESYNC', (command) => {
      if (/^ENABLE|VANISHED/.test(command)) return 'TAG BAD unknown';
      if (/CHANGEDSINCE/.test(command)) return '* 2 FETCH (UID 20 MODSEQ (150) FLAGS (\\Seen))\nTAG OK done';
      return undefined;
    });
    expect(changes).toMatchObject({ changed: [{ uid: 20 }], gone: null, messages: [{ uid: 40 }] });
  });

  test('with CONDSTORE alone flags are known, and what is gone is not', async () => {
    const { changes, commands } = await changesOn('IMAP4rev1 CONDSTORE', (command) =>
      /CHANGEDSINCE/.test(command) ? 'TAG OK nothing changed' : undefined,
    );
    expect(changes).toMatchObject({ changed: [], gone: null });
    expect(commands.join('\n')).not.toMatch(/QRESYNC|VANISHED/);
  });

  test('without either only new messages are known', async () => {
    const { changes, commands } = await changesOn('IMAP4rev1', () => undefined, { ...CURSOR, modSeq: '0' });
    expect(changes).toMatchObject({ changed: null, gone: null, messages: [{ uid: 40 }] });
    expect(commands.join('\n')).not.toMatch(/CONDSTORE|CHANGEDSINCE/);
  });

  test('a last message that is older than the cursor is not new', async () => {
    const { changes } = await changesOn(
      'IMAP4rev1',
      (command) => {
        if (/^UID SEARCH/.test(command)) return '* SEARCH 40\nTAG OK done';
        return /ENVELOPE/.test(command) ? `${NEW}\nTAG OK done` : undefined;
      },
      { ...CURSOR, uidNext: 41 },
    );
    expect(changes).toMatchObject({ messages: [], more: 0, cursor: { uidNext: 41 } });
  });

  test('of many changed messages the newest are returned, and the others are counted', async () => {
    const lines = Array.from({ length: 1000 }, (_, n) => `* ${n + 1} FETCH (UID ${n + 1} FLAGS (\\Seen))`);
    const { changes } = await changesOn(
      'IMAP4rev1 CONDSTORE',
      (command) => (/CHANGEDSINCE/.test(command) ? `${lines.join('\n')}\nTAG OK done` : undefined),
      { ...CURSOR, uidNext: 2000 },
    );
    expect(changes.changed).toHaveLength(200);
    expect(changes.changed?.[0]).toEqual({ uid: 1000, flags: ['\\Seen'] });
    expect(changes.moreChanged).toBe(800);
  });

  test('a long set of messages that are gone is cut, and called cut', async () => {
    const set = Array.from({ length: 20_000 }, (_, n) => 2 * n + 1).join(',');
    const { changes } = await changesOn(
      'IMAP4rev1 ENABLE CONDSTORE QRESYNC',
      (command) => {
        if (/^ENABLE/.test(command)) return 'TAG OK done';
        return /VANISHED/.test(command) ? `* VANISHED (EARLIER) ${set}\nTAG OK done` : undefined;
      },
      { ...CURSOR, uidNext: 100_000 },
    );
    expect(changes.gone).toMatch(/^1,3,5,[\d,]*\d$/);
    expect(changes.gone?.length).toBeLessThanOrEqual(2_000);
    expect(changes.isGoneCut).toBe(true);
  });

  test('a cursor of another UIDVALIDITY is refused', async () => {
    const stale = changesOn('IMAP4rev1', () => undefined, { ...CURSOR, uidValidity: '8' });
    await expect(stale).rejects.toThrow('created anew');
  });
});

test.each([
  ['7.40.100', { uidValidity: '7', uidNext: 40, modSeq: '100' }],
  ['7.0.0', { uidValidity: '7', uidNext: 1, modSeq: '0' }],
  ['7.40', undefined],
  ['7.40.100.1', undefined],
  ['a.b.c', undefined],
  ['7.40.', undefined],
  ['now', undefined],
  [`7.40.${'9'.repeat(30)}`, undefined],
])('the text %s is the cursor %j', (text, cursor) => {
  expect(parseCursor(text)).toEqual(cursor);
});
