/** Checks that each tool requires its permission of the operator and of the account owner, in both protocol eras. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../src/mail/account.ts';
import { eras, rawCaller } from '../support/app/raw-calls.ts';
import { type Era, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount, onBasicServer } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../support/mail/mailbox-contents.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const clientEras: Era[] = ['auto', 'legacy'];

/** A mailbox with one message that has an attachment, and valid arguments for every tool. */
async function createMailbox() {
  const account = newAccount();
  const attachments = [{ filename: 'a.txt', contentType: 'text/plain', content: 'attached' }];
  const { INBOX } = await appendMessages(account, {
    INBOX: [message({ subject: 'kept', attachments })],
    Archive: [],
    Trash: [],
    'Trash/old': [],
    Sent: [],
    Drafts: [],
  });
  const named = { folder: 'INBOX', uid: INBOX[0] };
  const written = { to: account.email, subject: 'written', text_body: 'x' };
  const calls = {
    list_mailboxes: {},
    list_mail_messages: {},
    search_mail_messages: { query: 'ALL' },
    get_mail_message: named,
    get_mail_thread: named,
    send_mail_message: written,
    create_draft_mail_message: written,
    move_mail_message: { ...named, destination: 'Archive' },
    update_mail_message_flags: { ...named, add: ['\\Seen'] },
    delete_mail_message: named,
    unsubscribe_mail: named,
  };
  return { account, named, written, calls };
}

/** Contents of all mailboxes: subjects and flags. */
async function contentsOf(account: MailAccount) {
  const mailboxes = ['INBOX', 'Archive', 'Trash', 'Trash/old', 'Sent', 'Drafts'];
  const contents = [];
  for (const mailbox of mailboxes) {
    contents.push([
      mailbox,
      (await messagesIn(account, mailbox)).map(({ subject, flags }) => [
        subject,
        flags.filter((flag) => flag !== '\\Recent'),
      ]),
    ]);
  }
  return Object.fromEntries(contents);
}

const UNCHANGED = {
  INBOX: [['kept', []]],
  Archive: [],
  Trash: [],
  'Trash/old': [],
  Sent: [],
  Drafts: [],
};

const Linked = z.object({ attachments: z.array(z.object({ url: z.string() })).min(1) });

async function linkOf(account: MailAccount, named: Record<string, unknown>): Promise<string> {
  const { result } = await (await rawCaller(app, account, {})).call('get_mail_message', named);
  return Linked.parse(result).attachments[0]?.url ?? expect.unreachable();
}

const DELETED_SPELLINGS = ['\\Deleted', 'deleted', '\\DELETED', 'Deleted', '\\dELETED'];

