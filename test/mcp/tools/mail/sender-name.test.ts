/** Tests the From line: its name and address are those of the sign-in, whatever a caller asks for. */
import { describe, expect, test } from 'vitest';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { startScriptedImap } from '../../../support/mail/scripted-imap.ts';

const draft = { to: 'bob@example.test', subject: 'Hi', text_body: 'Hello' };

async function fromLineOf(fullName: string, args: Record<string, unknown> = {}): Promise<string | undefined> {
  await using imap = await startScriptedImap(
    (command) =>
      /^LIST/.test(command)
        ? '* LIST (\\Drafts) "/" Drafts\nTAG OK done'
        : /^(?:APPEND|LOGIN|CAPABILITY|LOGOUT|NOOP|LSUB)/.test(command)
          ? undefined
          : '',
    { capabilities: 'IMAP4rev1 SPECIAL-USE LITERAL+' },
  );
  const lines: string[] = [];
  const login = { kind: 'password' as const, username: 'ada', password: 'secret' };
  const endpoint = { server: imap.server, login };
  await using tools = openMailTools({ fullName, email: 'ada@example.test', imap: endpoint, smtp: endpoint });
  await tools.call('create_draft_mail_message', { ...draft, ...args });
  // A line of the literal is split at its first blank, as if it began with a tag.
  lines.push(...imap.commands);
  return lines.find((line) => line.includes('<ada@example.test>') || line === 'ada@example.test');
}

describe('the From line', () => {
  test.each([
    ['Ada Lovelace', 'Ada Lovelace <ada@example.test>'],
    ['Lovelace, Ada', '"Lovelace, Ada" <ada@example.test>'],
    ['Zoë', '=?UTF-8?Q?Zo=C3=AB?= <ada@example.test>'],
    ['', 'ada@example.test'],
  ])('has the name that was given at the sign-in: %s', async (fullName, line) => {
    expect(await fromLineOf(fullName)).toBe(line);
  });

  test.each(['from', 'from_name', 'sender', 'sender_name', 'full_name', 'reply_to'])(
    'cannot be chosen by a caller: %s',
    async (name) => {
      for (const tool of ['send_mail_message', 'create_draft_mail_message']) {
        await using imap = await startScriptedImap(() => undefined);
        const endpoint = {
          server: imap.server,
          login: { kind: 'password' as const, username: 'ada', password: 'secret' },
        };
        await using tools = openMailTools({
          fullName: 'Ada',
          email: 'ada@example.test',
          imap: endpoint,
          smtp: endpoint,
        });
        const failure = await tools.failure(tool, { ...draft, [name]: 'Eve <eve@example.test>' });
        expect(String(failure)).toContain(name);
        expect(imap.connections()).toBe(0);
      }
    },
  );
});
