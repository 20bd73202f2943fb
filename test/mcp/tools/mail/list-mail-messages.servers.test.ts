import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { type MessageOptions, message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('list_mail_messages', () => {
  test('a row has the fields by which a message is chosen', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [
        message({
          subject: 'Überweisung – fällig ✅',
          from: 'Jürgen Müller <juergen@example.test>',
          replyTo: 'office@example.test',
          to: 'Ada <ada@example.test>, bob@example.test',
          cc: 'carol@example.test',
          date: new Date('2025-03-04T05:06:07Z'),
          messageId: '<one@example.test>',
          inReplyTo: '<zero@example.test>',
          attachments: [{ filename: 'a.pdf', contentType: 'application/pdf', content: 'x' }],
          flags: ['\\Flagged', '$Label1'],
        }),
      ],
    });
    await using assistant = await app.assistant(account);
    const listed = await assistant.call('list_mail_messages', { folder: 'INBOX' });
    expect(listed).toEqual({
      folder: 'INBOX',
      uid_validity: expect.stringMatching(/^\d+$/),
      total: 1,
      page: 1,
      per_page: 20,
      messages: [
        {
          uid: INBOX[0],
          date: '2025-03-04T05:06:07Z',
          from: 'Jürgen Müller <juergen@example.test>',
          to: ['Ada <ada@example.test>', 'bob@example.test'],
          cc: ['carol@example.test'],
          subject: 'Überweisung – fällig ✅',
          unread: true,
          flags: expect.arrayContaining(['\\Flagged', '$Label1']),
          files: ['2 a.pdf'],
        },
      ],
    });
  });

  test('a row leaves out what is empty, false, or as usual', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [message({ to: account.email, subject: '', flags: ['\\Seen'] })],
    });
    await using assistant = await app.assistant(account);
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({
      messages: [{ uid: INBOX[0], date: '2025-03-04T05:06:07Z', from: 'Grace Hopper <grace@example.test>' }],
    });
    const { messages } = await assistant.call('list_mail_messages', {});
    expect(Object.keys((messages as [object])[0])).toEqual(['uid', 'date', 'from']);
  });

  /** The only row of a mailbox with this message. */
  async function rowOf(options: (own: string) => MessageOptions) {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message(options(account.email))] });
    await using assistant = await app.assistant(account);
    const { messages } = await assistant.call('list_mail_messages', {});
    return (messages as [Record<string, unknown>])[0];
  }

  test('people are one text each, which `to` of a new message accepts', async () => {
    expect(await rowOf(() => ({ from: '"Berg, Ola" <ola@example.test>' }))).toMatchObject({
      from: '"Berg, Ola" <ola@example.test>',
    });
    expect(await rowOf(() => ({ from: 'Ann <ann@example.test>, "Dr. Bo" <bo@example.test>' }))).toMatchObject({
      from: 'Ann <ann@example.test>, "Dr. Bo" <bo@example.test>',
    });
    expect(await rowOf(() => ({ from: '"ola@example.test" <ola@example.test>' }))).toMatchObject({
      from: 'ola@example.test',
    });
    expect(await rowOf(() => ({ raw: `From: "${'Long name '.repeat(20)}" <ola@example.test>\n\nHi\n` }))).toMatchObject(
      {
        from: expect.stringMatching(/^(?:Long name ){7}Long name… <ola@example.test>$/),
      },
    );
  });

  test('the account itself is "me" as a recipient, in any case, and only beside others', async () => {
    const own = await rowOf((email) => ({
      to: `bo@example.test, Ada <${email.toUpperCase()}>`,
    }));
    expect(own).toMatchObject({ to: ['bo@example.test', 'me'] });
    const alone = await rowOf((email) => ({ to: `Ada <${email}>`, cc: 'carol@example.test' }));
    expect(alone).toMatchObject({ cc: ['carol@example.test'] });
    expect(alone).not.toHaveProperty('to');
    expect(await rowOf(() => ({ raw: 'From: me\nTo: Me <eve@example.test>\n\nHi\n' }))).toMatchObject({
      from: '<me>',
      to: ['Me <eve@example.test>'],
    });
  });

  test('three recipients are shown, and how many more there are', async () => {
    const to = (count: number) => Array.from({ length: count }, (_, n) => `p${n}@example.test`);
    expect(await rowOf(() => ({ to: to(3).join(', ') }))).toMatchObject({ to: to(3) });
    expect(await rowOf(() => ({ to: to(5).join(', ') }))).toMatchObject({ to: [...to(3), '2 more'] });
  });

  test('a subject has 200 characters and the name of a file 120 at most', async () => {
    const name = `${'n'.repeat(150)}.pdf`;
    const row = await rowOf(() => ({ subject: 's'.repeat(300), attachments: [{ filename: name, content: 'x' }] }));
    expect(row).toMatchObject({ subject: `${'s'.repeat(199)}…`, files: [`2 ${'n'.repeat(115)}….pdf`] });
  });

  test('ten files are named, and how many more there are; pictures in the text are none', async () => {
    const attachments = Array.from({ length: 12 }, (_, n) => ({ filename: `${n}.txt`, content: 'x' }));
    const { files } = await rowOf(() => ({ attachments }));
    expect(files).toEqual([...attachments.slice(0, 10).map(({ filename }, n) => `${n + 2} ${filename}`), '2 more']);
    const html = '<p>Hi <img src="cid:logo"></p>';
    const logo = { filename: 'logo.png', contentType: 'image/png', content: 'x', cid: 'logo', inline: true as const };
    expect(await rowOf(() => ({ html, attachments: [logo] }))).not.toHaveProperty('files');
  });

  test.each([
    ['List-Id: Board <board.example.test>', true],
    ['List-Unsubscribe: <mailto:off@example.test>', true],
    [`LIST-UNSUBSCRIBE: <https://example.test/${'x'.repeat(2000)}>`, true],
    ['X-List: no', undefined],
  ])('a message with %s is marked as from a list: %s', async (header, list) => {
    expect((await rowOf(() => ({ raw: `From: a@example.test\n${header}\n\nHi\n` }))).list).toBe(list);
  });

  const calendar = 'BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n';
  test.each([
    ['text/calendar; method=REQUEST; charset=utf-8', true],
    ['text/calendar; charset=utf-8; method="request"', true],
    ['text/calendar', true],
    ['text/calendar; method=REPLY', undefined],
    ['text/calendar; method=CANCEL', undefined],
  ])('a message with a part of the type %s is an invitation: %s', async (type, invite) => {
    const parts = `--b\nContent-Type: text/plain\n\nCome!\n--b\nContent-Type: ${type}\n\n${calendar}--b--\n`;
    const row = await rowOf(() => ({
      raw: `MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n${parts}`,
    }));
    expect(row.invite).toBe(invite);
    if (invite) expect(row).not.toHaveProperty('files');
  });

  test('`sent` is added if the Date header differs from the arrival by more than a day', async () => {
    const at = (date: string) =>
      rowOf(() => ({ raw: `Date: ${date}\n\nHi\n`, date: new Date('2025-03-04T12:00:00Z') }));
    expect(await at('Tue, 4 Mar 2025 06:00:00 +0000')).not.toHaveProperty('sent');
    expect(await at('Mon, 3 Mar 2025 13:00:00 +0100')).not.toHaveProperty('sent');
    expect(await at('Mon, 3 Mar 2025 11:59:59 +0000')).toMatchObject({
      date: '2025-03-04T12:00:00Z',
      sent: '2025-03-03T11:59:59Z',
    });
    expect(await at('Thu, 6 Mar 2025 09:00:00 +0530')).toMatchObject({ sent: '2025-03-06T03:30:00Z' });
    expect(await at('Fri, 30 Feb 2025 10:00:00 +0000')).not.toHaveProperty('sent');
  });

  test('a page of 20 everyday messages costs at most 900 tokens, of four characters each', async () => {
    const account = newAccount();
    const people = [
      'Mara Lindqvist <mara@lighthouse.example>',
      'Żaneta Wójcik-Kowalska <zaneta.wojcik@kranbau.example>',
      '"Petersen, Kranverleih" <info@kran-petersen.example>',
      '田中 さくら <sakura@tanaka-optics.example>',
    ];
    const subjects = ['Re: Harbour lights: plan and open points', 'Rechnung KP-0452', 'サンプル17番 / sample box 17'];
    const everyday = (n: number): MessageOptions => ({
      from: people[n % people.length] ?? '',
      to: n % 5 === 0 ? `${account.email}, Bo Verhoeven <bo@verhoeven.example>` : account.email,
      subject: `${subjects[n % subjects.length]}, ${n}`,
      date: new Date(Date.UTC(2026, 10, 1 + n)),
      flags: n % 3 === 0 ? [] : ['\\Seen'],
      ...(n % 6 === 0 && { attachments: [{ filename: `Quartalsbericht Q${n}.docx`, content: 'x' }] }),
      ...(n % 4 === 0 && { headers: { 'List-Unsubscribe': '<mailto:off@example.test>' } }),
    });
    await appendMessages(account, { INBOX: Array.from({ length: 21 }, (_, n) => message(everyday(n))) });
    await using assistant = await app.assistant(account);
    const listed = await assistant.call('list_mail_messages', {});
    expect(listed.messages).toHaveLength(20);
    expect(listed.next_page).toBe(2);
    expect(JSON.stringify(listed).length / 4).toBeLessThanOrEqual(900);
  });

  test('pages go from the newest message to the oldest, without gap or overlap', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: Array.from({ length: 7 }, (_, n) => message({ subject: `${n}` })),
    });
    await using assistant = await app.assistant(account);
    const pages = [];
    for (const page of [1, 2, 3, 4]) {
      const { messages, next_page } = await assistant.call('list_mail_messages', {
        folder: 'INBOX',
        page,
        per_page: 3,
      });
      pages.push((messages as { uid: number }[]).map(({ uid }) => uid));
      expect(next_page).toBe(page < 3 ? page + 1 : undefined);
    }
    const newestFirst = [...INBOX].reverse();
    expect(pages).toEqual([newestFirst.slice(0, 3), newestFirst.slice(3, 6), newestFirst.slice(6), []]);
  });

  test('an empty folder is an empty list', async () => {
    await using assistant = await app.assistant(newAccount());
    expect(await assistant.call('list_mail_messages', { folder: 'Drafts' })).toMatchObject({ total: 0, messages: [] });
  });

  test('listing does not mark messages as read', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message()] });
    await using assistant = await app.assistant(account);
    await assistant.call('list_mail_messages', {});
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({ messages: [{ unread: true }] });
  });

  test('an unknown folder is refused with the call that lists the folders', async () => {
    await using assistant = await app.assistant(newAccount());
    const sentence = await assistant.failure('list_mail_messages', { folder: 'Nowhere' });
    expect(sentence).toContain('"Nowhere"');
    expect(sentence).toContain('list_mailboxes');
  });

  test.each([[{ folder: '' }], [{ folder: null, page: null }], [{ page: '1', per_page: '20' }]])(
    '%j lists the first page of INBOX',
    async (args) => {
      await using assistant = await app.assistant(newAccount());
      expect(await assistant.call('list_mail_messages', args)).toMatchObject({ folder: 'INBOX', page: 1 });
    },
  );

  test.each([[{ page: 0 }], [{ per_page: 0 }], [{ per_page: 101 }], [{ page: 1.5 }], [{ folder: true }]])(
    '%j is refused with the name of the parameter',
    async (args) => {
      await using assistant = await app.assistant(newAccount());
      expect(await assistant.failure('list_mail_messages', args)).toContain(Object.keys(args)[0]);
    },
  );
});
