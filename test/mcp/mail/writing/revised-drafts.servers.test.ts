/** Tests new versions of drafts: what is replaced, what stays, and when the old version is gone. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { newAccount, onBasicServer, overCleartext } from '../../../support/mail/accounts.ts';
import { type MessageOptions, message } from '../../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { withImapFlow } from '../../../support/mail/with-imapflow.ts';
import { startFaultProxy } from '../../../support/servers/fault-proxy.ts';
import { testServers } from '../../../support/servers/servers.ts';

type Account = ReturnType<typeof newAccount>;

async function withDraft(options: MessageOptions) {
  const owner = newAccount();
  const draft = message({ from: `Ida <${owner.email}>`, to: 'Bo <bo@example.test>', flags: ['\\Draft'], ...options });
  const { Drafts } = await appendMessages(owner, { Drafts: [draft] });
  return { owner, of: `Drafts/${Drafts[0]}` };
}

const revise = (of: string, more: object) => ({ as: 'draft', of, ...more });

/** The parts of the only draft as another mail program downloads them. */
async function partsOf(account: Account) {
  return withImapFlow(account, async (imap) => {
    const { exists } = await imap.mailboxOpen('Drafts', { readOnly: true });
    expect(exists).toBe(1);
    const found = await imap.fetchOne('*', { bodyStructure: true });
    if (!found || found.bodyStructure === undefined) throw new Error('there is no draft');
    const leaves = (node: typeof found.bodyStructure): (typeof found.bodyStructure)[] =>
      node.childNodes === undefined ? [node] : node.childNodes.flatMap(leaves);
    const parts = [];
    for (const node of leaves(found.bodyStructure)) {
      const chunks: Buffer[] = [];
      const { content } = await imap.download('*', node.part ?? '1');
      if (content === undefined) throw new Error('a part is missing');
      for await (const chunk of content) chunks.push(chunk);
      parts.push({
        type: node.type,
        id: node.id,
        name: node.dispositionParameters?.filename,
        bytes: Buffer.concat(chunks),
      });
    }
    return parts;
  });
}

const text = (bytes: Buffer | undefined) => (bytes?.toString() ?? '').replaceAll('\r\n', '\n').trimEnd();

const QUOTE = 'On 28 Nov 2026, 15:00, Mara <mara@example.test> wrote:\n> Does Thursday work?';

