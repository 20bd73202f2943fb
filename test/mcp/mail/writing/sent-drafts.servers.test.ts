/** Tests drafts that are sent as they stand: what arrives, what stays, and what is no draft. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { rawCaller } from '../../../support/app/raw-calls.ts';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { waitUntil } from '../../../support/app/wait-until.ts';
import { newAccount, onBasicServer, overCleartext } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { withImapFlow } from '../../../support/mail/with-imapflow.ts';
import { startFaultProxy } from '../../../support/servers/fault-proxy.ts';
import { testServers } from '../../../support/servers/servers.ts';

type Account = ReturnType<typeof newAccount>;

async function arrived(account: Account, count = 1) {
  await waitUntil(20_000, async () => (await subjectsIn(account, 'INBOX')).length >= count);
  return messagesIn(account, 'INBOX');
}

const headerOf = (raw = ''): string => raw.split('\r\n\r\n')[0] ?? '';
const bodyOf = (raw = ''): string => raw.slice(headerOf(raw).length + 4);

/** Puts a draft into a mailbox of a new account. */
async function withDraft(
  raw: (people: { owner: Account; reader: Account }) => string,
  { flags = ['\\Draft'], mailbox = 'Drafts' } = {},
) {
  const [owner, reader] = [newAccount(), newAccount()];
  const uids = await appendMessages(owner, { [mailbox]: [message({ raw: raw({ owner, reader }), flags })] });
  return { owner, reader, of: `${mailbox}/${uids[mailbox]?.[0]}` };
}

const simple = ({ owner, reader }: { owner: Account; reader: Account }) =>
  `From: Ida <${owner.email}>\nTo: ${reader.email}\nSubject: Plan\nMessage-ID: <old@x.test>\nDate: Tue, 4 Mar 2025 05:06:07 +0000\n\nHello\n`;

const answering = (people: { owner: Account; reader: Account }) =>
  simple(people).replace('\n\n', '\nIn-Reply-To: <one@x.test>\n\n');

const draft = (of: string, more: object = {}) => ({ as: 'draft', of, ...more });

