/** Tests that a change is reported as done on evidence, on servers that confirm and do nothing. */
import { describe, expect, test } from 'vitest';
import { deleteMessages, moveMessages } from '../../../src/mail/messages/change.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type Script, type ScriptedImap, startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';

/** A mailbox of messages with these UIDs, which `lie` keeps from a change. */
interface Mailbox {
  uids: number[];
  deleted: Set<number>;
  /** Messages of the destination. */
  copies: number;
}

type Lie = (command: string, mailbox: Mailbox) => string | undefined;

const HONEST: Lie = () => undefined;

/** A server that keeps its word unless `lie` answers instead. */
function serverWith(lie: Lie, capabilities: string): Promise<ScriptedImap> {
  const mailbox: Mailbox = { uids: [5, 7, 9], deleted: new Set(), copies: 0 };
  const script: Script = (command) => lie(command, mailbox) ?? honest(command, mailbox);
  return startScriptedImap(script, { capabilities });
}

function honest(command: string, mailbox: Mailbox): string | undefined {
  const [, name = '', set = ''] = /^UID (FETCH|STORE|MOVE|COPY|EXPUNGE) (\S+)/.exec(command) ?? [];
  const named = set.split(',').map(Number);
  if (command.startsWith('SELECT'))
    return `* ${mailbox.uids.length} EXISTS\n* OK [UIDVALIDITY 7] valid\nTAG OK [READ-WRITE] open`;
  if (command.startsWith('STATUS'))
    return `* STATUS "Archive" (MESSAGES ${mailbox.copies} UIDNEXT ${mailbox.copies + 1})\nTAG OK done`;
  if (command.startsWith('UID SEARCH DELETED')) return `* SEARCH ${[...mailbox.deleted].join(' ')}\nTAG OK done`;
  switch (name) {
    case 'FETCH': {
      const lines = mailbox.uids.flatMap((uid, index) =>
        named.includes(uid)
          ? [`* ${index + 1} FETCH (UID ${uid} FLAGS (${mailbox.deleted.has(uid) ? '\\Deleted' : ''}))`]
          : [],
      );
      return [...lines, 'TAG OK done'].join('\n');
    }
    case 'STORE':
      for (const uid of named) mailbox.deleted.add(uid);
      return 'TAG OK done';
    case 'COPY':
      mailbox.copies += named.length;
      return 'TAG OK done';
    case 'MOVE':
      return [...remove(mailbox, named), 'TAG OK done'].join('\n');
    case 'EXPUNGE':
      return [...remove(mailbox, named), 'TAG OK done'].join('\n');
    default:
      return command === 'EXPUNGE' ? [...remove(mailbox, [...mailbox.deleted]), 'TAG OK done'].join('\n') : undefined;
  }
}

function remove(mailbox: Mailbox, named: readonly number[]): string[] {
  return named.map((uid) => {
    const index = mailbox.uids.indexOf(uid);
    mailbox.uids.splice(index, 1);
    return `* ${index + 1} EXPUNGE`;
  });
}

const move = (server: ScriptedImap, uids: readonly number[] = [7]) =>
  withImap(server, (imap) => moveMessages(imap, 'INBOX', uids, 'Archive'));
const remove7 = (server: ScriptedImap) => withImap(server, (imap) => deleteMessages(imap, 'INBOX', [7]));
const silently = (command: string, mailbox: Mailbox, named: readonly number[]) => {
  remove(mailbox, named);
  return `TAG OK ${command.split(' ')[0]} done`;
};

describe('a move, on a server with MOVE and without COPYUID', () => {
  test('that is reported by EXPUNGE costs no further command', async () => {
    await using server = await serverWith(HONEST, 'IMAP4rev1 MOVE');
    expect(await move(server)).toEqual([{ uid: 7, newUid: null, newUidValidity: null, removed: true }]);
    expect(server.commands.filter((command) => /^UID (?:FETCH|MOVE)/.test(command))).toHaveLength(2);
  });

  test('that is done without a word is found to be done', async () => {
    const lie: Lie = (command, mailbox) =>
      command.startsWith('UID MOVE') ? silently(command, mailbox, [7]) : undefined;
    await using server = await serverWith(lie, 'IMAP4rev1 MOVE');
    expect(await move(server)).toMatchObject([{ uid: 7, removed: true }]);
  });

  test.each([
    ['MOVE', 'IMAP4rev1 MOVE', 'TAG OK done'],
    ['MOVE and UIDPLUS', 'IMAP4rev1 MOVE UIDPLUS', 'TAG OK [ALERT] moved'],
    ['MOVE, and an unrelated response', 'IMAP4rev1 MOVE', '* OK still here\nTAG OK MOVE completed'],
    ['MOVE, and COPYUID of another message', 'IMAP4rev1 MOVE UIDPLUS', '* OK [COPYUID 9 5 1] moved\nTAG OK done'],
  ])(
    'that is confirmed and not done is an error that says where the message is: %s',
    async (_name, capabilities, answer) => {
      await using server = await serverWith(
        (command) => (command.startsWith('UID MOVE') ? answer : undefined),
        capabilities,
      );
      await expect(move(server)).rejects.toMatchObject({
        ...{ service: 'IMAP', fault: 'refused', code: 'NOT_DONE' },
        message: expect.stringMatching(/confirmed the move, but the message is still in "INBOX".*"Archive"/),
      });
    },
  );

  test('of several messages of which one stays names their number', async () => {
    const lie: Lie = (command, mailbox) =>
      command.startsWith('UID MOVE') ? [...remove(mailbox, [5]), 'TAG OK done'].join('\n') : undefined;
    await using server = await serverWith(lie, 'IMAP4rev1 MOVE');
    await expect(move(server, [5, 7])).rejects.toThrow('1 of the 2 messages are still in "INBOX"');
  });

  test('whose check is cut off has an unknown outcome', async () => {
    let moved = false;
    await using server = await startScriptedImap(
      (command, socket) => {
        if (command.startsWith('UID MOVE')) moved = true;
        if (!command.startsWith('UID FETCH')) return undefined;
        if (moved) socket.destroy();
        return moved ? '' : '* 1 FETCH (UID 7)\nTAG OK done';
      },
      { capabilities: 'IMAP4rev1 MOVE' },
    );
    await expect(move(server)).rejects.toMatchObject({ fault: 'unknown_outcome' });
  });
});

