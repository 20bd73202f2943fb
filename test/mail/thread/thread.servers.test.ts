import { describe, expect, test } from 'vitest';
import type { ImapConnection } from '../../../src/mail/imap/imap-connection.ts';
import { readThread } from '../../../src/mail/thread/thread.ts';
import { newAccount, onBasicServer } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';
import { startDelayProxy } from '../../support/servers/proxies.ts';
import { testServers } from '../../support/servers/servers.ts';

const TRUST = { authservIds: [], imapHost: 'imap.example.test' };

function read(imap: ImapConnection, mailbox: string, uid: number) {
  const request = { mailbox, uid, ownAddresses: ['ida@example.test'], trustedServers: TRUST, chars: 10_000 };
  return readThread((use) => use(imap), request);
}

const placesOf = ({ messages }: Awaited<ReturnType<typeof read>>) =>
  messages.map((each) => `${each.message.mailbox}/${each.message.uid}`);

const at = (n: number) => new Date(Date.UTC(2026, 10, 1, n));

/** An answer that names all messages before it. */
function nth(n: number, more: Parameters<typeof message>[0] = {}) {
  const references = Array.from({ length: n }, (_, before) => `<${before}@x.test>`);
  const inReplyTo = references.at(-1) ?? '';
  const named = n === 0 ? {} : { references, inReplyTo };
  const subject = n === 0 ? 'Harbour lights' : 'Re: Harbour lights';
  return message({ subject, messageId: `<${n}@x.test>`, date: at(n), text: `Text ${n}.`, ...named, ...more });
}