describe.each(clientEras)('what the operator does not allow, era %s', (era) => {
  test('a read-only connection lists the reading tools, and calls of others fail like calls of unknown tools', async () => {
    const { account, calls } = await createMailbox();
    await using assistant = await app.assistant(account, { era, flags: { methods: ['read'] } });
    const { tools } = await assistant.client.listTools();
    const listed = tools.map(({ name }) => name);
    expect(listed).toEqual([
      'list_mailboxes',
      'list_mail_messages',
      'search_mail_messages',
      'get_mail_message',
      'get_mail_thread',
    ]);
    const answerOf = (name: string, args: Record<string, unknown>) =>
      assistant.client.callTool({ name, arguments: args }).then(JSON.stringify, (error: Error) => error.message);
    const unknown = await answerOf('no_such_tool', {});
    expect(unknown).toContain('There is no such tool.');
    for (const [name, args] of Object.entries(calls)) {
      if (listed.includes(name)) await assistant.call(name, args);
      else expect(await answerOf(name, args), name).toBe(unknown);
    }
    expect(await contentsOf(account)).toEqual(UNCHANGED);
  });

  test('without delete, no tool sets \\Deleted in any spelling or puts messages into the trash', async () => {
    const { account, named, written } = await createMailbox();
    const flags = { methods: ['read', 'create,update,send'] };
    await using assistant = await app.assistant(account, { era, flags });
    const refused = 'does what delete_mail_message does, which the operator of this server does not allow';
    for (const flag of DELETED_SPELLINGS) {
      for (const change of [{ add: ['\\Seen', flag] }, { remove: [flag] }]) {
        expect(await assistant.failure('update_mail_message_flags', { ...named, ...change })).toContain(refused);
      }
    }
    for (const trash of ['Trash', 'Trash/old']) {
      expect(await assistant.failure('move_mail_message', { ...named, destination: trash })).toContain(refused);
      expect(await assistant.failure('send_mail_message', { ...written, folder: trash })).toContain(refused);
      expect(await assistant.failure('create_draft_mail_message', { ...written, folder: trash })).toContain(refused);
    }
    await expect(
      assistant.client.callTool({ name: 'delete_mail_message', arguments: { ...named, permanent: false } }),
    ).rejects.toThrow('There is no such tool.');
    expect(await contentsOf(account)).toEqual(UNCHANGED);
    await assistant.call('move_mail_message', { ...named, destination: 'Archive' });
    expect(await subjectsIn(account, 'Archive')).toEqual(['kept']);
  });

  test('without update, drafts and sent copies go to their default mailboxes only', async () => {
    const { account, written } = await createMailbox();
    await using assistant = await app.assistant(account, { era, flags: { methods: ['read,create,send,delete'] } });
    for (const tool of ['send_mail_message', 'create_draft_mail_message']) {
      for (const folder of ['INBOX', 'Archive']) {
        expect(await assistant.failure(tool, { ...written, folder })).toContain('does what move_mail_message does');
      }
      expect(await assistant.failure(tool, { ...written, folder: 'Nowhere' })).toContain('no mailbox "Nowhere"');
    }
    expect(await contentsOf(account)).toEqual(UNCHANGED);
    await assistant.call('create_draft_mail_message', { ...written, folder: 'Drafts' });
    await assistant.call('create_draft_mail_message', written);
    expect(await subjectsIn(account, 'Drafts')).toEqual(['written', 'written']);
    await assistant.call('send_mail_message', { ...written, folder: 'Sent' });
    expect(await subjectsIn(account, 'Sent')).toEqual(['written']);
    expect(await subjectsIn(account, 'Archive')).toEqual([]);
  });

  test('without get, attachments of messages cannot be sent or drafted', async () => {
    const { account, named, written } = await createMailbox();
    const attachment_urls = [await linkOf(account, named)];
    await using assistant = await app.assistant(account, { era, flags: { methods: ['create,send,list,search'] } });
    for (const tool of ['send_mail_message', 'create_draft_mail_message']) {
      expect(await assistant.failure(tool, { ...written, attachment_urls })).toContain('uses attachments');
    }
    expect(await contentsOf(account)).toEqual(UNCHANGED);
  });

  test('without the tag attachments, messages have no links, and attachment links are refused', async () => {
    const { account, named, written } = await createMailbox();
    const attachment_urls = [await linkOf(account, named)];
    const flags = { tags: ['mailboxes,messages,drafts'] };
    await using assistant = await app.assistant(account, { era, flags });
    const { attachments, warnings } = await assistant.call('get_mail_message', named);
    expect(attachments).toEqual([
      { filename: 'a.txt', content_type: 'text/plain', size: expect.any(Number), part: '2' },
    ]);
    expect(warnings).toEqual([expect.stringContaining('does not let this connection have attachments')]);
    for (const tool of ['send_mail_message', 'create_draft_mail_message']) {
      expect(await assistant.failure(tool, { ...written, attachment_urls })).toContain('uses attachments');
    }
    expect(await contentsOf(account)).toEqual(UNCHANGED);
  });

  test('with a list of tools, no other tool exists, and the listed ones do not do the work of others', async () => {
    const { account, named } = await createMailbox();
    const tools = ['move_mail_message', 'update_mail_message_flags'];
    await using assistant = await app.assistant(account, { era, flags: { tools } });
    const listed = (await assistant.client.listTools()).tools.map(({ name }) => name);
    expect(listed).toEqual(tools);
    expect(await assistant.failure('move_mail_message', { ...named, destination: 'Trash' })).toContain('delete');
    expect(await assistant.failure('update_mail_message_flags', { ...named, add: ['Deleted'] })).toContain('delete');
    expect(await contentsOf(account)).toEqual(UNCHANGED);
  });

  test('a tag allows the tools that have it', async () => {
    const { account } = await createMailbox();
    await using assistant = await app.assistant(account, { era, flags: { tags: ['mailboxes', 'drafts'] } });
    const listed = (await assistant.client.listTools()).tools.map(({ name }) => name);
    expect(listed).toEqual(['list_mailboxes', 'create_draft_mail_message']);
  });
});

