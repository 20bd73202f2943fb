import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { string } from '../../../src/mail/imap/data-formats.ts';
import { findMailboxByRole } from '../../../src/mail/mailbox/find-by-role.ts';
import { listMailboxes } from '../../../src/mail/mailbox/list-mailboxes.ts';
import { requireMailbox } from '../../../src/mail/mailbox/open-mailbox.ts';
import { encodeMailboxName } from '../../../src/mail/mailbox-name.ts';
import { newAccount, onBasicServer } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';

describe.each([
  { kind: 'rich', on: (account: MailAccount) => account },
  { kind: 'poor', on: onBasicServer },
])('on a $kind server', ({ on }) => {
  test('mailboxes are listed INBOX first, with Unicode paths, roles and subscriptions', async () => {
    const account = newAccount();
    await appendMessages(account, { 'Zürich/日本 & co': [] });
    const mailboxes = await withImap(on(account), (imap) => listMailboxes(imap, { counts: false }));
    expect(mailboxes[0]).toEqual({
      path: 'INBOX',
      delimiter: '/',
      role: 'inbox',
      subscribed: false,
      selectable: true,
      isOutbox: false,
      messages: null,
      unseen: null,
    });
    expect(mailboxes).toContainEqual(
      expect.objectContaining({ path: 'Zürich/日本 & co', role: null, selectable: true }),
    );
    for (const [path, role] of [
      ['Sent', 'sent'],
      ['Drafts', 'drafts'],
      ['Trash', 'trash'],
    ]) {
      expect(mailboxes).toContainEqual(expect.objectContaining({ path, role, subscribed: true }));
    }
  });

  test('counts are those of messages and of unseen messages', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message(), message({ flags: ['\\Seen'] })], Zürich: [message()] });
    const mailboxes = await withImap(on(account), (imap) => listMailboxes(imap, { counts: true }));
    expect(mailboxes).toContainEqual(expect.objectContaining({ path: 'INBOX', messages: 2, unseen: 1 }));
    expect(mailboxes).toContainEqual(expect.objectContaining({ path: 'Zürich', messages: 1, unseen: 1 }));
    expect(mailboxes).toContainEqual(expect.objectContaining({ path: 'Sent', messages: 0, unseen: 0 }));
  });

  test('a mailbox is found by its role and by its name, INBOX in any case', async () => {
    await withImap(on(newAccount()), async (imap) => {
      expect(await findMailboxByRole(imap, 'sent')).toBe('Sent');
      expect(await requireMailbox(imap, 'inBox')).toBe('INBOX');
      await expect(requireMailbox(imap, 'Drafs')).rejects.toThrow('There is no mailbox "Drafs". Call list_mailboxes');
    });
  });

  test('a name that only becomes INBOX in capitals is another mailbox', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message()] });
    await withImap(on(account), async (imap) => {
      await imap.run('CREATE', [string(encodeMailboxName('\u0131nbox'))]);
      expect(await requireMailbox(imap, '\u0131nbox')).toBe('\u0131nbox');
      const counts = (await listMailboxes(imap, { counts: true })).map(({ path, messages }) => [path, messages]);
      expect(counts).toContainEqual(['INBOX', 1]);
      expect(counts).toContainEqual(['\u0131nbox', 0]);
    });
  });

  test.each([
    ['a\r\nA1 LOGOUT', 'a\\u{D}\\u{A}A1 LOGOUT'],
    ['\0', '\\u{0}'],
    ['tab\t', 'tab\\u{9}'],
  ])('the name %j is sent encoded, and shown escaped', async (name, shown) => {
    await withImap(on(newAccount()), (imap) =>
      expect(requireMailbox(imap, name)).rejects.toThrow(`There is no mailbox "${shown}"`),
    );
  });

  test('wildcards in a name are characters like any other', async () => {
    await withImap(on(newAccount()), async (imap) => {
      await expect(requireMailbox(imap, '*')).rejects.toThrow('There is no mailbox "*"');
      await expect(requireMailbox(imap, 'Sen%')).rejects.toThrow('There is no mailbox "Sen%"');
    });
  });
});