describe('create_draft_mail_message with as: draft', () => {
  test('text_body replaces the new words; signature, quotation, conversation, recipients and files stay', async () => {
    const file = randomBytes(2_000_000);
    const { owner, of } = await withDraft({
      to: 'Jörg Müller <bo@example.test>, cy@example.test',
      bcc: 'di@example.test',
      subject: 'Re: Größe',
      text: `Old words\n\n-- \nIda\n\n${QUOTE}\n`,
      inReplyTo: '<one@x.test>',
      references: ['<root@x.test>', '<one@x.test>'],
      attachments: [{ filename: 'Größe.pdf', contentType: 'application/pdf', content: file }],
      headers: { 'X-Priority': '1', 'X-Secret': 'a' },
    });
    await using tools = openMailTools(owner);
    const result = await tools.call('create_draft_mail_message', revise(of, { text_body: 'New words' }));
    expect(result).toMatchObject({
      saved: true,
      to: ['Jörg Müller <bo@example.test>', 'cy@example.test'],
      bcc: ['di@example.test'],
      subject: 'Re: Größe',
      files: ['Größe.pdf'],
      text: 'New words\n\n-- \nIda\n\n(quote of 1 line follows)',
      draft: `Drafts/${result.uid}`,
      warnings: [],
    });
    const parts = await partsOf(owner);
    expect(parts.map(({ type, name }) => [type, name])).toEqual([
      ['text/plain', undefined],
      ['application/pdf', 'Größe.pdf'],
    ]);
    expect(text(parts[0]?.bytes)).toBe(`New words\n\n-- \nIda\n\n${QUOTE}`);
    expect(parts[1]?.bytes.equals(file)).toBe(true);
    const [draft] = await messagesIn(owner, 'Drafts');
    expect(draft?.flags).toContain('\\Draft');
    expect(draft?.raw).toMatch(/^In-Reply-To: <one@x.test>\r\nReferences: <root@x.test> <one@x.test>/m);
    expect(draft?.raw).toMatch(/^X-Priority: 1/m);
    expect(draft?.raw).not.toContain('X-Secret');
  });

  test('named fields and files are replaced and added, and without text_body the text stays', async () => {
    const { owner, of } = await withDraft({ text: 'Words\n', html: '<p>Wo<b>rds</b></p>' });
    const { INBOX } = await appendMessages(owner, {
      INBOX: [message({ attachments: [{ filename: 'a.txt', content: 'abc' }] })],
    });
    await using tools = openMailTools(owner);
    const more = { to: 'cy@example.test', subject: 'Other', attachment_urls: [`INBOX/${INBOX[0]}/2`] };
    expect(await tools.call('create_draft_mail_message', revise(of, more))).toMatchObject({
      to: ['cy@example.test'],
      subject: 'Other',
      files: ['a.txt'],
      text: 'Words',
    });
    const parts = await partsOf(owner);
    expect(parts.map(({ type, bytes }) => [type, text(bytes)])).toEqual([
      ['text/plain', 'Words'],
      ['text/html', '<p>Wo<b>rds</b></p>'],
      ['text/plain', 'abc'],
    ]);
  });

  test('the HTML of the quotation and the pictures in it stay', async () => {
    const picture = randomBytes(100);
    const html = `<html><body><p>Old <b>words</b></p><div class="moz-cite-prefix">On 28 Nov 2026, 15:00, Mara &lt;mara@example.test&gt; wrote:</div><blockquote>Does <i>Thursday</i> work? <img src="cid:p@x"></blockquote></body></html>`;
    const { owner, of } = await withDraft({
      text: `Old words\n\n${QUOTE}\n`,
      html,
      attachments: [{ filename: 'p.png', contentType: 'image/png', content: picture, cid: 'p@x', inline: true }],
    });
    await using tools = openMailTools(owner);
    await tools.call('create_draft_mail_message', revise(of, { text_body: 'New & <good>' }));
    const [plain, rich, image] = await partsOf(owner);
    expect(text(plain?.bytes)).toBe(`New & <good>\n\n${QUOTE}`);
    expect(text(rich?.bytes)).toBe(
      html.replace('<p>Old <b>words</b></p>', '<div>New &amp; &lt;good&gt;</div>\n<br>\n'),
    );
    expect(image).toMatchObject({ id: '<p@x>' });
    expect(image?.bytes.equals(picture)).toBe(true);
  });

  test.each([
    [
      'Thunderbird, with the signature below',
      'Old words\n\nOn 28.11.26 15:00, Mara wrote:\n> Does Thursday work?\n\n-- \nIda\n',
      '<p>Old words<br></p><div class="moz-cite-prefix">On 28.11.26 15:00, Mara wrote:<br></div><blockquote type="cite" cite="mid:a@x.test"><p>Does <b>Thursday</b> work?</p></blockquote><pre class="moz-signature" cols="72">-- \nIda</pre>',
      '<div class="moz-cite-prefix">',
    ],
    [
      'Gmail',
      'Old words\n\n-- \nIda\n\nOn Sat, Nov 28, 2026 at 3:00 PM Mara <mara@example.test> wrote:\n\n> Does Thursday work?\n',
      '<div dir="ltr">Old words<div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature">Ida</div></div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Sat, Nov 28, 2026 at 3:00 PM Mara &lt;<a href="mailto:mara@example.test">mara@example.test</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0">Does <b>Thursday</b> work?</blockquote></div>',
      'gmail_signature">Ida',
    ],
    [
      'Outlook',
      'Old words\n\n________________________________\nFrom: Mara <mara@example.test>\nSent: Saturday, 28 November 2026 15:00\nTo: Ida\nSubject: Thursday\n\nDoes Thursday work?\n',
      '<div>Old words</div><div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Mara &lt;mara@example.test&gt;<br><b>Sent:</b> Saturday, 28 November 2026 15:00<br><b>To:</b> Ida<br><b>Subject:</b> Thursday</div><div>Does <b>Thursday</b> work?</div>',
      '<div id="appendonsend">',
    ],
  ])('quotation and signature stay as the mail program has written them: %s', async (_, plainText, html, kept) => {
    const { owner, of } = await withDraft({ text: plainText, html });
    await using tools = openMailTools(owner);
    await tools.call('create_draft_mail_message', revise(of, { text_body: 'New' }));
    const [plain, rich] = (await partsOf(owner)).map(({ bytes }) => text(bytes));
    expect(plain).toMatch(/^New\n/);
    for (const form of [plain, rich]) {
      expect(form).not.toContain('Old words');
      expect(form).toContain('Mara');
    }
    expect(rich).toContain('<div>New</div>');
    expect(rich).toContain(kept);
    expect(rich).toContain('Does <b>Thursday</b> work?');
    expect(`${plain}`.includes('-- ')).toBe(plainText.includes('-- '));
  });

  test('HTML in which the quotation cannot be found is made of the text, so that no word is lost or left', async () => {
    const { owner, of } = await withDraft({
      text: `Old words\n\n${QUOTE}\n`,
      html: '<p>Old words</p><p>On 28 Nov 2026, 15:00, Mara wrote:<br>&gt; Does Thursday work?</p>',
    });
    await using tools = openMailTools(owner);
    await tools.call('create_draft_mail_message', revise(of, { text_body: 'New' }));
    const rich = text((await partsOf(owner))[1]?.bytes);
    expect(rich).toContain('<div>New</div>');
    expect(rich).toContain('&gt; Does Thursday work?');
    expect(rich).not.toContain('Old words');
  });

  test('html_body replaces the words in both forms; with hidden text it is refused', async () => {
    const { owner, of } = await withDraft({ text: `Old\n\n${QUOTE}\n` });
    await using tools = openMailTools(owner);
    const hidden = '<p>Hi</p><p style="display:none">secret</p>';
    const failure = await tools.failure('create_draft_mail_message', revise(of, { html_body: hidden }));
    expect(String(failure)).toContain('people cannot see');
    await tools.call('create_draft_mail_message', revise(of, { html_body: '<p>Hi <b>you</b></p>' }));
    const [plain, rich] = await partsOf(owner);
    expect(text(plain?.bytes)).toBe(`Hi you\n\n${QUOTE}`);
    expect(text(rich?.bytes)).toMatch(/^<p>Hi <b>you<\/b><\/p>[\s\S]*Does Thursday work/);
  });

  test('a version of a draft that this server has made can be made again and sent', async () => {
    const owner = newAccount();
    const original = message({ from: 'mara@example.test', to: owner.email, text: 'One\n', html: '<p>One</p>' });
    const { INBOX } = await appendMessages(owner, { INBOX: [original] });
    await using tools = openMailTools(owner);
    let saved = await tools.call('create_draft_mail_message', {
      as: 'reply',
      of: `INBOX/${INBOX[0]}`,
      to: owner.email,
      text_body: 'First',
    });
    const [, first] = await partsOf(owner);
    for (const text_body of ['Second', 'Third']) {
      saved = await tools.call('create_draft_mail_message', revise(String(saved.draft), { text_body }));
    }
    const [plain, rich] = await partsOf(owner);
    expect(text(plain?.bytes)).toMatch(/^Third\n\nOn .*wrote:\n> One$/s);
    expect(text(rich?.bytes)).toBe(text(first?.bytes).replace('First', 'Third'));
    await tools.call('send_mail_message', revise(String(saved.draft), {}));
    expect(await subjectsIn(owner, 'Drafts')).toEqual([]);
  });

  test('with an idempotency_key one version is saved, and the old one is gone', async () => {
    const { owner, of } = await withDraft({ text: 'Old' });
    const messageIdSecret = Buffer.alloc(32, 3);
    const args = revise(of, { text_body: 'New', idempotency_key: 'k' });
    await using one = openMailTools(owner, { messageIdSecret });
    await using two = openMailTools(owner, { messageIdSecret });
    const saved = await one.call('create_draft_mail_message', args);
    for (const tools of [one, two]) {
      expect(await tools.call('create_draft_mail_message', args)).toMatchObject({
        already_saved: true,
        uid: saved.uid,
      });
    }
    expect(await subjectsIn(owner, 'Drafts')).toHaveLength(1);
  });

  test('a draft without any text gets one', async () => {
    const { owner, of } = await withDraft({ text: '' });
    await using tools = openMailTools(owner);
    await tools.call('create_draft_mail_message', revise(of, { text_body: 'New' }));
    expect(text((await partsOf(owner))[0]?.bytes)).toBe('New');
  });

  test('a server without extensions keeps one version too', async () => {
    const { owner, of } = await withDraft({ text: 'Old' });
    await using tools = openMailTools(onBasicServer(owner));
    expect(await tools.call('create_draft_mail_message', revise(of, { text_body: 'New' }))).toMatchObject({
      warnings: [],
    });
    expect(text((await partsOf(owner))[0]?.bytes)).toBe('New');
  });
});

