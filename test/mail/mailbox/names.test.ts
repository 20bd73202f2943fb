/** Tests names of mailboxes that look alike, cannot be seen, or are many, against a server whose list the test defines. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listMailboxes } from '../../../src/mail/mailbox/list-mailboxes.ts';
import { openMailbox } from '../../../src/mail/mailbox/open-mailbox.ts';
import { encodeMailboxName, quoteName } from '../../../src/mail/mailbox-name.ts';
import { meansFolder } from '../../../src/mcp/permit/folders.ts';
import { LimitedConnection } from '../../../src/mcp/permit/limited-connection.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type ScriptedImap, startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const NFC = 'Caf\u00e9';
const NFD = 'Cafe\u0301';

/** A server that has exactly these mailboxes, by bytes, with messages in none. */
function serverWith(names: readonly string[]): Promise<ScriptedImap> {
  const wire = names.map(encodeMailboxName);
  const bytes = (name: string) => Buffer.from(name).toString('latin1');
  return startScriptedImap((command, socket) => {
    const [, verb = '', argument = ''] = /^(LIST ""|SELECT|EXAMINE|UID MOVE \S+) (.*)$/s.exec(command) ?? [];
    const wanted = /^"(.*)"$/s.exec(argument)?.[1]?.replace(/\\(.)/g, '$1') ?? argument;
    if (verb.startsWith('LIST')) {
      const listed = wire.filter((name) => wanted === '*' || bytes(name) === wanted);
      const lines = listed.map((name) => `* LIST () "/" {${Buffer.byteLength(name)}}\r\n${name}`);
      socket.write(lines.map((line) => `${line}\r\n`).join(''));
      return 'TAG OK listed';
    }
    if (verb !== '' && !wire.some((name) => bytes(name) === wanted)) return 'TAG NO [NONEXISTENT] no such mailbox';
    return undefined;
  });
}

function toolsOn({ server }: ScriptedImap) {
  const login = { kind: 'password' as const, username: 'ada', password: 'secret' };
  return openMailTools({
    fullName: 'Ada',
    email: 'ada@example.test',
    imap: { server, login },
    smtp: { server, login },
  });
}

const Listed = z.object({
  mailboxes: z.array(z.looseObject({ path: z.string() })),
  more: z.number().optional(),
  next_page: z.number().optional(),
});

test.each([
  ['joiners that nothing shows', ['د\u200cادا', 'دادا']],
  ['variants of a sign', ['\u00a9\ufe0f', '\u00a9']],
  ['wide letters', ['\uff21rchive', 'Archive']],
  ['marks beyond the tenth', [`e${'\u0301'.repeat(11)}`, `e${'\u0301'.repeat(12)}`]],
  ['blanks at the end', ['Work', 'Work ']],
  ['several blanks', ['Work A', 'Work  A', 'Work\u00a0A']],
  ['dangerous links', ['javascript:alert(1)', 'data:text/html,x', '<javascript:a>']],
])('names that differ in %s are listed differently, and each leads to its mailbox', async (_, names) => {
  await using imap = await serverWith(names);
  await using tools = toolsOn(imap);
  const { mailboxes } = Listed.parse(await tools.call('list_mailboxes'));
  const paths = mailboxes.map(({ path }) => path);
  expect(new Set(paths.map((path) => path.normalize('NFKC').replace(/\p{Cf}|\ufe0f| +$/gu, ''))).size).toBe(
    names.length,
  );
  const opened: (string | undefined)[] = [];
  for (const folder of paths) {
    await tools.call('list_mail_messages', { folder });
    opened.push(imap.commands.filter((command) => command.startsWith('EXAMINE')).at(-1));
  }
  expect(opened.sort()).toEqual(names.map((name) => `EXAMINE "${encodeMailboxName(name)}"`).sort());
});

describe('a name', () => {
  test.each([
    ['the one that is exactly it', [NFC, NFD], NFC, NFC],
    ['the one that is exactly it', [NFC, NFD], NFD, NFD],
    ['the only equivalent one', ['INBOX', NFD], NFC, NFD],
    ['the only equivalent one', ['INBOX', NFC], NFD, NFC],
    ['the only equivalent one', ['\u212bngstr\u00f6m'], 'A\u030angstro\u0308m', '\u212bngstr\u00f6m'],
  ])('means %s: of %j, %j', async (_, names, given, meant) => {
    await using imap = await serverWith(names);
    await using tools = toolsOn(imap);
    await tools.call('list_mail_messages', { folder: given });
    expect(imap.commands.filter((command) => command.startsWith('EXAMINE')).at(-1)).toBe(
      `EXAMINE "${encodeMailboxName(meant)}"`,
    );
  });

  test('with two equivalents, of which none is exactly it, is an error that shows how they differ', async () => {
    const names = ['\u1e9b\u0323', '\u017f\u0323\u0307'];
    await using imap = await serverWith(names);
    await using tools = toolsOn(imap);
    const error = await tools.failure('list_mail_messages', { folder: '\u017f\u0307\u0323' });
    expect(error).toMatchObject({
      name: 'ToolError',
      message: expect.stringContaining('"\\u{1E9B}\\u{323}" and "\\u{17F}\\u{323}\\u{307}"'),
    });
    for (const folder of ['\\u{1E9B}\\u{323}', '\\u{17F}\\u{323}\\u{307}']) {
      await tools.call('list_mail_messages', { folder });
    }
  });

  test('of another mailbox is not found by case, compatibility or likeness', async () => {
    await using imap = await serverWith(['Projects', 'ﬁle', 'а']);
    await using tools = toolsOn(imap);
    for (const folder of ['projects', 'file', 'a', 'Projects\u200b']) {
      expect(await tools.failure('list_mail_messages', { folder })).toMatchObject({
        message: expect.stringContaining('There is no mailbox'),
      });
    }
  });
});

