/** Tests how the official client handles a call that the account owner has not allowed. */
import { UnauthorizedError } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openForm, signIn } from '../support/app/person.ts';
import { type Era, type OnSignInPage, signInFields, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { subjectsIn } from '../support/mail/mailbox-contents.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const clientEras: Era[] = ['auto', 'legacy'];

async function createMailbox() {
  const account = newAccount();
  const { INBOX } = await appendMessages(account, { INBOX: [message({ subject: 'kept' })], Archive: [] });
  return { account, move: { folder: 'INBOX', uid: INBOX[0], destination: 'Archive' } };
}

describe.each(clientEras)('a call that the owner has not allowed, era %s', (era) => {
  test('opens the sign-in page with the granted and the missing scope (BEAR-04)', async () => {
    const { account, move } = await createMailbox();
    const onSignInPage: OnSignInPage = (url) => {
      url.searchParams.set('scope', 'mail.read mail.send');
      return signIn(url, signInFields(account));
    };
    await using assistant = await app.assistant(account, { era, onSignInPage });
    await expect(assistant.call('move_mail_message', move)).rejects.toThrow(UnauthorizedError);
    const { authorizationUrl } = assistant.provider;
    const asked = authorizationUrl?.searchParams.get('scope')?.split(' ').sort();
    expect(asked).toEqual(['mail.read', 'mail.send', 'mail.write']);
    const { html } = await openForm(authorizationUrl ?? expect.unreachable());
    for (const power of ['read', 'organise', 'send']) expect(html).toContain(`name="allow_${power}"`);
    expect(await subjectsIn(account, 'INBOX')).toEqual(['kept']);
  });

  test('returns an error to the model if the scope was granted, and keeps the tokens', async () => {
    const { account, move } = await createMailbox();
    const onSignInPage: OnSignInPage = async (url) => {
      const form = await openForm(url);
      const { callback } = await form.submit({ ...signInFields(account), end: 'revoked', allow_organise: undefined });
      return callback ?? expect.unreachable();
    };
    await using assistant = await app.assistant(account, { era, onSignInPage });
    const tokens = assistant.provider.tokens();
    expect(tokens?.scope).toContain('mail.write');
    expect(await assistant.failure('move_mail_message', move)).toContain('the owner of the account has not allowed');
    expect(assistant.provider.tokens()).toEqual(tokens);
    await assistant.call('create_draft_mail_message', { to: account.email, subject: 'x', text_body: 'x' });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['kept']);
  });
});