describe('as: draft', () => {
  test('the draft leaves with the same body, is filed in Sent and is gone from Drafts', async () => {
    const body =
      '--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße \r\n.\r\n..dots\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\nAwQF\r\n--b--\r\n';
    const [bcc] = [newAccount()];
    const { owner, reader, of } = await withDraft(
      (people) =>
        `X-Secret-Note: internal\nFrom: Ida <${people.owner.email}>\nTo: =?utf-8?Q?J=C3=B6rg?=\n <${people.reader.email}>\nBcc: ${bcc.email}\nSubject: Plan\nX-Priority: 1\nMIME-Version: 1.0\nDate: Tue, 4 Mar 2025 05:06:07 +0000\nContent-Type: multipart/mixed; boundary=b\n\n${body}`,
    );
    await using tools = openMailTools(owner, { now: () => new Date('2026-11-28T20:00:00Z') });
    const result = await tools.call('send_mail_message', draft(of));
    expect(result).toMatchObject({
      sent: true,
      to: [`Jörg <${reader.email}>`],
      bcc: [bcc.email],
      subject: 'Plan',
      files: ['a.pdf'],
      text: expect.stringContaining('Grüße'),
      copy: `Sent/${result.uid}`,
      warnings: [],
    });
    const [received] = await arrived(reader);
    expect(bodyOf(received?.raw)).toBe(body);
    const header = headerOf(received?.raw);
    expect(header).toContain(`To: =?utf-8?Q?J=C3=B6rg?=\r\n <${reader.email}>`);
    expect(header).toContain('X-Priority: 1');
    expect(header).toContain('Date: Sat, 28 Nov 2026 20:00:00 +0000');
    expect(header).toContain(`Message-ID: ${result.message_id}`);
    expect(header).not.toMatch(/X-Secret-Note|^Bcc:|2025/m);
    expect(bodyOf((await arrived(bcc))[0]?.raw)).toBe(body);
    expect(await subjectsIn(owner, 'Drafts')).toEqual([]);
    const [copy] = await messagesIn(owner, 'Sent');
    expect(bodyOf(copy?.raw)).toBe(body);
    expect(headerOf(copy?.raw)).toContain(`Bcc: ${bcc.email}`);
    expect(copy?.flags).not.toContain('\\Draft');
  });

  test('a draft that create_draft_mail_message has saved as an answer is sent, and its original is marked', async () => {
    const { owner, reader } = await withDraft(simple);
    const original = message({ from: reader.email, to: owner.email, subject: 'Harbour', messageId: '<one@x.test>' });
    const { Work } = await appendMessages(owner, { Work: [message({ subject: 'other' }), original] });
    await using tools = openMailTools(owner);
    const args = { as: 'reply', of: `Work/${Work[1]}`, text_body: 'Yes' };
    const saved = await tools.call('create_draft_mail_message', args);
    const result = await tools.call('send_mail_message', draft(String(saved.draft)));
    expect(result).toMatchObject({ subject: 'Re: Harbour', text: 'Yes\n\n(quote of 1 line follows)' });
    const [received] = await arrived(reader);
    expect(headerOf(received?.raw)).toContain('In-Reply-To: <one@x.test>');
    const [other, answered] = await messagesIn(owner, 'Work');
    expect(answered?.flags).toContain('\\Answered');
    expect(other?.flags).not.toContain('\\Answered');
    expect(await subjectsIn(owner, 'Drafts')).toEqual(['Plan']);
  });

  test('a draft that forwards marks its original $Forwarded, with any subject and after a new version too', async () => {
    const { owner, reader } = await withDraft(simple);
    const { INBOX } = await appendMessages(owner, { INBOX: [message({ messageId: '<one@x.test>', subject: 'Hi' })] });
    const messageIdSecret = Buffer.alloc(32, 5);
    await using tools = openMailTools(owner, { messageIdSecret });
    const args = { as: 'forward', of: `INBOX/${INBOX[0]}`, to: reader.email, subject: 'Read this' };
    const saved = await tools.call('create_draft_mail_message', args);
    const revised = await tools.call('create_draft_mail_message', draft(String(saved.draft), { text_body: 'Please' }));
    const isMarked = async () => (await messagesIn(owner, 'INBOX'))[0]?.flags.includes('$Forwarded');
    await tools.call('send_mail_message', draft(String(revised.draft)));
    expect(await isMarked()).toBe(true);
    await withImapFlow(owner, async (imap) => {
      await imap.mailboxOpen('INBOX');
      await imap.messageFlagsRemove('1:*', ['$Forwarded']);
    });
    // As if the mark of the first call had failed: the draft is gone, and its copy in Sent names the original.
    await using later = openMailTools(owner, { messageIdSecret });
    await later.call('send_mail_message', draft(String(revised.draft)));
    expect(await isMarked()).toBe(true);
  });

  test('the original of a draft is marked in Trash, but only if it is in no other mailbox', async () => {
    const { owner, of } = await withDraft(answering);
    const { owner: other, of: another } = await withDraft(answering);
    const original = message({ messageId: '<one@x.test>' });
    await appendMessages(owner, { Trash: [original] });
    await appendMessages(other, { Trash: [original], Work: [original] });
    await using tools = openMailTools(owner);
    await using otherTools = openMailTools(other);
    expect(await tools.call('send_mail_message', draft(of))).toMatchObject({ warnings: [] });
    expect(await otherTools.call('send_mail_message', draft(another))).toMatchObject({ warnings: [] });
    const isMarked = async (account: Account, mailbox: string) =>
      (await messagesIn(account, mailbox))[0]?.flags.includes('\\Answered');
    expect(await isMarked(owner, 'Trash')).toBe(true);
    expect([await isMarked(other, 'Trash'), await isMarked(other, 'Work')]).toEqual([false, true]);
  });

  test('a mailbox that could not be searched for the original is no reason to say nothing of its mark', async () => {
    const { owner, reader, of } = await withDraft(answering);
    await appendMessages(owner, { Work: [message({ messageId: '<one@x.test>' })] });
    const direct = overCleartext(owner);
    await using proxy = await startFaultProxy({
      target: { host: direct.imap.server.host, port: testServers().imap.starttlsPort },
      protocol: 'imap',
      // The server lists a mailbox and then refuses to open it.
      rewrite: (line) => (line.startsWith('* LIST ') ? line.replace('Work', 'Gone') : line),
    });
    const { host, port } = proxy;
    const imap = { ...direct.imap, server: { host, port, security: 'cleartext' as const } };
    await using tools = openMailTools({ ...direct, imap });
    const { warnings } = await tools.call('send_mail_message', draft(of));
    expect(warnings).toEqual(['The message was sent. It is not certain that the original is marked.']);
    await arrived(reader);
    expect((await messagesIn(owner, 'Work'))[0]?.flags).not.toContain('\\Answered');
  });

  test('dry_run shows it and changes nothing', async () => {
    const { owner, reader, of } = await withDraft(simple);
    await using tools = openMailTools(owner);
    expect(await tools.call('send_mail_message', draft(of, { dry_run: true }))).toMatchObject({
      sent: false,
      to: [reader.email],
      text: 'Hello',
      size: expect.any(Number),
    });
    expect(await subjectsIn(owner, 'Drafts')).toEqual(['Plan']);
    expect(await subjectsIn(owner, 'Sent')).toEqual([]);
  });

  test('it is sent once: by the same call again, on another replica, at the same time, and with any idempotency_key', async () => {
    const { owner, reader, of } = await withDraft(simple);
    const messageIdSecret = Buffer.alloc(32, 5);
    await using one = openMailTools(owner, { messageIdSecret });
    await using two = openMailTools(owner, { messageIdSecret });
    const send = (tools: typeof one, more = {}) =>
      tools.call('send_mail_message', draft(of, more)).then(
        () => 'sent',
        (error) => String(error),
      );
    const outcomes = await Promise.all([send(one), send(one), send(two), send(two, { idempotency_key: 'k' })]);
    expect(outcomes).toContain('sent');
    expect(await two.call('send_mail_message', draft(of))).toMatchObject({ already_sent: true, folder: 'Sent' });
    expect(await one.call('send_mail_message', draft(of, { idempotency_key: 'other' }))).toMatchObject({
      already_sent: true,
    });
    await one.call('send_mail_message', { to: reader.email, subject: 'last', text_body: '' });
    await waitUntil(20_000, async () => (await subjectsIn(reader, 'INBOX')).includes('last'));
    expect((await subjectsIn(reader, 'INBOX')).toSorted()).toEqual(['Plan', 'last']);
    expect(await subjectsIn(owner, 'Drafts')).toEqual([]);
  });

  test('a large draft is streamed, byte for byte', async () => {
    const line = `${'0123456789abcdef'.repeat(4)}\r\n`;
    const body = line.repeat(60_000);
    const { owner, reader, of } = await withDraft(
      ({ owner: from, reader: to }) => `From: ${from.email}\nTo: ${to.email}\nSubject: Large\n\n${body}`,
    );
    await using tools = openMailTools(owner);
    await tools.call('send_mail_message', draft(of));
    expect(bodyOf((await arrived(reader))[0]?.raw) === body).toBe(true);
    expect(await subjectsIn(owner, 'Drafts')).toEqual([]);
  }, 60_000);

  test('a server without extensions loses the draft only if nothing else is marked as deleted', async () => {
    const { owner, reader, of } = await withDraft(simple);
    await using tools = openMailTools(onBasicServer(owner));
    expect(await tools.call('send_mail_message', draft(of))).toMatchObject({ sent: true, warnings: [] });
    expect(await subjectsIn(owner, 'Drafts')).toEqual([]);
    expect(await subjectsIn(owner, 'Sent')).toEqual(['Plan']);
    expect(await arrived(reader)).toHaveLength(1);

    const { Drafts } = await appendMessages(owner, {
      Drafts: [
        message({ subject: 'other', flags: ['\\Deleted'] }),
        message({ raw: simple({ owner, reader }), flags: ['\\Draft'] }),
      ],
    });
    const result = await tools.call('send_mail_message', draft(`Drafts/${Drafts[1]}`));
    expect(result.warnings).toEqual([expect.stringContaining('marked as deleted')]);
    expect(await arrived(reader, 2)).toHaveLength(2);
  });
});