describe('a role as a name', () => {
  test.each(['sent', 'drafts', 'archive', 'trash', 'junk'])(
    '%s is an error with the next step if no mailbox has it',
    async (folder) => {
      await using imap = await serverWith(['INBOX', 'Projects']);
      await using tools = toolsOn(imap);
      expect(await tools.failure('list_mail_messages', { folder })).toMatchObject({
        name: 'ToolError',
        message: `No mailbox is marked or named as ${folder}. Call list_mailboxes and name the one to use.`,
      });
    },
  );

  test.each([
    ['sent', ['INBOX', 'Gesendete Elemente'], 'Gesendete Elemente'],
    ['Trash', ['INBOX', 'Papierkorb'], 'Papierkorb'],
    ['JUNK', ['INBOX', 'Courrier indésirable'], 'Courrier indésirable'],
    ['archive', ['INBOX', 'ARCHIVE', 'Archive'], 'Archive'],
    ['archive', ['INBOX', 'archive', 'Archive'], 'archive'],
    ['Archive', ['INBOX', 'archive', 'Archive'], 'Archive'],
  ])('%s in %j is %s', async (given, names, meant) => {
    await using imap = await serverWith(names);
    await using tools = toolsOn(imap);
    expect(await tools.call('list_mail_messages', { folder: given })).toMatchObject({ folder: meant });
  });

  test('is looked up once on a connection', async () => {
    await using imap = await serverWith(['INBOX', 'Papierkorb']);
    await using tools = toolsOn(imap);
    for (const folder of ['trash', 'Trash', 'trash']) await tools.call('list_mail_messages', { folder });
    expect(imap.commands.filter((command) => command.startsWith('LIST'))).toHaveLength(1);
  });

  test('is looked up after list_mailboxes too: a send must notice a silent server before it sends', async () => {
    await using imap = await serverWith(['INBOX', 'Sent']);
    await using tools = toolsOn(imap);
    await tools.call('list_mailboxes');
    for (const folder of ['Sent', 'sent']) {
      expect(await tools.call('list_mail_messages', { folder })).toMatchObject({ folder: 'Sent' });
    }
    expect(imap.commands.filter((command) => command.startsWith('LIST'))).toHaveLength(2);
  });

  test('is not looked up for INBOX, nor for any other path', async () => {
    await using imap = await serverWith(['INBOX', 'Projects']);
    await using tools = toolsOn(imap);
    for (const folder of ['inbox', 'INBOX', 'Projects']) await tools.call('list_mail_messages', { folder });
    expect(imap.commands.filter((command) => command.startsWith('LIST'))).toEqual([]);
  });
});

