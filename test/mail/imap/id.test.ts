/** Tests ID (RFC 2971), which some servers require before a mailbox is opened. */
import { describe, expect, test } from 'vitest';
import type { ImapConnection } from '../../../src/mail/imap/imap-connection.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type Script, startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const UNSAFE = 'Unsafe Login. Please contact kefu@example.test for help';

/** A server that opens a mailbox only after ID. */
function requiringId(): Script {
  let isKnown = false;
  return (command) => {
    if (/^ID /.test(command)) isKnown = true;
    const [name = ''] = command.split(' ');
    return /^(EXAMINE|SELECT|STATUS)/.test(command) && !isKnown ? `TAG NO ${name} ${UNSAFE}` : undefined;
  };
}

const examine = (server: Parameters<typeof withImap>[0]) =>
  withImap(server, (imap) => imap.select('INBOX', { readOnly: true, fresh: false }));

describe('ID', () => {
  test.each([
    ['Coremail', '* OK [CAPABILITY IMAP4rev1 ID] Coremail System IMap Server Ready'],
    ['IMAP4 ready', '* OK IMAP4 ready'],
    ['no name at all', '* OK [CAPABILITY IMAP4rev1 ID AUTH=PLAIN] hello'],
  ])('is sent before a mailbox is opened, whatever the greeting is: %s', async (_name, greeting) => {
    await using server = await startScriptedImap(requiringId(), { capabilities: 'IMAP4rev1 ID', greeting });
    expect(await examine(server)).toMatchObject({ exists: 3 });
    expect(server.commands.filter((command) => /^ID/.test(command))).toEqual(['ID ("name" "mail-mcp")']);
  });

  test.each([
    ['only before the login', '* OK [CAPABILITY IMAP4rev1 ID] hi', 'TAG OK [CAPABILITY IMAP4rev1 UIDPLUS] in'],
    ['only after the login', '* OK [CAPABILITY IMAP4rev1] hi', 'TAG OK [CAPABILITY IMAP4rev1 ID] in'],
  ])('is sent to a server that offers it %s', async (_when, greeting, answer) => {
    const script = requiringId();
    await using server = await startScriptedImap(
      (command, socket, tag = '') => (/^LOGIN/.test(command) ? answer : script(command, socket, tag)),
      { greeting },
    );
    expect(await examine(server)).toMatchObject({ exists: 3 });
  });

  test('is not sent to a server that does not offer it', async () => {
    await using server = await startScriptedImap(() => undefined);
    await examine(server);
    expect(server.commands.filter((command) => /^ID/.test(command))).toEqual([]);
  });

  test.each([
    [
      'one command',
      async (imap: ImapConnection) => void (await imap.select('INBOX', { readOnly: true, fresh: false })),
    ],
    ['a command with a response', async (imap: ImapConnection) => void (await imap.run('NOOP'))],
  ])('is not waited for: %s is written behind it', async (_name, use) => {
    let id = '';
    await using server = await startScriptedImap(
      (command, _socket, tag = '') => {
        if (/^ID/.test(command)) {
          id = tag;
          return '';
        }
        // The answer to ID comes only now.
        if (/^EXAMINE/.test(command))
          return `${id} OK id\n* 3 EXISTS\n* OK [UIDVALIDITY 7] valid\nTAG OK [READ-ONLY] open`;
        return command === 'NOOP' ? `* ID NIL\n${id} OK id\nTAG OK done` : undefined;
      },
      { capabilities: 'IMAP4rev1 ID' },
    );
    await withImap(server, use, { limits: { silenceMs: 2_000 } });
  });

  test('is answered before a change is sent: a connection that proves dead leaves no outcome unknown', async () => {
    const order: string[] = [];
    await using server = await startScriptedImap(
      (command, socket, tag = '') => {
        order.push(command.split(' ')[0] ?? '');
        if (!/^ID/.test(command)) return undefined;
        setTimeout(() => {
          order.push('answer to ID');
          socket.write(`${tag} OK id\r\n`);
        }, 100);
        return '';
      },
      { capabilities: 'IMAP4rev1 ID' },
    );
    await withImap(server, (imap) => imap.run('EXPUNGE', [], { ifLost: 'It may have happened.' }));
    expect(order.slice(0, 4)).toEqual(['LOGIN', 'ID', 'answer to ID', 'EXPUNGE']);
  });

  test.each([
    ['refused', 'TAG NO no'],
    ['not known', 'TAG BAD what'],
    ['answered with data', '* ID ("name" "x")\nTAG OK'],
  ])('that is %s changes nothing', async (_name, answer) => {
    await using server = await startScriptedImap((command) => (/^ID/.test(command) ? answer : undefined), {
      capabilities: 'IMAP4rev1 ID',
    });
    expect(await examine(server)).toMatchObject({ exists: 3 });
  });
});

describe('a server that opens no mailbox for this program', () => {
  test.each([
    ['EXAMINE', `TAG NO EXAMINE ${UNSAFE}`],
    ['lower case', 'TAG NO unsafe login'],
    ['a code', `TAG NO [ALERT] ${UNSAFE}`],
  ])('is reported with what the account owner can do: %s', async (_name, answer) => {
    await using server = await startScriptedImap(
      (command) => (/^(EXAMINE|SELECT|STATUS)/.test(command) ? answer : undefined),
      { capabilities: 'IMAP4rev1 ID' },
    );
    const endpoint = {
      server: server.server,
      login: { kind: 'password' as const, username: 'ada', password: 'secret' },
    };
    await using tools = openMailTools({ fullName: '', email: 'ada@example.test', imap: endpoint, smtp: endpoint });
    const failure = await tools.failure('list_mail_messages', { folder: 'INBOX' });
    expect(failure).toMatchObject({ name: 'UpstreamError', fault: 'refused', code: 'UNSAFE_LOGIN' });
    expect(String(failure)).toMatch(/accepted the login.*allow IMAP.*authorization code/);
    expect(String(failure)).not.toContain('kefu');
  });
});