describe('a move, on a server without MOVE', () => {
  test.each(['IMAP4rev1', 'IMAP4rev1 UIDPLUS'])('copies and removes: %s', async (capabilities) => {
    await using server = await serverWith(HONEST, capabilities);
    expect(await move(server)).toMatchObject([{ uid: 7, removed: true }]);
  });

  test('works where the size of the destination is not known', async () => {
    await using server = await serverWith(
      (command) => (command.startsWith('STATUS') ? 'TAG NO no' : undefined),
      'IMAP4rev1',
    );
    expect(await move(server)).toMatchObject([{ uid: 7, removed: true }]);
  });

  test.each(['IMAP4rev1', 'IMAP4rev1 UIDPLUS'])(
    'removes nothing if the copy was confirmed and not made: %s',
    async (capabilities) => {
      await using server = await serverWith(
        (command) => (command.startsWith('UID COPY') ? 'TAG OK done' : undefined),
        capabilities,
      );
      await expect(move(server)).rejects.toMatchObject({
        code: 'NOT_DONE',
        message: expect.stringContaining('nothing was removed from "INBOX"'),
      });
      expect(server.commands.filter((command) => /STORE|EXPUNGE/.test(command))).toEqual([]);
    },
  );
});

describe('a removal', () => {
  test.each(['IMAP4rev1 UIDPLUS', 'IMAP4rev1'])(
    'that is reported by EXPUNGE costs no further command: %s',
    async (capabilities) => {
      await using server = await serverWith(HONEST, capabilities);
      expect(await remove7(server)).toMatchObject({ expunged: true });
      expect(server.commands.filter((command) => command.startsWith('UID FETCH'))).toHaveLength(1);
    },
  );

  test.each([
    ['UID EXPUNGE', 'IMAP4rev1 UIDPLUS'],
    ['EXPUNGE', 'IMAP4rev1'],
  ])('that is done without a word is found to be done: %s', async (name, capabilities) => {
    const lie: Lie = (command, mailbox) => (command.startsWith(name) ? silently(command, mailbox, [7]) : undefined);
    await using server = await serverWith(lie, capabilities);
    expect(await remove7(server)).toMatchObject({ expunged: true });
  });

  test.each([
    ['UID EXPUNGE', 'IMAP4rev1 UIDPLUS'],
    ['EXPUNGE', 'IMAP4rev1'],
    ['UID EXPUNGE', 'IMAP4rev1 UIDPLUS MOVE'],
  ])(
    'that is confirmed and not done leaves the message marked, and the result says so: %s, %s',
    async (name, capabilities) => {
      await using server = await serverWith(
        (command) => (command.startsWith(name) ? 'TAG OK done' : undefined),
        capabilities,
      );
      const endpoint = {
        server: server.server,
        login: { kind: 'password' as const, username: 'ada', password: 'secret' },
      };
      await using tools = openMailTools({ fullName: '', email: 'ada@example.test', imap: endpoint, smtp: endpoint });
      expect(await tools.call('delete_mail_message', { folder: 'INBOX', uid: 7 })).toMatchObject({
        outcome: 'marked_deleted',
        warning: expect.stringContaining('still there, marked as deleted'),
      });
    },
  );

  test('of which not even the mark is there is an error', async () => {
    const lie: Lie = (command) => (/^UID (?:STORE|EXPUNGE)/.test(command) ? 'TAG OK done' : undefined);
    await using server = await serverWith(lie, 'IMAP4rev1 UIDPLUS');
    await expect(remove7(server)).rejects.toMatchObject({
      code: 'NOT_DONE',
      message: expect.stringContaining('Nothing was changed'),
    });
  });
});