describe('reading a conversation', () => {
  test.each([
    ['in eight folders', 8, 4],
    ['in nine folders', 9, 5],
  ])('%s takes a fixed number of round trips', async (_, folders, expected) => {
    const account = newAccount();
    const names = [
      'INBOX',
      'Drafts',
      'Sent',
      'Archive',
      ...Array.from({ length: folders - 4 }, (_unused, n) => `Folder ${n}`),
    ];
    const contents = Object.fromEntries(
      names.map((name, index) => [name, [nth(index), nth(index + 20, { html: `<p>${'Hello. '.repeat(2_000)}</p>` })]]),
    );
    await appendMessages(account, contents);
    const { host, tlsPort: port } = testServers().imap;
    await using proxy = await startDelayProxy({ target: { host, port }, delayMs: 40 });
    const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
    await withImap({ ...account, imap: { ...account.imap, server } }, async (imap) => {
      await read(imap, 'INBOX', 1);
      const before = proxy.roundTrips();
      const { messages } = await read(imap, 'INBOX', 1);
      expect(proxy.roundTrips() - before).toBe(expected);
      expect(messages).toHaveLength(2 * folders);
      expect(messages.every(({ text }) => text !== null && text !== '')).toBe(true);
    });
  });

  test.each([
    ['with extensions', (account: ReturnType<typeof newAccount>) => account],
    ['without extensions', onBasicServer],
  ])('finds the messages whose References were cut, on a server %s', async (_, on) => {
    const account = newAccount();
    await appendMessages(account, {
      INBOX: [
        nth(0),
        nth(1),
        // Only the last references, and only In-Reply-To.
        message({ subject: 'Re: Harbour lights', messageId: '<2@x.test>', references: ['<1@x.test>'], date: at(2) }),
        message({ subject: 'Re: Harbour lights', messageId: '<3@x.test>', inReplyTo: '<2@x.test>', date: at(3) }),
        message({
          subject: 'Another subject',
          messageId: '<4@x.test>',
          inReplyTo: '<3@x.test>',
          references: ['<0@x.test>'],
          date: at(4),
        }),
        message({ subject: 'Another subject', messageId: '<5@x.test>', references: ['<5@y.test>'], date: at(5) }),
      ],
    });
    await withImap(on(account), async (imap) => {
      for (const uid of [1, 2, 3, 4, 5]) {
        const thread = await read(imap, 'INBOX', uid);
        expect(placesOf(thread)).toEqual(['INBOX/1', 'INBOX/2', 'INBOX/3', 'INBOX/4', 'INBOX/5']);
      }
    });
  });

  test('does not join two conversations to which a message refers', async () => {
    const account = newAccount();
    await appendMessages(account, {
      INBOX: [
        nth(0),
        nth(1),
        message({ subject: 'Money', messageId: '<a@y.test>', date: at(2) }),
        message({ subject: 'Re: Money', messageId: '<b@y.test>', references: ['<a@y.test>'], date: at(3) }),
        message({
          from: 'eve@example.net',
          subject: 'Re: Harbour lights',
          references: ['<a@y.test>', '<0@x.test>'],
          date: at(4),
        }),
      ],
    });
    await withImap(account, async (imap) => {
      expect(placesOf(await read(imap, 'INBOX', 1))).toEqual(['INBOX/1', 'INBOX/2', 'INBOX/5']);
    });
  });

  test('shows a message of which there are copies once, and others with its Message-ID too', async () => {
    const account = newAccount();
    const copy = nth(1, { from: 'Mara <mara@example.test>' });
    await appendMessages(account, {
      INBOX: [
        nth(0),
        copy,
        nth(1, { from: 'Mara <mara@example.test>', text: 'Text 1.\n\n____\nharbour@lists.example.test' }),
        nth(1, { from: 'Mara <mara@example.test>', text: 'Something else.' }),
        nth(1, { from: 'Mara <mara@example.net>' }),
      ],
      Archive: [copy],
    });
    await withImap(account, async (imap) => {
      const thread = await read(imap, 'INBOX', 1);
      expect(placesOf(thread)).toEqual(['INBOX/1', 'INBOX/2', 'INBOX/4', 'INBOX/5']);
      const [, second] = thread.messages;
      expect(second?.copies.map(({ mailbox, uid }) => `${mailbox}/${uid}`).sort()).toEqual(['Archive/1', 'INBOX/3']);
    });
  });

  test('follows a circle of References', async () => {
    const account = newAccount();
    await appendMessages(account, {
      INBOX: [
        nth(0, { references: ['<2@x.test>'], inReplyTo: '<2@x.test>' }),
        nth(1, { references: ['<0@x.test>', '<1@x.test>'], inReplyTo: '<0@x.test>' }),
        nth(2, { references: ['<1@x.test>'], inReplyTo: '<1@x.test>' }),
      ],
    });
    await withImap(account, async (imap) => {
      expect(placesOf(await read(imap, 'INBOX', 2)).sort()).toEqual(['INBOX/1', 'INBOX/2', 'INBOX/3']);
    });
  });

  test('orders imported messages by the time when they were received', async () => {
    const account = newAccount();
    const imported = new Date('2027-05-01T00:00:00Z');
    const received = (n: number) => ({
      Received: `from a.test by b.test; ${at(n).toUTCString().replace('GMT', '+0000')}`,
    });
    await appendMessages(account, {
      INBOX: [
        { ...(await nth(2, { headers: received(2) })), date: imported },
        { ...(await nth(1)), date: imported },
        { ...(await nth(0, { headers: received(0) })), date: imported },
      ],
    });
    await withImap(account, async (imap) => {
      const thread = await read(imap, 'INBOX', 1);
      expect(placesOf(thread)).toEqual(['INBOX/3', 'INBOX/2', 'INBOX/1']);
      expect(thread.messages.map(({ time }) => time)).toEqual([0, 1, 2].map((n) => at(n).getTime()));
    });
  });
});

