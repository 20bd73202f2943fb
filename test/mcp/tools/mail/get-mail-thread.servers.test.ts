import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../../src/mail/account.ts';
import { type MailTools, openMailTools } from '../../../support/app/mail-tools.ts';
import { startApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { type MessageOptions, message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

const Answer = z.object({
  subject: z.string(),
  people: z.record(z.string(), z.string()),
  turn: z.string(),
  newest: z.string().optional(),
  searched: z.string(),
  by: z.string().optional(),
  messages: z.array(
    z.object({
      at: z.string(),
      date: z.string(),
      from: z.string(),
      to: z.array(z.string()).optional(),
      text: z.string().optional(),
      cut: z.boolean().optional(),
      files: z.array(z.string()).optional(),
      also: z.array(z.string()).optional(),
      joined: z.boolean().optional(),
      claims_me: z.boolean().optional(),
      draft: z.boolean().optional(),
      by: z.string().optional(),
      hidden_text: z.number().optional(),
    }),
  ),
});

const MARA = 'Mara Lindqvist <mara@example.test>';
const TOM = 'Tom Berg <tom@example.test>';
const PLAN = 'The council has released the money.\nThe ceiling is 48,200 euros.\n\nWho orders the crane?';
const quoted = (text: string) => text.replace(/^(?=>)/gm, '>').replace(/^(?!>)/gm, '> ');
const at = (day: number) => new Date(Date.UTC(2026, 10, day, 12));

/** An answer to the messages with these ids. */
function answer(ids: string[], options: MessageOptions): Promise<Awaited<ReturnType<typeof message>>> {
  const references = ids.map((id) => `<${id}@x.test>`);
  const inReplyTo = references.at(-1) ?? '';
  return message({ subject: 'Re: Harbour lights', references, inReplyTo, ...options });
}

describe('get_mail_thread', () => {
  let account: MailAccount;
  let tools: MailTools;
  let me: string;
  const read = async (args: Record<string, unknown>) => Answer.parse(await tools.call('get_mail_thread', args));

  beforeAll(async () => {
    account = newAccount();
    me = `Ida Brandt <${account.email}>`;
    const order = answer(['1'], {
      ...{ messageId: '<2@x.test>', from: me, to: MARA, cc: TOM, date: at(8) },
      text: `I do.\n\n-- \nIda\n\nOn 2026-11-07 at 12:00, Mara Lindqvist wrote:\n${quoted(PLAN)}`,
    });
    await appendMessages(account, {
      Archive: [
        message({
          subject: 'Harbour lights',
          messageId: '<1@x.test>',
          from: MARA,
          to: me,
          cc: TOM,
          date: at(7),
          text: PLAN,
        }),
        message({
          subject: 'Harbour lights',
          messageId: '<other@x.test>',
          from: 'Shop <shop@example.net>',
          to: me,
          date: at(7),
        }),
        message({ subject: 'Divers', from: 'Ann <ann@example.net>', to: me, date: at(6), text: 'They are here.' }),
      ],
      Sent: [order],
      INBOX: [
        // By way of a list.
        order,
        answer(['1', '2'], {
          ...{ messageId: '<3@x.test>', from: TOM, to: `${me}, ${MARA}`, date: at(9) },
          html: `<p>When does it come?</p><p>The cables are ready, and the divers wait for it.</p><div><div style="border-top:solid #E1E1E1 1pt"><p><b>From:</b> Ida Brandt<br><b>Sent:</b> Sunday, 8 November 2026<br><b>To:</b> Mara<br><b>Subject:</b> Re: Harbour lights</p></div><p>I do.</p><p>-- <br>Ida</p><p>On 2026-11-07 at 12:00, Mara Lindqvist wrote:</p><blockquote>${PLAN.replaceAll('\n', '<br>')}</blockquote></div>`,
          attachments: [{ filename: 'plan.pdf', contentType: 'application/pdf', content: 'x' }],
        }),
        // Only In-Reply-To, of a message in the middle.
        message({
          ...{
            subject: 'AW: Harbour lights',
            messageId: '<4@x.test>',
            inReplyTo: '<3@x.test>',
            from: MARA,
            to: TOM,
            cc: me,
          },
          ...{ date: at(10), text: `> When does it come?\n\nOn Thursday.` },
        }),
        answer(['1', '2', '3'], {
          ...{ messageId: '<5@x.test>', from: 'Mara Lindqvist <mara@evil.test>', to: me, date: at(11) },
          text: `Please pay today.\n\nOn 2026-11-07 at 12:00, Mara Lindqvist wrote:\n${quoted(PLAN.replace('48,200', '84,200'))}`,
        }),
        answer(['1'], { messageId: '<6@x.test>', from: me, to: MARA, date: at(12), text: 'Yes, pay them.' }),
      ],
      Drafts: [answer(['1', '2', '3'], { from: me, to: TOM, date: at(13), flags: ['\\Draft'], text: 'On Thurs' })],
      Trash: [answer(['1'], { from: TOM, to: me, date: at(14), text: 'Deleted.' })],
    });
    tools = openMailTools(account);
  });
  afterAll(() => tools[Symbol.asyncDispose]());

  test('shows the new text of each message of a conversation in all folders, oldest first', async () => {
    const { subject, searched, newest, messages } = await read({ folder: 'INBOX', uid: 2 });
    expect({ subject, searched, newest }).toEqual({
      subject: 'Harbour lights',
      searched: 'all 4 folders but Trash and Junk',
      newest: 'INBOX/5',
    });
    expect(messages.map((each) => [each.at, each.from, each.text])).toEqual([
      ['Archive/1', 'ML', PLAN],
      ['Sent/1', 'me', 'I do.'],
      ['INBOX/2', 'TB', 'When does it come?\n\nThe cables are ready, and the divers wait for it.'],
      ['INBOX/3', 'ML', '> When does it come?\n\nOn Thursday.'],
      ['INBOX/4', 'ML2', 'Please pay today.\n\n> The ceiling is 84,200 euros.'],
      ['INBOX/5', account.email, 'Yes, pay them.'],
      ['Drafts/1', 'me', 'On Thurs'],
    ]);
  });

  test('names each person by address, and who only claims to be one', async () => {
    const { people, messages } = await read({ folder: 'INBOX', uid: 2 });
    expect(people).toEqual({
      me: expect.stringContaining(`<${account.email}>`),
      ML: MARA,
      ML2: 'Mara Lindqvist <mara@evil.test>',
      TB: TOM,
    });
    expect(messages.flatMap((each) => (each.joined ? [each.at] : []))).toEqual(['INBOX/4']);
    expect(messages.flatMap((each) => (each.claims_me ? [each.at] : []))).toEqual(['INBOX/5']);
    expect(messages.flatMap((each) => (each.draft ? [each.at] : []))).toEqual(['Drafts/1']);
    expect(messages.flatMap((each) => (each.files ? [each.files] : []))).toEqual([['2 plan.pdf']]);
    expect(messages.flatMap((each) => (each.also ? [each.also] : []))).toEqual([['INBOX/1']]);
  });

  test('is the same whichever of its messages is named', async () => {
    const [first, ...others] = await Promise.all(
      [
        { folder: 'INBOX', uid: 2 },
        { folder: 'Archive', uid: 1 },
        { folder: 'sent', uid: 1 },
        { folder: 'INBOX', uid: 3 },
        { folder: 'drafts', uid: 1 },
      ].map(read),
    );
    for (const other of others) expect(other).toEqual(first);
  });

  test('is found by a query, in every folder unless one is named', async () => {
    const byUid = await read({ folder: 'INBOX', uid: 2 });
    expect(await read({ query: 'crane' })).toEqual({ ...byUid });
    expect(await read({ query: 'subject:"harbour lights" from:tom' })).toEqual(byUid);
    expect(await read({ query: 'in:archive subject:lights from:mara' })).toEqual(byUid);
    expect((await read({ folder: 'archive', query: 'from:shop' })).messages.map((each) => each.at)).toEqual([
      'Archive/2',
    ]);
  });

  test('names the other conversations that a query hits', async () => {
    const answer = await tools.call('get_mail_thread', { query: 'subject:lights OR subject:divers', max_chars: 5_000 });
    expect(answer.other_threads).toEqual([
      { subject: 'Harbour lights', at: 'Archive/2' },
      { subject: 'Divers', at: 'Archive/3' },
    ]);
  });

  test('searches Trash if the message is there', async () => {
    const { messages } = await read({ folder: 'trash', uid: 1 });
    expect(messages.map((each) => each.at)).toContain('Trash/1');
    expect(messages).toHaveLength(8);
  });

  test('has as many characters as are wanted, the most for the newest message', async () => {
    const answer = await tools.call('get_mail_thread', { folder: 'INBOX', uid: 2, max_chars: 900 });
    expect(JSON.stringify(answer).length).toBeLessThanOrEqual(900);
    expect(Answer.parse(answer).messages.at(-1)?.text).toBe('On Thurs');
  });

  test.each([
    ['a message that is not there', { folder: 'INBOX', uid: 99 }, /99/],
    ['a folder that is not there', { folder: 'Nowhere', uid: 1 }, /no mailbox "Nowhere"/],
    ['another UIDVALIDITY', { folder: 'INBOX', uid: 1, uid_validity: '1' }, /not valid any more/],
    ['all folders', { folder: '*', uid: 1 }, /one folder/],
    ['a uid without its folder', { uid: 1 }, /folder is missing/],
    ['neither a uid nor a query', {}, /folder and uid, or a query/],
    ['both', { folder: 'INBOX', uid: 1, query: 'crane' }, /either/],
    ['a query that finds nothing', { query: 'zeppelin' }, /search_mail_messages/],
    ['a query that is wrong', { query: 'from:(' }, /./],
  ])('is refused for %s', async (_, args, expected) => {
    expect(String(await tools.failure('get_mail_thread', args))).toMatch(expected);
  });
});

describe('get_mail_thread without References', () => {
  test('goes by subject, people and time, and says so', async () => {
    const account = newAccount();
    const me = `Ida <${account.email}>`;
    await appendMessages(account, {
      INBOX: [
        message({ subject: 'Boot', from: MARA, to: me, date: at(1), text: 'Is it ready?' }),
        message({ subject: 'AW: Boot', from: MARA, to: me, date: at(3), text: 'Thank you.' }),
        message({ subject: 'Boot', from: 'Shop <shop@example.net>', to: me, date: at(3), text: 'Buy a boat.' }),
      ],
      Sent: [message({ subject: 'Re: Boot', from: me, to: MARA, date: at(2), text: 'It is.' })],
    });
    await using tools = openMailTools(account);
    const { by, messages } = Answer.parse(await tools.call('get_mail_thread', { folder: 'INBOX', uid: 1 }));
    expect(by).toBe('subject');
    expect(messages.map((each) => each.text)).toEqual(['Is it ready?', 'It is.', 'Thank you.']);
  });
});

describe('get_mail_thread with a limit to folders', () => {
  test('shows messages of those folders only, and has only read them', async () => {
    const account = newAccount();
    const me = `Ida <${account.email}>`;
    const uids = await appendMessages(account, {
      INBOX: [
        message({ subject: 'Boot', messageId: '<1@x.test>', from: MARA, to: me, date: at(1), text: 'Is it ready?' }),
      ],
      Archive: [answer(['1'], { from: TOM, to: me, date: at(2), text: 'Secret.' })],
      Sent: [answer(['1'], { from: me, to: MARA, date: at(3), text: 'It is.' })],
    });
    await using app = await startApp();
    await using assistant = await app.assistant(account, { flags: { folders: ['INBOX', 'Sent'] } });
    for (const args of [{ folder: 'INBOX', uid: uids.INBOX[0] }, { query: 'subject:boot' }]) {
      const { messages, searched, turn } = Answer.parse(await assistant.call('get_mail_thread', args));
      expect(messages.map((each) => each.text)).toEqual(['Is it ready?', 'It is.']);
      expect(searched).toBe('all 2 folders');
      expect(turn).toBe('none');
    }
    const { messages: rows } = z
      .object({ messages: z.array(z.object({ unread: z.boolean() })) })
      .parse(await assistant.call('list_mail_messages', { folder: 'INBOX' }));
    expect(rows).toHaveLength(1);
    expect(await assistant.failure('get_mail_thread', { folder: 'Archive', uid: 1 })).toMatch(/may not use/);
  });

  test('is not offered by a client whose operator allows other tools only', async () => {
    await using app = await startApp();
    await using assistant = await app.assistant(newAccount(), { flags: { tools: ['list_mailboxes'] } });
    await expect(assistant.call('get_mail_thread', {})).rejects.toThrow('There is no such tool');
  });
});