describe('no draft is', () => {
  const refused = async (given: Awaited<ReturnType<typeof withDraft>>, more: object = {}) => {
    await using tools = openMailTools(given.owner, { identities: ['shop@example.test'] });
    const failure = String(await tools.failure('send_mail_message', draft(given.of, more)));
    expect(await subjectsIn(given.owner, 'Sent')).toEqual([]);
    return failure;
  };

  test('a message outside Drafts, or without \\Draft, or marked as deleted', async () => {
    expect(await refused(await withDraft(simple, { mailbox: 'INBOX' }))).toContain('not in the mailbox Drafts');
    expect(await refused(await withDraft(simple, { flags: ['\\Seen'] }))).toContain('\\Draft');
    expect(await refused(await withDraft(simple, { flags: ['\\Draft', '\\Deleted'] }))).toContain('deleted');
  });

  test.each([
    'Received: by mail.example.test; Tue, 4 Mar 2025 05:06:07 +0000',
    'RETURN-PATH: <x@example.test>',
    'Delivered-To: x@example.test',
    'DKIM-Signature: v=1',
    'Authentication-Results: mail.example.test; none',
    'authentication-results : mail.example.test; none',
  ])("a stranger's message that was moved there: %s", async (field) => {
    const given = await withDraft((people) => `${field}\n${simple(people)}`);
    expect(await refused(given)).toContain('it was received');
  });

  test('a message from another sender, from several, or from none', async () => {
    const from = (line: string) => withDraft((people) => simple(people).replace(/^From: .*/, line));
    expect(await refused(await from('From: mara@example.test'))).toContain('From is no address');
    expect(await refused(await from('From: shop@example.test, mara@example.test'))).toContain('From');
    expect(await refused(await from('From: shop@example.test\nFrom: mara@example.test'))).toContain('From');
    expect(await refused(await from('Sender: mara@example.test\nFrom: shop@example.test'))).toContain('From is no');
    expect(await refused(await from('X-None: 1'))).toContain('From');
  });

  test('a draft without recipients, or with an address that is none', async () => {
    const to = (line: string) => withDraft((people) => simple(people).replace(/^To: .*/m, line));
    expect(await refused(await to('X-None: 1'))).toContain('no recipient');
    expect(await refused(await to('To: bob'))).toContain('to, address 1');
  });

  test('a draft that the call would change', async () => {
    const given = await withDraft(simple);
    for (const more of [
      { text_body: 'x' },
      { to: 'a@example.test' },
      { html_body: '<p>' },
      { attachment_urls: ['INBOX/1/2'] },
    ]) {
      expect(await refused(given, more)).toContain('as it stands');
    }
    expect(await subjectsIn(given.owner, 'Drafts')).toEqual(['Plan']);
  });

  test('a draft with a line that mail servers would break', async () => {
    const given = await withDraft((people) => `${simple(people)}${'x'.repeat(2_000)}\n`);
    expect(await refused(given)).toContain('too long');
    expect(await subjectsIn(given.owner, 'Drafts')).toEqual(['Plan']);
  });
});

