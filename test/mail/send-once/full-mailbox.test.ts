import { describe, expect, test } from 'vitest';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type Script, startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { startScriptedSmtp } from '../../support/mail/scripted-smtp.ts';

const message = { to: 'bob@example.test', subject: 'Hi', text_body: 'Hello' };

/** Sends with a key at an IMAP server that answers by `script`. @returns the error, and the commands of the SMTP server */
async function sendWithKey(script: Script, args: Record<string, unknown> = {}) {
  await using imap = await startScriptedImap(
    (command, socket, tag = '') =>
      script(command, socket, tag) ??
      (/^LIST/.test(command) ? '* LIST (\\Sent) "/" Sent\n* LIST (\\Drafts) "/" Drafts\nTAG OK done' : undefined) ??
      (/^UID SEARCH/.test(command) ? '* SEARCH\nTAG OK done' : undefined),
    { capabilities: 'IMAP4rev1 UIDPLUS MOVE SPECIAL-USE LITERAL+' },
  );
  await using smtp = await startScriptedSmtp();
  const login = { kind: 'password' as const, username: 'ada', password: 'secret' };
  const account = { imap: { server: imap.server, login }, smtp: { server: smtp.server, login } };
  await using tools = openMailTools({ fullName: 'Ada', email: 'ada@example.test', ...account });
  const failure = await tools.failure('send_mail_message', { ...message, idempotency_key: 'k', ...args });
  return { failure, smtp: smtp.commands };
}

const onAppend =
  (answer: string): Script =>
  (command) =>
    /^APPEND/.test(command) ? answer : undefined;

describe('a send with idempotency_key whose draft cannot be saved', () => {
  test.each([
    ['full, with a code', 'TAG NO [OVERQUOTA] Quota exceeded', /full/],
    ['full, without a code', 'TAG NO Mailbox is full', /APPEND/],
    ['refuses the size', 'TAG NO [TOOBIG] too big', /larger than the mail server stores/],
    ['refuses it', 'TAG BAD what', /APPEND/],
    ['has lost Drafts', 'TAG NO [TRYCREATE] no such mailbox', /no mailbox "Drafts"/],
  ])('says that nothing was sent, why, and what comes next, and nothing was sent: %s', async (_name, answer, why) => {
    const { failure, smtp } = await sendWithKey(onAppend(answer));
    expect(String(failure)).toMatch(/Nothing was sent: with idempotency_key the message is first saved in Drafts/);
    expect(String(failure)).toMatch(why);
    expect(String(failure)).not.toContain('Quota');
    expect(smtp).toEqual([]);
  });

  test('names the way without a key where the mailbox is full', async () => {
    const { failure } = await sendWithKey(onAppend('TAG NO [OVERQUOTA] Quota exceeded'));
    expect(failure).toMatchObject({
      code: 'OVERQUOTA',
      message: expect.stringContaining('call without idempotency_key'),
    });
  });
});