describe('the old version stays', () => {
  const throughProxy = async (owner: Account, rewrite?: (line: string) => string) => {
    const direct = overCleartext(owner);
    const target = { host: direct.imap.server.host, port: testServers().imap.starttlsPort };
    const proxy = await startFaultProxy({ target, protocol: 'imap', ...(rewrite && { rewrite }) });
    const { host, port } = proxy;
    return {
      proxy,
      account: { ...direct, imap: { ...direct.imap, server: { host, port, security: 'cleartext' as const } } },
    };
  };

  test.each(['cut before', 'cut after'] as const)(
    'if the connection drops while the new one is saved: %s',
    async (moment) => {
      const { owner, of } = await withDraft({ text: 'Old' });
      const { proxy, account } = await throughProxy(owner);
      await using _ = proxy;
      await using tools = openMailTools(account);
      proxy.arm(/^APPEND\b/, moment);
      await tools.failure('create_draft_mail_message', revise(of, { text_body: 'New' }));
      expect((await messagesIn(owner, 'Drafts'))[0]?.raw).toContain('Old');
    },
  );

  test('if the server does not find the new one', async () => {
    const { owner, of } = await withDraft({ text: 'Old' });
    const { proxy, account } = await throughProxy(owner, (line) =>
      line.replace(/(ESEARCH \(TAG [^)]*\) UID) ALL .*\r\n/, '$1\r\n'),
    );
    await using _ = proxy;
    await using tools = openMailTools(account);
    const { warnings } = await tools.call('create_draft_mail_message', revise(of, { text_body: 'New' }));
    expect(warnings).toEqual([expect.stringContaining('was kept')]);
    expect(await subjectsIn(owner, 'Drafts')).toHaveLength(2);
  });

  test('if it is no draft, or is encrypted', async () => {
    const owner = newAccount();
    const encrypted = `From: ${owner.email}\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\nxyz\n--b--\n`;
    const { Drafts } = await appendMessages(owner, {
      Drafts: [message({ raw: encrypted, flags: ['\\Draft'] }), message({ flags: ['\\Draft'] })],
    });
    await using tools = openMailTools(owner);
    const failure = (uid = 0) =>
      tools.failure('create_draft_mail_message', revise(`Drafts/${uid}`, { text_body: 'New' }));
    expect(String(await failure(Drafts[0]))).toContain('encrypted');
    expect(String(await failure(Drafts[1]))).toContain('no draft');
    expect(await subjectsIn(owner, 'Drafts')).toHaveLength(2);
  });
});
