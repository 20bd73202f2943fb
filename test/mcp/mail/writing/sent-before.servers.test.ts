/** Tests what answers learn from sent mail: signatures, and recipients that resemble known ones. */
import { describe, expect, test } from 'vitest';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { startApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { type MessageOptions, message } from '../../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { startDelayProxy } from '../../../support/servers/proxies.ts';
import { testServers } from '../../../support/servers/servers.ts';

type Account = ReturnType<typeof newAccount>;

const ORIGINAL: MessageOptions = {
  from: 'Mara <mara@hafenwerk.example>',
  subject: 'Harbour',
  text: 'Question?\n\n-- \nMara\n',
  messageId: '<one@x.test>',
  references: ['<root@x.test>'],
};

/** An account with sent messages, oldest first, and a message to answer. */
async function withSent(sent: readonly MessageOptions[], original: MessageOptions = ORIGINAL) {
  const owner = newAccount();
  const uids = await appendMessages(owner, {
    Sent: sent.map((options) => message({ from: owner.email, to: 'mara@hafenwerk.example', ...options })),
    INBOX: [message({ to: owner.email, ...original })],
  });
  return { owner, of: `INBOX/${uids.INBOX[0]}` };
}

async function textOfAnswer(owner: Account, of: string, more: object = {}): Promise<string> {
  await using tools = openMailTools(owner);
  const args = { as: 'reply', of, text_body: 'Yes', dry_run: true, ...more };
  return String((await tools.call('send_mail_message', args)).text);
}

const IN_THREAD = { references: ['<root@x.test>'], subject: 'Re: Harbour' };

describe('the signature', () => {
  test('is that of the newest own message in the conversation, above the quotation in both forms', async () => {
    const { owner, of } = await withSent(
      [
        { ...IN_THREAD, text: 'a\n\n-- \nOld\n' },
        {
          ...IN_THREAD,
          text: 'b\n\n-- \nIda Brandt\nHafenwerk & Co\n\nOn 28 Nov 2026, Mara wrote:\n> c\n> -- \n> Mara\n',
        },
        { text: 'd\n\n-- \nI.\n' },
      ],
      { ...ORIGINAL, html: '<p>Question?</p><p>-- <br>Mara</p>' },
    );
    await using tools = openMailTools(owner);
    const result = await tools.call('create_draft_mail_message', { as: 'reply', of, text_body: 'Yes' });
    expect(result.text).toBe('Yes\n\n-- \nIda Brandt\nHafenwerk & Co\n\n(quote of 4 lines follows)');
    const [draft] = await messagesIn(owner, 'Drafts');
    expect(draft?.raw).toMatch(/Yes\r\n\r\n--(?: |=20)\r\nIda Brandt\r\nHafenwerk & Co\r\n\r\nOn /);
    expect(draft?.raw.replaceAll('=\r\n', '')).toMatch(/--(?: |=20)?<br>\s*Ida Brandt<br>\s*Hafenwerk &amp; Co<\/div>/);
  });

  test('is that of the newest sent message if the conversation has none; none is invented', async () => {
    const { owner, of } = await withSent([{ ...IN_THREAD, text: 'no signature' }, { text: 'd\n\n-- \nI.\n' }]);
    expect(await textOfAnswer(owner, of)).toContain('Yes\n\n-- \nI.');
    const none = await withSent([{ text: 'd\n\n-- \nI.\n' }, { text: 'no signature' }]);
    expect(await textOfAnswer(none.owner, none.of)).toMatch(/^Yes\n\n\(quote/);
    const empty = await withSent([]);
    expect(await textOfAnswer(empty.owner, empty.of)).toMatch(/^Yes\n\n\(quote/);
  });

  test('is not looked for in what a program has written: requests to lists, and answers to invitations', async () => {
    const content = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260301T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
    const attachments = [{ contentType: 'text/calendar; method=REPLY', content }];
    const { owner, of } = await withSent([{ text: 'd\n\n-- \nI.\n' }, { text: 'Accepted: x', attachments }]);
    const headers = { 'List-Unsubscribe': `<mailto:${newAccount().email}>` };
    const { INBOX } = await appendMessages(owner, { INBOX: [message({ to: owner.email, headers })] });
    expect(await textOfAnswer(owner, of)).toContain('Yes\n\n-- \nI.\n\n(quote');
    await using tools = openMailTools(owner);
    expect(await tools.call('unsubscribe_mail', { folder: 'INBOX', uid: INBOX[0] })).toMatchObject({ not_done: [] });
    expect(await subjectsIn(owner, 'Sent')).toHaveLength(3);
    expect(await textOfAnswer(owner, of)).toContain('Yes\n\n-- \nI.\n\n(quote');
  });

  test('of another person in Sent is not taken', async () => {
    const { owner, of } = await withSent([{ ...IN_THREAD, from: 'eve@example.test', text: 'a\n\n-- \nEve\n' }]);
    expect(await textOfAnswer(owner, of)).not.toContain('Eve');
  });

  test('is not added twice, nor to a message that follows from no other', async () => {
    const { owner, of } = await withSent([{ text: 'd\n\n-- \nIda Brandt\n' }]);
    expect(await textOfAnswer(owner, of, { text_body: 'Yes\n\nIda Brandt' })).toMatch(/^Yes\n\nIda Brandt\n\n\(quote/);
    expect(await textOfAnswer(owner, of, { text_body: 'Yes\n-- \nI' })).toMatch(/^Yes\n-- \nI\n\n\(quote/);
    expect(await textOfAnswer(owner, of, { as: undefined, of: undefined, to: 'a@b.test', subject: 'x' })).toBe('Yes');
  });

  test('is added to html_body, in both forms', async () => {
    const { owner, of } = await withSent([{ text: 'd\n\n-- \nIda\n' }]);
    await using tools = openMailTools(owner);
    await tools.call('create_draft_mail_message', { as: 'reply', of, html_body: '<p>Yes</p>' });
    const raw = (await messagesIn(owner, 'Drafts'))[0]?.raw ?? '';
    expect(raw).toMatch(/Yes\r\n\r\n--(?: |=20)\r\nIda\r\n\r\nOn /);
    expect(raw.replaceAll('=\r\n', '')).toMatch(/<p>Yes<\/p>[\s\S]*-- <br>\s*Ida<\/div>[\s\S]*<blockquote/);
  });

  test('is not read from a folder outside the limits of the connection', async () => {
    const { owner, of } = await withSent([{ text: 'd\n\n-- \nSecret\n' }]);
    const app = await startApp();
    try {
      await using limited = await app.assistant(owner, { flags: { folders: ['INBOX'] } });
      const args = { as: 'reply', of, text_body: 'Yes', dry_run: true };
      expect(JSON.stringify(await limited.call('send_mail_message', args))).not.toContain('Secret');
    } finally {
      await app.stop();
    }
  });
});

test('on a warm connection an answer takes three round trips before it is sent, four to a new domain', async () => {
  const sent = [{ text: 'd\n\n-- \nIda\n' }, { ...IN_THREAD, text: 'e\n\n-- \nIda\n' }];
  const { owner, of } = await withSent(sent);
  const { host, tlsPort: port } = testServers().imap;
  await using proxy = await startDelayProxy({ target: { host, port }, delayMs: 40 });
  const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
  await using tools = openMailTools({ ...owner, imap: { ...owner.imap, server } });
  const args = { as: 'reply', of, text_body: 'Yes', dry_run: true };
  const tripsOf = async (more: object) => {
    const before = proxy.roundTrips();
    await tools.call('send_mail_message', { ...args, ...more });
    return proxy.roundTrips() - before;
  };
  await tripsOf({});
  expect(await tripsOf({})).toBe(3);
  expect(await tripsOf({ to: 'a@nordwind.example' })).toBe(4);
});

describe('warnings about recipients', () => {
  const warningsOf = async (owner: Account, args: object) => {
    await using tools = openMailTools(owner);
    return (await tools.call('send_mail_message', { text_body: 'x', dry_run: true, ...args })).warnings;
  };

  test('name a domain that was never written to and resembles a known one, in answers, drafts and new messages', async () => {
    const { owner, of } = await withSent([{ to: 'x@other.example', cc: 'Mara <mara@hafenwerk.example>' }], {
      ...ORIGINAL,
      from: 'Mara <mara@hafenwrek.example>',
    });
    const expected = [expect.stringMatching(/never written to hafenwrek\.example, which resembles hafenwerk\.example/)];
    expect(await warningsOf(owner, { as: 'reply', of })).toEqual(expected);
    expect(await warningsOf(owner, { to: 'a@hafenwrek.example', subject: 'x' })).toEqual(expected);
    await using tools = openMailTools(owner);
    const saved = await tools.call('create_draft_mail_message', { as: 'reply', of, text_body: 'x' });
    expect(saved.warnings).toEqual(expected);
    expect(await warningsOf(owner, { as: 'draft', of: saved.draft, text_body: '' })).toEqual(expected);
  });

  test('name none for a known domain, an own one, and one that resembles none', async () => {
    const { owner } = await withSent([{ to: 'a@hafenwrek.example' }, {}]);
    const to = `b@hafenwrek.example, ${owner.email}, c@nordwind.example`;
    expect(await warningsOf(owner, { to, subject: 'x' })).toEqual([]);
  });

  test('compare with the own domain too', async () => {
    const { owner } = await withSent([]);
    const domain = owner.email.split('@')[1] ?? '';
    expect(await warningsOf(owner, { to: `a@${domain.replace('ex', 'xe')}`, subject: 'x' })).toHaveLength(1);
  });

  test('count more than 20', async () => {
    const { owner } = await withSent([]);
    const to = Array.from({ length: 21 }, (_, index) => `r${index}@nordwind.example`).join(', ');
    expect(await warningsOf(owner, { to, subject: 'x' })).toEqual(['It goes to 21 recipients.']);
  });
});