describe('roles on a server that marks none', () => {
  test.each([
    [
      ['INBOX', 'Gesendet', 'Entwürfe', 'Papierkorb'],
      ['Gesendet', 'Entwürfe', 'Papierkorb'],
    ],
    [
      ['INBOX', 'INBOX.Éléments envoyés', 'INBOX.Brouillons', 'INBOX.Corbeille'],
      ['INBOX.Éléments envoyés', 'INBOX.Brouillons', 'INBOX.Corbeille'],
    ],
    [
      ['INBOX', 'Enviados', 'Borradores', 'Papelera'],
      ['Enviados', 'Borradores', 'Papelera'],
    ],
    [
      ['INBOX', 'Nosūtītie', 'Melnraksti', 'Atkritne'],
      ['Nosūtītie', 'Melnraksti', 'Atkritne'],
    ],
    [
      ['INBOX', 'Archive.Sent', 'Sent Items', 'Drafts', 'Deleted Items'],
      ['Sent Items', 'Drafts', 'Deleted Items'],
    ],
  ])('are those of the names %j', async (names, [sent, drafts, trash]) => {
    await using server = await startScriptedImap((command) =>
      /^LIST/.test(command) ? `${names.map((name) => `* LIST () "." "${utf7(name)}"`).join('\n')}\nTAG OK` : undefined,
    );
    await withImap(server, async (imap) => {
      expect(await findMailboxByRole(imap, 'sent')).toBe(sent);
      expect(await findMailboxByRole(imap, 'drafts')).toBe(drafts);
      expect(await findMailboxByRole(imap, 'trash')).toBe(trash);
    });
  });

  test('are missing where no name fits, and the error names the next call', async () => {
    await using server = await startScriptedImap((command) =>
      /^LIST/.test(command) ? '* LIST () "/" INBOX\nTAG OK' : undefined,
    );
    await withImap(server, (imap) => expect(findMailboxByRole(imap, 'sent')).rejects.toThrow('Call list_mailboxes'));
  });

  test('go to the marked mailbox and not to the well-known name', async () => {
    await using server = await startScriptedImap((command) =>
      /^LIST/.test(command)
        ? '* LIST (\\Sent) "/" Outbox\n* LIST () "/" Sent\n* LIST (\\Noselect) "/" Drafts\nTAG OK'
        : undefined,
    );
    await withImap(server, async (imap) => {
      expect(await findMailboxByRole(imap, 'sent')).toBe('Outbox');
      await expect(findMailboxByRole(imap, 'drafts')).rejects.toThrow('drafts');
    });
  });
});

test('a server that announces LIST-EXTENDED and then refuses it gets a plain LIST', async () => {
  await using server = await startScriptedImap(
    (command) => {
      if (/^LIST .*RETURN/.test(command)) return 'TAG BAD syntax error';
      if (/^LIST/.test(command)) return '* LIST () "/" INBOX\nTAG OK';
      return /^LSUB/.test(command) ? '* LSUB () "/" INBOX\nTAG OK' : undefined;
    },
    { capabilities: 'IMAP4rev1 LIST-EXTENDED' },
  );
  const mailboxes = await withImap(server, (imap) => listMailboxes(imap, { counts: false }));
  expect(mailboxes).toMatchObject([{ path: 'INBOX' }]);
});

/** Modified UTF-7 (RFC 3501 §5.1.3), independent of the code under test. */
function utf7(name: string): string {
  return name.replace(/[^\x20-\x7e]+/g, (run) => {
    const utf16 = Buffer.from(run, 'utf16le').swap16();
    return `&${utf16.toString('base64').replace(/=+$/, '').replaceAll('/', ',')}-`;
  });
}