test('each call of a batch is checked separately', async () => {
  const { account, named, written, calls } = await createMailbox();
  const reader = await rawCaller(app, account, { policy: { methods: ['list', 'get', 'search'] } }, '2025');
  const attempts = [
    { name: 'get_mail_message', arguments: named },
    ...Object.entries(calls)
      .slice(5)
      .map(([name, args]) => ({ name, arguments: args })),
  ];
  const body = await reader.batch(attempts);
  expect(JSON.parse(body)).toHaveLength(7);
  expect(body.split('There is no such tool.')).toHaveLength(7);
  const writer = await rawCaller(app, account, { policy: { methods: ['get', 'update'] } }, '2025');
  const mixed = await writer.batch([
    { name: 'update_mail_message_flags', arguments: { ...named, remove: ['$any'] } },
    { name: 'update_mail_message_flags', arguments: { ...named, add: ['deleted'] } },
    { name: 'move_mail_message', arguments: { ...named, destination: 'Trash' } },
    { name: 'send_mail_message', arguments: written },
  ]);
  expect(mixed.split('does what delete_mail_message does')).toHaveLength(3);
  expect(await contentsOf(account)).toEqual(UNCHANGED);
});

test('on a server without special-use mailboxes the trash is the mailbox that delete_mail_message uses', async () => {
  const { account, named } = await createMailbox();
  const policy = { methods: ['get' as const, 'update' as const] };
  const caller = await rawCaller(app, onBasicServer(account), { policy });
  const { sentence } = await caller.call('move_mail_message', { ...named, destination: 'Trash' });
  expect(sentence).toContain('does what delete_mail_message does');
  expect(await contentsOf(account)).toEqual(UNCHANGED);
});