describe('powers', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());

  test('sending a draft reads it, so it needs mail.read', async () => {
    const { owner, of } = await withDraft(simple);
    const caller = await rawCaller(app, owner, { scope: ['mail.send'] });
    expect((await caller.call('send_mail_message', draft(of))).status).toBe(403);
  });

  test('a draft reaches no recipient outside the list, in Bcc neither, and is not read outside the folders', async () => {
    const { owner, of } = await withDraft(
      ({ owner: from }) =>
        `From: ${from.email}\nTo: a@allowed.example\nBcc: b@elsewhere.example\nSubject: Plan\n\nHello\n`,
    );
    await using limited = await app.assistant(owner, { flags: { recipients: ['@allowed.example'] } });
    expect(await limited.failure('send_mail_message', draft(of))).toContain('not allowed');
    await using inbox = await app.assistant(owner, { flags: { folders: ['INBOX'] } });
    expect(await inbox.failure('send_mail_message', draft(of))).not.toContain('allowed.example');
    expect(await subjectsIn(owner, 'Sent')).toEqual([]);
    expect(await subjectsIn(owner, 'Drafts')).toEqual(['Plan']);
  });

  test('the original of a draft is not looked for outside the folders', async () => {
    const { owner, of } = await withDraft(answering);
    await appendMessages(owner, { Secret: [message({ messageId: '<one@x.test>' })] });
    await using limited = await app.assistant(owner, { flags: { folders: ['INBOX', 'Drafts'] } });
    expect(await limited.call('send_mail_message', draft(of))).toMatchObject({ sent: true });
    expect((await messagesIn(owner, 'Secret'))[0]?.flags).not.toContain('\\Answered');
  });
});
