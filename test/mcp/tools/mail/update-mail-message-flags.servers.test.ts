import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

async function withMessage(flags: string[]) {
  const account = newAccount();
  const { INBOX } = await appendMessages(account, { INBOX: [message({ flags })] });
  const assistant = await app.assistant(account);
  return { assistant, target: { folder: 'INBOX', uid: INBOX[0] } };
}

describe('update_mail_message_flags', () => {
  test('adds and removes in one call, and returns the flags afterwards', async () => {
    const { assistant, target } = await withMessage(['\\Flagged']);
    const answer = await assistant.call('update_mail_message_flags', {
      ...target,
      add: ['\\Seen', '$Label1'],
      remove: ['\\Flagged'],
    });
    expect(new Set(answer.flags as string[])).toEqual(new Set(['\\Seen', '$Label1']));
    await assistant.client.close();
  });

  test.each([['Seen'], ['seen'], ['\\SEEN']])('%s means \\Seen', async (flag) => {
    const { assistant, target } = await withMessage([]);
    expect(await assistant.call('update_mail_message_flags', { ...target, add: [flag] })).toMatchObject({
      flags: ['\\Seen'],
    });
    await assistant.client.close();
  });

  test('the same call again changes nothing more', async () => {
    const { assistant, target } = await withMessage([]);
    const call = () => assistant.call('update_mail_message_flags', { ...target, add: ['\\Flagged'] });
    const { flags } = await call();
    expect(await call()).toEqual({ uid: target.uid, uid_validity: expect.any(String), flags, undo: [] });
    await assistant.client.close();
  });

  test.each([
    ['an invalid flag', { add: ['two words'] }, 'two words'],
    ['\\Recent, which only the server sets', { add: ['\\Recent'] }, '\\Recent'],
    ['the same flag on both sides', { add: ['\\Seen'], remove: ['Seen'] }, 'Seen'],
    ['nothing at all', {}, 'add'],
    ['an unknown UID', { uid: 4_000_000, add: ['\\Seen'] }, '4000000'],
  ])('%s is refused with a sentence', async (_, wrong, named) => {
    const { assistant, target } = await withMessage([]);
    expect(await assistant.failure('update_mail_message_flags', { ...target, ...wrong })).toContain(named);
    await assistant.client.close();
  });
});