describe('names that cannot be shown', () => {
  const odd = [
    'a\u200bb',
    'a\u0001b',
    'x\u202egnp',
    '\\u{200B}',
    'tab\there',
    'line\nbreak',
    'R&D',
    'n\0l',
    `t${'\u{e0041}'}`,
  ];

  test('are listed escaped, and are accepted so', async () => {
    await using imap = await serverWith(odd);
    await using tools = toolsOn(imap);
    const { mailboxes } = Listed.parse(await tools.call('list_mailboxes'));
    const paths = mailboxes.map(({ path }) => path);
    expect(paths.every((path) => /^[\x20-\x7e]+$/.test(path))).toBe(true);
    expect(paths).toHaveLength(odd.length);
    for (const folder of paths) {
      expect(await tools.call('list_mail_messages', { folder })).toMatchObject({ folder });
      expect(await tools.call('search_mail_messages', { folder, query: 'SEEN' })).toMatchObject({ folder });
    }
  });

  test('that look the same are spelled out in the list, others are not', async () => {
    await using imap = await serverWith([NFC, NFD, 'Größe', 'Zoe\u0308']);
    await using tools = toolsOn(imap);
    const { mailboxes } = Listed.parse(await tools.call('list_mailboxes'));
    expect(mailboxes.map(({ path }) => path).sort()).toEqual(
      ['Caf\\u{E9}', 'Cafe\\u{301}', 'Größe', 'Zoe\u0308'].sort(),
    );
  });

  test('are quoted in errors as they can be passed back', () => {
    expect(quoteName('a\u200b"\\b')).toBe('"a\\u{200B}\\"\\\\b"');
    expect(quoteName('\\u{200B}')).toBe('"\\u{5C}u{200B}"');
  });

  test('come back from any list', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (name) => {
        const wire = encodeMailboxName(name);
        expect(wire).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

describe('a list of very many mailboxes', () => {
  test('has pages, with roles on the first, and names the next', async () => {
    const names = [
      'INBOX',
      'Sent',
      'Trash',
      ...Array.from({ length: 1200 }, (_, n) => `A${String(n).padStart(4, '0')}`),
    ];
    await using imap = await serverWith(names);
    await using tools = toolsOn(imap);
    const seen: string[] = [];
    let page: number | undefined = 1;
    const sizes = [];
    while (page !== undefined) {
      const { mailboxes, more, next_page } = Listed.parse(await tools.call('list_mailboxes', { page }));
      sizes.push([mailboxes.length, more]);
      seen.push(...mailboxes.map(({ path }) => path));
      page = next_page;
    }
    expect(sizes).toEqual([
      [500, 703],
      [500, 203],
      [203, undefined],
    ]);
    expect(seen.slice(0, 4)).toEqual(['INBOX', 'Sent', 'Trash', 'A0000']);
    expect(new Set(seen)).toEqual(new Set(names));
    expect(Listed.parse(await tools.call('list_mailboxes', { page: 9 })).mailboxes).toEqual([]);
    expect(Listed.parse(await tools.call('list_mailboxes', { per_page: 2 }))).toMatchObject({
      more: 1201,
      next_page: 2,
    });
  });

  test('costs one STATUS for each mailbox of the page, if the server has nothing better', async () => {
    await using imap = await serverWith(['INBOX', 'a', 'b', 'c', 'd']);
    await using tools = toolsOn(imap);
    await tools.call('list_mailboxes', { with_counts: true, per_page: 2 });
    expect(imap.commands.filter((command) => command.startsWith('STATUS'))).toHaveLength(2);
  });

  test('of an ordinary account comes in one answer, without a word on pages', async () => {
    await using imap = await serverWith(['INBOX', 'Sent']);
    await using tools = toolsOn(imap);
    expect(Object.keys(await tools.call('list_mailboxes'))).toEqual(['mailboxes']);
  });
});

describe('a limit to mailboxes', () => {
  const limitedOn = async (names: readonly string[], folders: readonly string[]) => {
    const imap = await serverWith(names);
    const limited = <T>(use: (connection: LimitedConnection) => Promise<T>) =>
      withImap(imap, (connection) => use(new LimitedConnection(connection, folders)));
    return { imap, limited };
  };

  test.each([
    [[NFC], [NFC, NFD], [NFC], [NFD]],
    [[NFD], [NFC, NFD], [NFD], [NFC]],
    [[NFC], ['INBOX', NFD], [NFD, NFC], ['INBOX']],
    [[`${NFC}/*`], [NFC, `${NFC}/a`, `${NFD}/b`], [`${NFC}/a`], [`${NFD}/b`, NFC]],
    [[`${NFC}/*`], [NFD, `${NFD}/b`], [`${NFD}/b`, `${NFC}/b`], [NFD]],
    [['\u017f\u0307\u0323'], ['\u1e9b\u0323', '\u017f\u0323\u0307'], [], ['\u1e9b\u0323', '\u017f\u0323\u0307']],
  ])('to %j among %j allows %j and not %j', async (folders, names, allowed, refused) => {
    const { imap, limited } = await limitedOn(names, folders);
    await limited(async (connection) => {
      for (const name of allowed) await openMailbox(connection, name);
      for (const name of refused)
        await expect(openMailbox(connection, name)).rejects.toThrow('may not use the mailbox');
      const listed = (await listMailboxes(connection, { counts: false })).map(({ path }) => path);
      expect(listed).toEqual(names.filter((name) => allowed.includes(name)));
    });
    await imap[Symbol.asyncDispose]();
  });

  test('never allows two mailboxes for one name', () => {
    const part = fc.constantFrom('Café', 'Cafe\u0301', 'a', '\u212b', 'A\u030a', '\u00c5', '/');
    const names = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.uniqueArray(names, { maxLength: 8 }), names, (listed, entry) => {
        const allowed = listed.filter((name) => meansFolder([entry], name, { delimiter: '/', listed }));
        expect(allowed.length).toBeLessThanOrEqual(1);
        if (listed.includes(entry)) expect(allowed).toEqual([entry]);
      }),
    );
  });
});
