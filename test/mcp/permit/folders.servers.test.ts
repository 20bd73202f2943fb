/** Tests the limit to certain mailboxes with every tool and every parameter that can name a mailbox. */
import { globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../src/mail/account.ts';
import { string } from '../../../src/mail/imap/data-formats.ts';
import { listMailboxes } from '../../../src/mail/mailbox/list-mailboxes.ts';
import { openMailbox } from '../../../src/mail/mailbox/open-mailbox.ts';
import { folderEntry, includesFolder } from '../../../src/mcp/permit/folders.ts';
import { LimitedConnection } from '../../../src/mcp/permit/limited-connection.ts';
import { mailTools } from '../../../src/mcp/tools/mail.ts';
import { eras, rawCaller } from '../../support/app/raw-calls.ts';
import { type Era, startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';
import { testServers } from '../../support/servers/servers.ts';

const { endpoint, region, accessKeyId, secretAccessKey, bucket } = testServers().s3;
const stores = {
  'sealed links': {},
  S3: {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_S3_BUCKET: bucket,
    AWS_S3_FORCE_PATH_STYLE: 'true',
  },
};

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const flags = { folders: ['inbox, Work/*', 'Größe'] };
const policy = { folders: ['INBOX', 'Work/*', 'Größe'] };
const clientEras: Era[] = ['auto', 'legacy'];

const attachments = [{ filename: 'a.txt', contentType: 'text/plain', content: 'attached' }];
const mailboxes = ['INBOX', 'Secret', 'Work', 'Work/Alpha', 'Größe', 'Sent', 'Drafts', 'Trash'] as const;

/** Creates an account with one message in every mailbox, each with an attachment. */
async function accountWithMailboxes(): Promise<{
  account: MailAccount;
  uids: Record<(typeof mailboxes)[number], number[]>;
}> {
  const account = newAccount();
  const one = (subject: string) => [message({ subject, attachments })];
  const uids = await appendMessages(account, {
    INBOX: one('in INBOX'),
    Secret: one('in Secret'),
    Work: one('in Work'),
    'Work/Alpha': one('in Work/Alpha'),
    Größe: one('in Größe'),
    Sent: one('in Sent'),
    Drafts: one('in Drafts'),
    Trash: one('in Trash'),
  });
  return { account, uids };
}

/** The subjects in the mailboxes that are not allowed. */
async function hidden(account: MailAccount): Promise<string[][]> {
  const found = [];
  for (const mailbox of ['Secret', 'Work', 'Sent', 'Drafts', 'Trash']) found.push(await subjectsIn(account, mailbox));
  return found;
}
const untouched = [['in Secret'], ['in Work'], ['in Sent'], ['in Drafts'], ['in Trash']];

const written = { to: 'recipient@example.test', subject: 'written', text_body: 'x' };

/** A call of each tool with `mailbox` in place of each parameter that names one. */
const naming: Record<string, Record<string, (mailbox: string, uid: number) => object>> = {
  list_mail_messages: { folder: (folder) => ({ folder }) },
  search_mail_messages: { folder: (folder) => ({ folder, query: 'ALL', with_envelopes: true }) },
  get_mail_message: { folder: (folder) => ({ folder, uid: 1 }) },
  get_mail_thread: { folder: (folder) => ({ folder, uid: 1 }) },
  send_mail_message: {
    of: (folder) => ({ as: 'forward', of: `${folder}/1`, to: 'recipient@example.test' }),
    folder: (folder) => ({ ...written, folder }),
  },
  create_draft_mail_message: {
    of: (folder) => ({ as: 'reply', of: `${folder}/1` }),
    folder: (folder) => ({ ...written, folder }),
  },
  move_mail_message: {
    folder: (folder) => ({ folder, uid: 1, destination: 'INBOX' }),
    destination: (destination, uid) => ({ folder: 'INBOX', uid, destination }),
  },
  update_mail_message_flags: { folder: (folder) => ({ folder, uid: 1, add: ['\\Flagged'] }) },
  delete_mail_message: { folder: (folder) => ({ folder, uid: 1 }) },
  unsubscribe_mail: { folder: (folder) => ({ folder, uid: 1 }) },
};

test('each parameter is listed as one that names a mailbox, or as one that does not', () => {
  const others = new Set(
    'attachment evidence as from dry_run with_counts page per_page query with_envelopes since preview links uid uid_validity body_format max_chars body_offset to cc bcc subject text_body html_body attachment_urls idempotency_key add remove permanent uids create'.split(
      ' ',
    ),
  );
  for (const { name, input } of mailTools) {
    const parameters = Object.keys(input.shape).filter((parameter) => !others.has(parameter));
    expect(parameters, name).toEqual(Object.keys(naming[name] ?? {}));
  }
});

const notInTheList = [
  ...['Secret', 'secret', 'SECRET', 'Secret/', '/Secret', 'Secret ', 'Work', 'Work/', 'work/Alpha', 'Work.Alpha'],
  ...[
    'Work/../Secret',
    'Work/./../Secret',
    'Work//../Secret',
    'Work/Alpha/../../Secret',
    'INBOX/../Secret',
    'INBOX/Secret',
  ],
  ...['*', '%', 'Work/%/../../Secret', 'Gr&APYA3w-e', 'Sent', 'Drafts', 'Trash', 'Nowhere'],
];

describe.each(clientEras)('a limit to mailboxes, era %s', (era) => {
  const cases = Object.entries(naming).flatMap(([tool, parameters]) =>
    Object.entries(parameters).map(([parameter, args]) => [tool, parameter, args] as const),
  );

  test.each(cases)('%s accepts no other mailbox as its %s, in any spelling', async (tool, _parameter, args) => {
    const { account, uids } = await accountWithMailboxes();
    await using assistant = await app.assistant(account, { era, flags });
    for (const mailbox of notInTheList) {
      // Every folder, of which a search covers those in the list.
      if (mailbox === '*' && tool === 'search_mail_messages') continue;
      const sentence = await assistant.failure(tool, { ...args(mailbox, uids.INBOX[0] ?? 0) });
      expect(sentence, mailbox).toMatch(/^(This connection may not use the|There is no) mailbox/);
    }
    expect(await hidden(account)).toEqual(untouched);
    expect(await subjectsIn(account, 'INBOX')).toEqual(['in INBOX']);
  });

  test.each(['search_mail_messages', 'get_mail_thread'])('%s accepts no other mailbox in its query', async (tool) => {
    const { account } = await accountWithMailboxes();
    await using assistant = await app.assistant(account, { era, flags });
    // `in:` finds a listed mailbox in other letters too.
    for (const mailbox of notInTheList.filter((name) => name !== 'work/Alpha')) {
      for (const query of [`in:"${mailbox}"`, `-in:"${mailbox}" x`]) {
        const sentence = await assistant.failure(tool, { query });
        expect(sentence, query).toMatch(/^(?:This connection may not use the|There is no) mailbox/);
      }
    }
  });

  test.each([
    ['ALL', '*'],
    ['subject:in', '*'],
    ['subject:in in:anywhere', undefined],
    ['from:me OR -from:me', '*'],
    ['newer_than:40y', '*'],
  ])(
    '%s in every folder finds messages of the listed mailboxes, and says nothing about others',
    async (query, folder) => {
      const { account } = await accountWithMailboxes();
      await using assistant = await app.assistant(account, { era, flags });
      const found = await assistant.call('search_mail_messages', { query, folder });
      const subjects = (found.messages as { subject: string }[]).map(({ subject }) => subject);
      expect(subjects.toSorted()).toEqual(['in Größe', 'in INBOX', 'in Work/Alpha']);
      expect(found.searched).toBe('all 3 folders');
      const nothing = await assistant.call('search_mail_messages', { query: 'subject:Secret subject:in', folder: '*' });
      expect(nothing).toMatchObject({ count: 0, alone: { 'subject:Secret': 0, 'subject:in': 3 } });
      expect(await assistant.call('search_mail_messages', { query: 'is:waiting', folder: '*' })).toMatchObject({
        count: 0,
      });
    },
  );

  test('those in the list can be used, INBOX in any case and names in any normal form', async () => {
    const { account, uids } = await accountWithMailboxes();
    await using assistant = await app.assistant(account, { era, flags });
    for (const folder of ['inbox', 'Work/Alpha', 'Größe']) {
      expect(await assistant.call('list_mail_messages', { folder })).toMatchObject({ total: 1 });
    }
    await assistant.call('move_mail_message', { folder: 'InBox', uid: uids.INBOX[0], destination: 'Work/Alpha' });
    expect(await subjectsIn(account, 'Work/Alpha')).toEqual(['in Work/Alpha', 'in INBOX']);
    await assistant.call('create_draft_mail_message', { ...written, folder: 'Größe' });
    expect(await subjectsIn(account, 'Größe')).toEqual(['in Größe', 'written']);
    const decomposed = 'Größe'.normalize('NFD');
    expect(await assistant.call('list_mail_messages', { folder: decomposed })).toMatchObject({ total: 2 });
  });

  test('no others are listed, with counts or without', async () => {
    const { account } = await accountWithMailboxes();
    await using assistant = await app.assistant(account, { era, flags });
    for (const with_counts of [false, true]) {
      const { mailboxes: listed } = await assistant.call('list_mailboxes', { with_counts });
      const paths = z.array(z.object({ path: z.string() })).parse(listed);
      expect(paths.map(({ path }) => path)).toEqual(['INBOX', 'Größe', 'Work/Alpha']);
    }
  });

  test('sent, drafted and deleted messages are stored in their mailboxes, and cannot be read there', async () => {
    const { account, uids } = await accountWithMailboxes();
    await using assistant = await app.assistant(account, { era, flags });
    const kept = { ...written, to: account.email };
    expect(await assistant.call('send_mail_message', kept)).toMatchObject({ folder: 'Sent' });
    expect(await assistant.call('send_mail_message', { ...kept, idempotency_key: 'k' })).toMatchObject({
      folder: 'Sent',
    });
    expect(await assistant.call('create_draft_mail_message', kept)).toMatchObject({ folder: 'Drafts' });
    const draft = await assistant.call('create_draft_mail_message', { ...kept, idempotency_key: 'k' });
    expect(draft).toMatchObject({ folder: 'Drafts' });
    const trashed = { folder: 'INBOX', uid: uids.INBOX[0], permanent: false };
    expect(await assistant.call('delete_mail_message', trashed)).toMatchObject({ trash: 'Trash' });
    expect(await hidden(account)).toEqual([
      ['in Secret'],
      ['in Work'],
      ['in Sent', 'written', 'written'],
      ['in Drafts', 'written', 'written'],
      ['in Trash', 'in INBOX'],
    ]);
    const { uid, folder } = draft;
    expect(await assistant.failure('get_mail_message', { folder, uid })).toContain('may not use the mailbox "Drafts"');
    const again = { folder: 'Trash', uid: 1, permanent: false };
    expect(await assistant.failure('delete_mail_message', again)).toContain('may not use the mailbox "Trash"');
  });
});

test('a call that has to find the roles of mailboxes reports nothing about other mailboxes, not even that they exist', async () => {
  const { account } = await accountWithMailboxes();
  const methods = ['get' as const, 'create' as const, 'update' as const, 'send' as const];
  const operators = await rawCaller(app, account, { policy: { ...policy, methods } });
  const owners = await rawCaller(app, account, { policy, scope: ['mail.read', 'mail.write', 'mail.send'] });
  for (const limited of [operators, owners]) {
    for (const folder of ['Secret', 'Nowhere', 'Trash', 'Work', 'Work/..']) {
      for (const [tool, args] of [
        ['move_mail_message', { folder: 'INBOX', uid: 1, destination: folder }],
        ['create_draft_mail_message', { ...written, folder }],
        ['send_mail_message', { ...written, folder }],
      ] as const) {
        const { status, sentence } = await limited.call(tool, args);
        expect(status).toBe(200);
        expect(sentence).toContain(`may not use the mailbox "${folder}"`);
      }
    }
  }
  expect(await hidden(account)).toEqual(untouched);
});

test('in a batch, storing a message in Sent or Drafts gives the next call no access to them', async () => {
  const { account } = await accountWithMailboxes();
  const caller = await rawCaller(app, account, { policy }, '2025');
  const body = await caller.batch([
    { name: 'create_draft_mail_message', arguments: written },
    { name: 'list_mail_messages', arguments: { folder: 'Drafts' } },
    { name: 'send_mail_message', arguments: { ...written, to: account.email } },
    { name: 'search_mail_messages', arguments: { folder: 'Sent', query: 'ALL', with_envelopes: true } },
  ]);
  expect(body.split('may not use the mailbox')).toHaveLength(3);
  expect(body).not.toContain('in Sent');
  expect(body).not.toContain('in Drafts');
});

describe.each(Object.entries(stores))('attachments by %s', (_name, environment) => {
  test.each(eras)('of other mailboxes are not attached, of this one they are, era %s', async (era) => {
    await using other = await startApp(environment);
    const { account, uids } = await accountWithMailboxes();
    const everything = await rawCaller(other, account, {}, era);
    const limited = await rawCaller(other, account, { policy }, era);
    const urlOf = async (caller: typeof limited, folder: (typeof mailboxes)[number]) => {
      const { result } = await caller.call('get_mail_message', { folder, uid: uids[folder][0] });
      const { attachments: linked } = z.object({ attachments: z.array(z.object({ url: z.string() })) }).parse(result);
      return linked[0]?.url ?? expect.unreachable();
    };
    for (const tool of ['create_draft_mail_message', 'send_mail_message']) {
      for (const folder of ['Secret', 'Work', 'Trash'] as const) {
        const attachment_urls = [await urlOf(everything, folder)];
        const { sentence } = await limited.call(tool, { ...written, attachment_urls });
        expect(sentence).toContain('of a mailbox that this connection may not use');
      }
    }
    expect(await hidden(account)).toEqual(untouched);
    const attachment_urls = [await urlOf(limited, 'INBOX'), await urlOf(everything, 'Work/Alpha')];
    expect((await limited.call('create_draft_mail_message', { ...written, attachment_urls })).result).toBeDefined();
  });
});

test('only the tools that store messages use connections without the limit', () => {
  const folder = new URL('../../../src/', import.meta.url);
  const users = globSync(['mcp/**/*.ts', 'mail/**/*.ts'], { cwd: folder }).filter((file) =>
    /\bwholeMailbox\b/.test(readFileSync(new URL(file, folder), 'utf8')),
  );
  expect(users.sort()).toEqual([
    'mail/send-once/save-copy.ts',
    'mail/send-once/save-draft-once.ts',
    'mail/send-once/send-once.ts',
    'mail/send-once/send-session.ts',
    'mcp/mail/changes/delete-message.ts',
    'mcp/mail/changes/delete-messages.ts',
    'mcp/mail/changes/new-folder.ts',
    'mcp/mail/destination.ts',
    'mcp/mail/mail-session.ts',
    'mcp/mail/new-message.ts',
    'mcp/mail/save-draft.ts',
    'mcp/mail/send-draft.ts',
    'mcp/mail/send.ts',
    'mcp/mail/unsubscribe/request-mail.ts',
    'mcp/mail/writing/finish-draft.ts',
    'mcp/mail/writing/forwarded-files.ts',
    'mcp/mail/writing/mark-original.ts',
    'mcp/mail/writing/own-draft.ts',
  ]);
});

describe('the limited connection', () => {
  test('runs no command in a mailbox that the previous user of the connection has selected', async () => {
    const { account } = await accountWithMailboxes();
    await withImap(account, async (imap) => {
      await imap.select('Secret', { readOnly: false, fresh: false });
      const limited = new LimitedConnection(imap, policy.folders);
      const refused = 'may not use the mailbox "Secret"';
      for (const command of ['UID FETCH', 'UID SEARCH', 'UID STORE', 'EXPUNGE', 'UID MOVE', 'NOOP']) {
        await expect(limited.run(command), command).rejects.toThrow(refused);
      }
      const search = { command: 'UID SEARCH', tokens: [], options: {}, result: () => 0 };
      await expect(limited.read(search)).rejects.toThrow(refused);
      await expect(openMailbox(limited, 'INBOX')).resolves.toMatchObject({ path: 'INBOX' });
    });
  });

  test('refuses commands that it does not know', async () => {
    await withImap(newAccount(), async (imap) => {
      const limited = new LimitedConnection(imap, policy.folders);
      for (const command of ['RENAME', 'DELETE', 'SELECT', 'GETMETADATA', 'THREAD']) {
        await expect(limited.run(command), command).rejects.toThrow('limited list');
      }
      expect(() => limited.close()).toThrow('limited list');
    });
  });

  test('creates and subscribes to no mailbox that is not allowed', async () => {
    await withImap(newAccount(), async (imap) => {
      const limited = new LimitedConnection(imap, policy.folders);
      for (const command of ['CREATE', 'SUBSCRIBE']) {
        await expect(limited.run(command, [string('Secret/new')]), command).rejects.toThrow('may not use the mailbox');
      }
    });
  });

  test('requests the delimiter of the server once for each name, and lists by it', async () => {
    const names = ['INBOX', 'Work', 'Work.Alpha', 'Work.&ZeVnLA-', 'Workshop', 'Secret.Work.Alpha'];
    await using server = await startScriptedImap((command) => {
      const [, pattern = ''] = /^LIST "" "?([^"]*)"?$/.exec(command) ?? [];
      const listed = names.filter((name) => pattern === '*' || pattern === name);
      if (pattern !== '') return [...listed.map((name) => `* LIST () "." "${name}"`), 'TAG OK'].join('\n');
      return /^(EXAMINE|SELECT)/.test(command) ? '* 1 EXISTS\n* OK [UIDVALIDITY 1]\nTAG OK' : undefined;
    });
    await withImap(server, async (imap) => {
      const limited = new LimitedConnection(imap, policy.folders);
      for (const name of ['Work.Alpha', 'Work.日本', 'Work.Alpha'])
        await openMailbox(limited, name, { toChange: true });
      for (const name of ['Work', 'Workshop', 'Work.Nowhere', 'Secret.Work.Alpha', 'Work..Alpha']) {
        await expect(openMailbox(limited, name), name).rejects.toThrow('may not use the mailbox');
      }
      const paths = (await listMailboxes(limited, { counts: false })).map(({ path }) => path);
      expect(paths).toEqual(['INBOX', 'Work.Alpha', 'Work.日本']);
    });
    expect(
      server.commands.filter((command) => command.includes('"Work.Alpha"') && command.startsWith('LIST')),
    ).toHaveLength(1);
    expect(server.commands.filter((command) => /^(SELECT|EXAMINE).*(Secret|shop|\.\.)/.test(command))).toEqual([]);
  });

  test('allows one more mailbox, for a tool that stores messages there', async () => {
    const { account } = await accountWithMailboxes();
    await withImap(account, async (imap) => {
      const limited = new LimitedConnection(imap, policy.folders, 'Trash');
      await expect(openMailbox(limited, 'Trash')).resolves.toMatchObject({ path: 'Trash' });
      await expect(openMailbox(limited, 'Sent')).rejects.toThrow('may not use the mailbox "Sent"');
    });
  });
});

