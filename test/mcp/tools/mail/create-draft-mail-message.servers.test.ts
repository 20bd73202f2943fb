import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('create_draft_mail_message', () => {
  test('the draft is in Drafts with all its recipients, flagged as a draft, and nothing is sent', async () => {
    const [writer, reader] = [newAccount(), newAccount()];
    await using assistant = await app.assistant(writer);
    const result = await assistant.call('create_draft_mail_message', {
      to: reader.email,
      bcc: 'carol@example.test',
      subject: 'Entwurf: Größe',
      text_body: 'Hello',
    });
    expect(result).toEqual({
      saved: true,
      to: [reader.email],
      bcc: ['carol@example.test'],
      subject: 'Entwurf: Größe',
      draft: `Drafts/${result.uid}`,
      message_id: expect.stringContaining('@'),
      folder: 'Drafts',
      uid: expect.any(Number),
      uid_validity: expect.any(String),
    });
    const [draft] = await messagesIn(writer, 'Drafts');
    expect(draft).toMatchObject({
      uid: result.uid,
      subject: 'Entwurf: Größe',
      flags: expect.arrayContaining(['\\Draft']),
    });
    expect(draft?.raw).toContain('Bcc: carol@example.test');
    expect(await subjectsIn(reader, 'INBOX')).toEqual([]);
  });

  test('a draft may have no recipient yet', async () => {
    const writer = newAccount();
    await using assistant = await app.assistant(writer);
    await assistant.call('create_draft_mail_message', { to: '', subject: 'Later', text_body: '' });
    expect(await subjectsIn(writer, 'Drafts')).toEqual(['Later']);
  });

  test('on a server without UIDPLUS the draft is saved too', async () => {
    const writer = newAccount();
    await using assistant = await app.assistant(onBasicServer(writer));
    expect(
      await assistant.call('create_draft_mail_message', { to: '', subject: 'Poor', text_body: 'x' }),
    ).toMatchObject({ folder: 'Drafts' });
    expect(await subjectsIn(writer, 'Drafts')).toEqual(['Poor']);
  });

  test('another folder may be named, and is named in the error if it does not exist', async () => {
    const writer = newAccount();
    await using assistant = await app.assistant(writer);
    expect(
      await assistant.failure('create_draft_mail_message', { to: '', subject: 'x', text_body: 'x', folder: 'Nowhere' }),
    ).toContain('Nowhere');
    expect(
      await assistant.call('create_draft_mail_message', { to: '', subject: 'x', text_body: 'x', folder: 'Archive' }),
    ).toMatchObject({ folder: 'Archive' });
  });
});