/** A message as a scripted server returns it. */
function fetched(uid: number, { id, more = '' }: { id: string; more?: string }): string {
  const envelope = `ENVELOPE ("Sun, 1 Nov 2026 0${uid % 10}:00:00 +0000" "Re: lights" (("Ida" NIL "ida" "example.test")) NIL NIL (("Mara" NIL "mara" "example.test")) NIL NIL NIL "<${id}@x>")`;
  const structure = 'BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 9 1)';
  return `* 1 FETCH (UID ${uid} FLAGS () INTERNALDATE " 1-Nov-2026 0${uid % 10}:00:00 +0000" RFC822.SIZE 100 ${envelope} ${structure} BODY[HEADER.FIELDS (REFERENCES)] "" BODY[1] "Text ${id}."${more})`;
}

describe('a server with threads of its own', () => {
  test('Gmail is asked for its thread, in All Mail only', async () => {
    const labels: Record<number, string> = { 11: '"\\\\Sent"', 12: '"\\\\Inbox"', 13: '"\\\\Draft"' };
    const gmail = (uid: number, id: string) =>
      fetched(uid, { id, more: ` X-GM-THRID 1278455344230334865 X-GM-LABELS (${labels[uid] ?? '"\\\\Inbox"'})` });
    let open = '';
    await using server = await startScriptedImap(
      (command) => {
        if (command.startsWith('LIST')) {
          const listed = [
            '(\\HasNoChildren) "/" "INBOX"',
            '(\\All) "/" "[Gmail]/All Mail"',
            '(\\Sent) "/" "[Gmail]/Sent Mail"',
          ];
          return `${listed.map((each) => `* LIST ${each}`).join('\n')}\nTAG OK done`;
        }
        if (command.startsWith('EXAMINE')) open = command;
        if (command.startsWith('UID SEARCH')) {
          return command.includes('X-GM-THRID 1278455344230334865') ? '* SEARCH 11 12 13\nTAG OK done' : 'TAG BAD no';
        }
        if (command.startsWith('UID FETCH') && open.includes('INBOX')) return `${gmail(2, 'b')}\nTAG OK done`;
        if (command.startsWith('UID FETCH'))
          return `${gmail(11, 'a')}\n${gmail(12, 'b')}\n${gmail(13, 'c')}\nTAG OK done`;
        return undefined;
      },
      { capabilities: 'IMAP4rev1 X-GM-EXT-1' },
    );
    await withImap({ server: server.server }, async (imap) => {
      const thread = await read(imap, 'INBOX', 2);
      expect(placesOf(thread)).toEqual(['[Gmail]/All Mail/11', 'INBOX/2', '[Gmail]/All Mail/13']);
      expect(thread.messages.map(({ sender }) => sender)).toEqual(['me', 'ida@example.test', 'me']);
      expect(thread.messages.map(({ counts }) => counts)).toEqual([true, true, false]);
      expect(thread.inWords).toBe('[Gmail]/All Mail (all folders)');
    });
    expect(server.commands.filter((command) => command.startsWith('UID SEARCH'))).toHaveLength(1);
  });

  test('one with OBJECTID is asked for its thread in each folder (RFC 8474 §5.2)', async () => {
    let open = '';
    await using server = await startScriptedImap(
      (command) => {
        if (command.startsWith('LIST')) return '* LIST () "/" "INBOX"\n* LIST (\\Sent) "/" "Sent"\nTAG OK done';
        if (command.startsWith('EXAMINE')) open = command;
        const isInbox = open.includes('INBOX');
        if (command.startsWith('UID SEARCH')) {
          if (!command.endsWith('THREADID T64b478a75b7ea9')) return 'TAG BAD no';
          return `* SEARCH ${isInbox ? '2' : '5'}\nTAG OK done`;
        }
        if (!command.startsWith('UID FETCH')) return undefined;
        return `${fetched(isInbox ? 2 : 5, { id: isInbox ? 'a' : 'b', more: ' THREADID (T64b478a75b7ea9)' })}\nTAG OK done`;
      },
      { capabilities: 'IMAP4rev1 OBJECTID' },
    );
    await withImap({ server: server.server }, async (imap) => {
      expect(placesOf(await read(imap, 'INBOX', 2))).toEqual(['INBOX/2', 'Sent/5']);
    });
  });
});
