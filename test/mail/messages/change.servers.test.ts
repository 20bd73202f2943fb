import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { appendMessage, deleteMessages, moveMessages, updateFlags } from '../../../src/mail/messages/change.ts';
import { fetchSummaries, listMessages } from '../../../src/mail/messages/list.ts';
import { readMessage } from '../../../src/mail/messages/read.ts';
import { searchMessages } from '../../../src/mail/messages/search-messages.ts';
import { listFiles } from '../../../src/mail/mime/listed-files.ts';
import { parseSearch } from '../../../src/mail/search/parse.ts';
import { newAccount, onBasicServer } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages, fillMailbox } from '../../support/mail/mailboxes.ts';
import { withImap } from '../../support/mail/with-imap.ts';
import { withImapFlow } from '../../support/mail/with-imapflow.ts';

const SERVERS = [
  { kind: 'rich', on: (account: MailAccount) => account },
  { kind: 'poor', on: onBasicServer },
] as const;

describe.each(SERVERS)('on a $kind server', ({ kind, on }) => {
  describe('listing messages', () => {
    test('pages start with the newest message and end with the oldest', async () => {
      const account = newAccount();
      fillMailbox(account, 'INBOX', 25);
      await withImap(on(account), async (imap) => {
        const pages = [1, 2, 3, 4].map((page) => listMessages(imap, 'INBOX', { page, perPage: 10 }));
        const subjects = (await Promise.all(pages)).map(({ messages }) => messages.map(({ subject }) => subject));
        expect(subjects.map((page) => page.length)).toEqual([10, 10, 5, 0]);
        expect([subjects[0]?.[0], subjects[0]?.[9], subjects[2]?.[4]]).toEqual([
          'Message 25',
          'Message 16',
          'Message 1',
        ]);
      });
    });

    test('a message that arrived after the mailbox was opened is listed', async () => {
      const account = newAccount();
      await withImap(on(account), async (imap) => {
        expect(await listMessages(imap, 'INBOX', { page: 1, perPage: 10 })).toMatchObject({ total: 0, messages: [] });
        await appendMessages(account, { INBOX: [message({ subject: 'New' })] });
        expect(await listMessages(imap, 'INBOX', { page: 1, perPage: 10 })).toMatchObject({
          total: 1,
          messages: [{ subject: 'New' }],
        });
      });
    });

    test('inline pictures do not count as attachments, files do', async () => {
      const account = newAccount();
      const html = '<img src="cid:a">';
      await appendMessages(account, {
        INBOX: [
          message({ html, attachments: [{ content: 'x', contentType: 'image/png', cid: 'a', inline: true }] }),
          message({ html, attachments: [{ content: 'x', filename: 'a.pdf' }] }),
        ],
      });
      const { messages } = await withImap(on(account), (imap) => listMessages(imap, 'INBOX', { page: 1, perPage: 10 }));
      const names = messages.map(
        ({ structure }) => structure && listFiles(structure).files.map(({ filename }) => filename),
      );
      expect(names).toEqual([['a.pdf'], []]);
    });

    test('summaries are in the requested order, without messages that no longer exist', async () => {
      const account = newAccount();
      const {
        INBOX: [one = 0, two = 0],
      } = await appendMessages(account, { INBOX: [message(), message()] });
      const summaries = await withImap(on(account), (imap) => fetchSummaries(imap, 'INBOX', [two, 999, one]));
      expect(summaries.map(({ uid }) => uid)).toEqual([two, one]);
    });

    test('an unknown mailbox is named', async () => {
      await withImap(on(newAccount()), async (imap) => {
        await expect(listMessages(imap, 'Nowhere "at" all', { page: 1, perPage: 10 })).rejects.toThrow(
          'There is no mailbox "Nowhere \\"at\\" all". Call list_mailboxes',
        );
        expect(imap.isUsable).toBe(true);
      });
    });
  });

  describe('searching', () => {
    test('finds Unicode text and returns the newest first', async () => {
      const account = newAccount();
      const { INBOX: uids } = await appendMessages(account, {
        INBOX: [message({ subject: 'Grüße 1' }), message({ subject: 'other' }), message({ subject: 'Grüße 2' })],
      });
      const found = await withImap(on(account), (imap) =>
        searchMessages(imap, 'INBOX', parseSearch('SUBJECT "grüße"'), { page: 1, perPage: 100 }),
      );
      expect(found.uids).toEqual([uids[2], uids[0]]);
    });

    test('returns an empty list if nothing is found', async () => {
      const found = await withImap(on(newAccount()), (imap) =>
        searchMessages(imap, 'INBOX', parseSearch('SUBJECT x'), { page: 1, perPage: 100 }),
      );
      expect(found.uids).toEqual([]);
    });
  });

  describe('moving', () => {
    test('the message is in the destination and no longer in its mailbox; others stay, also those marked \\Deleted', async () => {
      const account = newAccount();
      const {
        INBOX: [uid = 0],
      } = await appendMessages(account, {
        INBOX: [
          message({ subject: 'move' }),
          message({ subject: 'marked', flags: ['\\Deleted'] }),
          message({ subject: 'stay' }),
        ],
        'Ärchiv/2025': [],
      });
      const [moved] = await withImap(on(account), (imap) => moveMessages(imap, 'INBOX', [uid], 'Ärchiv/2025'));
      expect(moved).toEqual({
        uid,
        newUid: 1,
        newUidValidity: expect.stringMatching(/^\d+$/),
        removed: kind === 'rich',
      });
      expect(await contents(account, 'Ärchiv/2025')).toMatchObject([{ uid: 1, subject: 'move' }]);
      const rest = await contents(account, 'INBOX');
      expect(rest.map(({ subject }) => subject)).toEqual(
        kind === 'rich' ? ['marked', 'stay'] : ['move', 'marked', 'stay'],
      );
    });

    test('an unknown destination is named, and nothing changes', async () => {
      const account = newAccount();
      const {
        INBOX: [uid = 0],
      } = await appendMessages(account, { INBOX: [message()] });
      await withImap(on(account), (imap) =>
        expect(moveMessages(imap, 'INBOX', [uid], 'Nowhere')).rejects.toThrow('There is no mailbox "Nowhere"'),
      );
      expect(await contents(account, 'INBOX')).toHaveLength(1);
    });

    test('none of several messages is moved if one UID is unknown', async () => {
      const account = newAccount();
      const {
        INBOX: [uid = 0],
      } = await appendMessages(account, { INBOX: [message()], Archive: [] });
      await withImap(on(account), (imap) =>
        expect(moveMessages(imap, 'INBOX', [uid, 77], 'Archive')).rejects.toThrow(
          'There is no message with UID 77 in "INBOX"',
        ),
      );
      expect(await contents(account, 'INBOX')).toHaveLength(1);
    });

    test('to the mailbox that the message is in is refused', async () => {
      const account = newAccount();
      const {
        INBOX: [uid = 0],
      } = await appendMessages(account, { INBOX: [message()] });
      await withImap(on(account), (imap) =>
        expect(moveMessages(imap, 'INBOX', [uid], 'inbox')).rejects.toThrow('is in "INBOX" already'),
      );
    });
  });

  describe('deleting', () => {
    test('removes the named message and no other', async () => {
      const account = newAccount();
      const {
        INBOX: [uid = 0],
      } = await appendMessages(account, { INBOX: [message({ subject: 'gone' }), message({ subject: 'stays' })] });
      expect(await withImap(on(account), (imap) => deleteMessages(imap, 'INBOX', [uid]))).toMatchObject({
        expunged: true,
      });
      expect(await contents(account, 'INBOX')).toMatchObject([{ subject: 'stays' }]);
    });

    test('others that are marked \\Deleted are not removed with it, and keep \\Deleted', async () => {
      const account = newAccount();
      const {
        INBOX: [uid = 0, marked = 0],
      } = await appendMessages(account, { INBOX: [message(), message({ flags: ['\\Deleted'] })] });
      const { expunged } = await withImap(on(account), (imap) => deleteMessages(imap, 'INBOX', [uid]));
      expect(expunged).toBe(kind === 'rich');
      const left = await contents(account, 'INBOX');
      expect(left.map((one) => one.uid)).toEqual(kind === 'rich' ? [marked] : [uid, marked]);
      expect(left.every(({ flags }) => flags.has('\\Deleted'))).toBe(true);
    });

    test('an unknown UID is an error', async () => {
      await withImap(on(newAccount()), (imap) =>
        expect(deleteMessages(imap, 'INBOX', [5])).rejects.toThrow('UID 5 in "INBOX"'),
      );
    });
  });

  describe('flags', () => {
    test('are added and removed in any spelling, and returned', async () => {
      const account = newAccount();
      const {
        INBOX: [uid = 0],
      } = await appendMessages(account, { INBOX: [message({ flags: ['\\Flagged'] })] });
      await withImap(on(account), async (imap) => {
        const flags = await updateFlags(imap, 'INBOX', uid, {
          add: ['seen', '\\ANSWERED', '$Label1'],
          remove: ['Flagged'],
        });
        expect(flags.toSorted()).toEqual(['$Label1', '\\Answered', '\\Seen']);
        expect(await updateFlags(imap, 'INBOX', uid, { add: [], remove: ['$label1', '\\Seen'] })).toEqual([
          '\\Answered',
        ]);
      });
    });

    test.each([['\\Recent'], ['two words'], ['a(b'], ['\\Unknown'], ['ä'], ['x\r\nA1 LOGOUT']])(
      '%j is refused and named',
      async (flag) => {
        const account = newAccount();
        const {
          INBOX: [uid = 0],
        } = await appendMessages(account, { INBOX: [message()] });
        await withImap(on(account), (imap) =>
          expect(updateFlags(imap, 'INBOX', uid, { add: [flag], remove: [] })).rejects.toThrow(/^(The flag )?"/),
        );
      },
    );

    test('the same flag added and removed is refused', async () => {
      await withImap(on(newAccount()), (imap) =>
        expect(updateFlags(imap, 'INBOX', 1, { add: ['Seen'], remove: ['\\seen'] })).rejects.toThrow('both'),
      );
    });

    test('of an unknown message are refused', async () => {
      await withImap(on(newAccount()), (imap) =>
        expect(updateFlags(imap, 'INBOX', 9, { add: ['Seen'], remove: [] })).rejects.toThrow('UID 9'),
      );
    });
  });

  describe('appending', () => {
    test('stores the bytes and flags, and returns the UID', async () => {
      const account = newAccount();
      const { raw } = await message({ raw: `Subject: Grüße\n\n${'0123456789\n'.repeat(200_000)}` });
      await withImap(on(account), async (imap) => {
        const { uid } = await appendMessage(imap, 'INBOX', raw, ['\\Seen']);
        expect(uid).toBe(1);
        expect(await readMessage(imap, 'INBOX', 1)).toMatchObject({
          subject: 'Grüße',
          flags: ['\\Seen'],
          sizeBytes: raw.length,
        });
      });
    });

    test('an unknown mailbox is named', async () => {
      await withImap(on(newAccount()), (imap) =>
        expect(appendMessage(imap, 'Nowhere', Buffer.from('\r\nx'), [])).rejects.toThrow(
          'There is no mailbox "Nowhere"',
        ),
      );
    });
  });
});

async function contents(account: MailAccount, mailbox: string) {
  return withImapFlow(account, async (imap) => {
    await imap.mailboxOpen(mailbox, { readOnly: true });
    const messages = await imap.fetchAll('1:*', { envelope: true, flags: true, uid: true });
    return messages.map(({ uid, envelope, flags }) => ({
      uid,
      subject: envelope?.subject,
      flags: flags ?? new Set<string>(),
    }));
  });
}