describe('a list of mailboxes', () => {
  test.each([
    ['INBOX', 'inbox', null, true],
    ['Work/*', 'Work/Alpha', '/', true],
    ['Work/*', 'Work/Alpha/Deep', '/', true],
    ['Work/*', 'Work.Alpha', '.', true],
    ['Work/*', 'Work.Alpha', '/', false],
    ['Work/*', 'Work.Alpha', null, false],
    ['Work/*', 'Work', '/', false],
    ['Work/*', 'Work/', '/', false],
    ['Work/*', 'Workshop', '/', false],
    ['Work/*', 'Work/../Secret', '/', false],
    ['Work/*', 'Work.a..b', '.', false],
    ['Work.*', 'Work.Alpha', '.', true],
    ['Work\\*', 'Work\\Alpha', '\\', true],
    ['INBOX/*', 'INBOX.Sub', '.', true],
    ['Gr\u00f6\u00dfe', 'Gro\u0308\u00dfe', null, false],
    ['Gr\\u{F6}\u00dfe', 'Gr\u00f6\u00dfe', null, true],
    ['a\\u{200B}b/*', 'a\u200bb/c', '/', true],
    ['Work', 'WORK', '/', false],
    ['INBOX', 'inBox', '/', true],
    ['INBOX', '\u0131nbox', '/', false],
  ])('%s and %s with the delimiter %s: %s', (entry, name, delimiter, isIn) => {
    expect(includesFolder([folderEntry(entry) ?? expect.unreachable()], name, delimiter)).toBe(isIn);
  });

  test.each(['', '*', '/*', 'a*b', 'Work*', 'Work%', '%', 'a\nb', 'Work/**'])('%j is no entry', (text) => {
    expect(folderEntry(text)).toBe(undefined);
  });

  test('includes only its entries and the names below them', () => {
    const part = fc.constantFrom('Work', 'work', 'Secret', '..', '.', '', '/', '*', 'INBOX');
    const names = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(names, fc.constantFrom('/', '.', null), (name, delimiter) => {
        if (!includesFolder(['Work/*', 'INBOX'], name, delimiter)) return;
        expect(name === 'INBOX' || /^Work\/(?!\.{0,2}(?:\/|$))/.test(name)).toBe(true);
        expect(name.split('/')).not.toContain('..');
      }),
    );
  });
});