describe.each(eras)('what the account owner does not allow, era %s', (era) => {
  test('tools of a missing scope are refused with a challenge that includes the granted scope (BEAR-04)', async () => {
    const { account, calls } = await createMailbox();
    const caller = await rawCaller(app, account, { scope: ['mail.read', 'mail.send'] }, era);
    expect(await caller.tools()).toEqual([...Object.keys(calls).slice(0, 6), 'unsubscribe_mail']);
    for (const [tool, scope] of [
      ['create_draft_mail_message', 'mail.write'],
      ['move_mail_message', 'mail.write'],
      ['update_mail_message_flags', 'mail.write'],
      ['delete_mail_message', 'mail.delete'],
    ] as const) {
      const answer = await caller.call(tool, calls[tool]);
      expect(answer, tool).toMatchObject({ status: 403, scope: ['mail.read', 'mail.send', scope].sort() });
    }
    expect(await contentsOf(account)).toEqual(UNCHANGED);
  });

  test('a missing power whose scope was granted gives an error and no challenge', async () => {
    const { account, calls } = await createMailbox();
    const caller = await rawCaller(app, account, { consent: { powers: ['read', 'draft'] } }, era);
    expect(await caller.tools()).toEqual([...Object.keys(calls).slice(0, 5), 'create_draft_mail_message']);
    for (const tool of [
      'move_mail_message',
      'update_mail_message_flags',
      'send_mail_message',
      'delete_mail_message',
    ] as const) {
      const answer = await caller.call(tool, calls[tool]);
      expect(answer, tool).toEqual({
        status: 200,
        sentence: expect.stringContaining(`what ${tool} does, and the owner`),
      });
    }
    expect(await contentsOf(account)).toEqual(UNCHANGED);
  });

  test('marking, moving and filing that amount to deletion require mail.delete', async () => {
    const { account, named, written } = await createMailbox();
    const caller = await rawCaller(app, account, { scope: ['mail.read', 'mail.write', 'mail.send'] }, era);
    const all = ['mail.delete', 'mail.read', 'mail.send', 'mail.write'];
    for (const flag of DELETED_SPELLINGS) {
      const marked = await caller.call('update_mail_message_flags', { ...named, add: [flag] });
      expect(marked).toMatchObject({ status: 403, scope: all });
    }
    const callsIntoTrash = [
      ['move_mail_message', { ...named, destination: 'Trash' }],
      ['move_mail_message', { ...named, destination: 'Trash/old' }],
      ['send_mail_message', { ...written, folder: 'Trash' }],
      ['create_draft_mail_message', { ...written, folder: 'Trash' }],
    ] as const;
    for (const [tool, args] of callsIntoTrash)
      expect(await caller.call(tool, args)).toMatchObject({ status: 403, scope: all });
    expect(await contentsOf(account)).toEqual(UNCHANGED);
  });

  test('with only the power to draft, drafts go to the default mailbox only', async () => {
    const { account, written } = await createMailbox();
    const caller = await rawCaller(app, account, { consent: { powers: ['draft'] } }, era);
    const elsewhere = await caller.call('create_draft_mail_message', { ...written, folder: 'INBOX' });
    expect(elsewhere).toEqual({
      status: 200,
      sentence: expect.stringContaining('what move_mail_message does, and the owner'),
    });
    expect(await contentsOf(account)).toEqual(UNCHANGED);
    expect((await caller.call('create_draft_mail_message', written)).status).toBe(200);
  });

  test('the challenge names all scopes that a call requires: sending with an attachment requires sending and reading (BEAR-04)', async () => {
    const { account, named, written } = await createMailbox();
    const attachment_urls = [await linkOf(account, named)];
    const caller = await rawCaller(app, account, { scope: ['mail.write'] }, era);
    const answer = await caller.call('send_mail_message', { ...written, attachment_urls });
    expect(answer).toMatchObject({ status: 403, scope: ['mail.read', 'mail.send', 'mail.write'] });
    const filed = await caller.call('send_mail_message', { ...written, folder: 'Trash' });
    expect(filed).toMatchObject({ status: 403, scope: ['mail.send', 'mail.write'] });
    const onlySender = await rawCaller(app, account, { scope: ['mail.send'] }, era);
    const intoTrash = await onlySender.call('send_mail_message', { ...written, folder: 'Trash' });
    expect(intoTrash).toMatchObject({ status: 403, scope: ['mail.delete', 'mail.send', 'mail.write'] });
    const sender = await rawCaller(app, account, { consent: { powers: ['send'] } }, era);
    const { sentence } = await sender.call('send_mail_message', { ...written, attachment_urls });
    expect(sentence).toContain('what get_mail_message does, and the owner');
    expect(await contentsOf(account)).toEqual(UNCHANGED);
  });

  test('what the operator does not allow gives no challenge, whatever else is missing', async () => {
    const { account, named, calls } = await createMailbox();
    const permit = { scope: ['mail.read'], policy: { methods: ['list' as const, 'update' as const] } };
    const caller = await rawCaller(app, account, permit, era);
    const answer = await caller.call('update_mail_message_flags', { ...named, add: ['\\Deleted'] });
    expect(answer).toMatchObject({ sentence: expect.stringContaining('operator') });
    expect(answer.scope).toBe(undefined);
    const unknown = await caller.call('no_such_tool');
    expect(await caller.call('delete_mail_message', calls.delete_mail_message)).toEqual(unknown);
    expect((await caller.call('update_mail_message_flags', calls.update_mail_message_flags)).status).toBe(403);
  });
});
