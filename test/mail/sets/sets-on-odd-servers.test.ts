/** Sets of messages on servers that report little, refuse halfway or drop the connection. */
import { describe, expect, test } from 'vitest';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type Script, startScriptedImap } from '../../support/mail/scripted-imap.ts';

const account = (server: { host: string; port: number; security: 'cleartext' | 'starttls' | 'tls' }) => ({
  ...{ fullName: 'Ada', email: 'ada@example.test' },
  imap: { server, login: { kind: 'password' as const, username: 'ada', password: 'secret' } },
  smtp: { server, login: { kind: 'password' as const, username: 'ada', password: 'secret' } },
});

/** A mailbox with three messages, of which those in `gone` do not exist any more. */
function mailbox(gone: Set<number>, answer: Script): Script {
  return (command, socket, tag) => {
    const own = answer(command, socket, tag);
    if (own !== undefined) return own;
    if (/^(?:SELECT|EXAMINE)/.test(command))
      return `* ${3 - gone.size} EXISTS\n* OK [UIDVALIDITY 7] valid\nTAG OK [READ-${command.startsWith('S') ? 'WRITE' : 'ONLY'}] open`;
    if (!command.startsWith('UID FETCH')) return undefined;
    const there = [1, 2, 3].filter((uid) => !gone.has(uid));
    return [...there.map((uid, index) => `* ${index + 1} FETCH (UID ${uid} FLAGS ())`), 'TAG OK'].join('\n');
  };
}

async function moved(capabilities: string, gone: Set<number>, answer: Script) {
  await using server = await startScriptedImap(mailbox(gone, answer), { capabilities });
  await using tools = openMailTools(account(server.server));
  const args = { folder: 'INBOX', uids: '1:3', destination: 'Archive' };
  const outcome = await tools.call('move_mail_message', args).catch((error: unknown) => error);
  return { outcome, commands: server.commands };
}

describe('a set', () => {
  test('is moved in three round trips, and without COPYUID there is no undo', async () => {
    const gone = new Set<number>();
    const { outcome, commands } = await moved('IMAP4rev1 MOVE', gone, (command) => {
      if (!command.startsWith('UID MOVE')) return undefined;
      for (const uid of [1, 2, 3]) gone.add(uid);
      return '* 1 EXPUNGE\n* 1 EXPUNGE\n* 1 EXPUNGE\nTAG OK';
    });
    expect(outcome).toMatchObject({ moved: 3, undo: null, undo_note: expect.stringContaining('UIDPLUS') });
    expect(outcome).not.toHaveProperty('uids');
    expect(commands.filter((command) => /^(?:SELECT|UID)/.test(command))).toHaveLength(3);
  });

  test('of which the server moves some and refuses the rest is reported in two parts', async () => {
    const gone = new Set<number>();
    const { outcome } = await moved('IMAP4rev1 MOVE UIDPLUS', gone, (command) => {
      if (!command.startsWith('UID MOVE')) return undefined;
      gone.add(1);
      return '* OK [COPYUID 9 1 40] moved\n* 1 EXPUNGE\nTAG NO [OVERQUOTA] full';
    });
    expect(outcome).toMatchObject({ moved: 1, uids: '40', uid_validity: '9', not_moved: '2:3', undo: [{}] });
  });

  test('whose move is confirmed and not carried out is an error', async () => {
    const { outcome } = await moved('IMAP4rev1 MOVE', new Set(), (command) =>
      command.startsWith('UID MOVE') ? 'TAG OK done' : undefined,
    );
    expect(outcome).toMatchObject({ fault: 'refused', code: 'NOT_DONE' });
  });

  test('during whose move the connection drops: what is gone is moved, the rest unknown', async () => {
    const gone = new Set<number>();
    const { outcome } = await moved('IMAP4rev1 MOVE UIDPLUS', gone, (command, socket) => {
      if (!command.startsWith('UID MOVE')) return undefined;
      gone.add(1).add(2);
      socket.destroy();
      return '';
    });
    expect(outcome).toMatchObject({ moved: 2, unknown: '3', undo: null, warning: expect.stringContaining('unknown') });
  });

  test('during whose move the connection drops before anything is moved has an unknown outcome', async () => {
    const { outcome } = await moved('IMAP4rev1 MOVE UIDPLUS', new Set(), (command, socket) => {
      if (!command.startsWith('UID MOVE')) return undefined;
      socket.destroy();
      return '';
    });
    expect(outcome).toMatchObject({ fault: 'unknown_outcome' });
  });

  test('whose copy is lost is never reported as moved', async () => {
    const gone = new Set<number>();
    const { outcome } = await moved('IMAP4rev1', gone, (command, socket) => {
      if (!command.startsWith('UID COPY')) return undefined;
      // Another program removes them at the same moment.
      gone.add(1).add(2);
      socket.destroy();
      return '';
    });
    expect(outcome).toMatchObject({ fault: 'unknown_outcome' });
  });
});

describe('flags of a set', () => {
  async function flagged(answer: Script, flags: Map<number, string>) {
    const script: Script = (command, socket, tag) => {
      const own = answer(command, socket, tag);
      if (own !== undefined) return own;
      if (!command.startsWith('UID FETCH')) return undefined;
      return [1, 2, 3]
        .map((uid) => `* ${uid} FETCH (UID ${uid} FLAGS (${flags.get(uid) ?? ''}))`)
        .concat('TAG OK')
        .join('\n');
    };
    await using server = await startScriptedImap(script, { capabilities: 'IMAP4rev1' });
    await using tools = openMailTools(account(server.server));
    const args = { folder: 'INBOX', uids: '1:3', add: ['\\Seen'] };
    const outcome = await tools.call('update_mail_message_flags', args).catch((error: unknown) => error);
    return { outcome, commands: server.commands };
  }

  test('that the server reports take three round trips', async () => {
    const { outcome, commands } = await flagged(
      (command) =>
        command.startsWith('UID STORE')
          ? '* 1 FETCH (UID 1 FLAGS (\\Seen))\n* 2 FETCH (FLAGS (\\Seen) UID 2)\n* 3 FETCH (UID 3 FLAGS (\\Seen))\nTAG OK'
          : undefined,
      new Map(),
    );
    expect(outcome).toMatchObject({ changed: 3, uids: '1:3' });
    expect(commands.filter((command) => /^(?:SELECT|UID)/.test(command))).toHaveLength(3);
  });

  test('that the server confirms and does not keep are reported', async () => {
    const { outcome } = await flagged(
      (command) => (command.startsWith('UID STORE') ? 'TAG OK done' : undefined),
      new Map(),
    );
    expect(outcome).toMatchObject({ changed: 0, not_changed: '1:3', undo: [] });
  });

  test('that were set when the connection dropped are undone, the others unknown', async () => {
    const flags = new Map<number, string>();
    const { outcome } = await flagged((command, socket) => {
      if (!command.startsWith('UID STORE')) return undefined;
      flags.set(1, '\\Seen').set(2, '\\Seen');
      socket.destroy();
      return '';
    }, flags);
    expect(outcome).toMatchObject({ changed: 2, unknown: '3', undo: [{ arguments: { uids: '1:2' } }] });
  });
});
