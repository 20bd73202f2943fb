/** Tests sends that end before the message has left, and cannot remove the draft that claims it: what they say to do then sends it once. */
import { expect, test } from 'vitest';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount, overCleartext } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { testServers } from '../../support/servers/servers.ts';

/** Drafts before the call. */
const OLDER = { draft: 1, 'new message': 0 };

async function callOf(kind: keyof typeof OLDER, owner: ReturnType<typeof newAccount>, to: string) {
  if (kind === 'new message') return { to, subject: 'once', text_body: 'x', idempotency_key: 'k' };
  const raw = `From: ${owner.email}\nTo: ${to}\nSubject: once\n\nHello\n`;
  const { Drafts } = await appendMessages(owner, {
    Drafts: [message({ raw, flags: ['\\Draft'] })],
  });
  return { as: 'draft', of: `Drafts/${Drafts[0]}` };
}

test.concurrent.each([
  ['draft', 'after it was saved'],
  ['draft', 'while it is submitted'],
  ['new message', 'after it was saved'],
  ['new message', 'while it is submitted'],
] as const)(
  '%s: if IMAP is lost %s, the error names the draft that is left, and without it the message is sent once',
  async (kind, moment) => {
    const [owner, reader] = [newAccount(), newAccount()];
    const direct = overCleartext(owner);
    const target = { host: direct.imap.server.host, port: testServers().imap.starttlsPort };
    await using imap = await startFaultProxy({ target, protocol: 'imap' });
    await using smtp = await startFaultProxy({ target: direct.smtp.server, protocol: 'smtp' });
    const at = ({ host, port }: typeof imap) => ({ host, port, security: 'cleartext' as const });
    await using tools = openMailTools({
      ...direct,
      imap: { ...direct.imap, server: at(imap) },
      smtp: { ...direct.smtp, server: at(smtp) },
    });
    const args = await callOf(kind, owner, reader.email);
    let isLost = false;
    let isOver = false;
    const begins = moment === 'after it was saved' ? /^APPEND/ : /^DATA/;
    // Every command from DATA on, or every one after APPEND.
    const lost = Object.assign(/./, {
      test(command: string) {
        isLost ||= begins.test(command);
        return isLost && !isOver && !command.startsWith('APPEND');
      },
    });
    for (const proxy of [imap, smtp]) proxy.arm(lost, 'cut before', Number.POSITIVE_INFINITY);

    const error = String(await tools.failure('send_mail_message', args));
    expect(error).toContain('Nothing was sent');
    expect(error).toMatch(kind === 'draft' ? /two of it, delete the newer one/ : /may be left in Drafts: delete that/);
    isOver = true;
    expect(await subjectsIn(owner, 'Drafts')).toEqual(Array.from({ length: OLDER[kind] + 1 }, () => 'once'));

    const newest = (await messagesIn(owner, 'Drafts')).at(-1)?.uid;
    await tools.call('delete_mail_message', { folder: 'Drafts', uid: newest, permanent: true });
    expect(await tools.call('send_mail_message', args)).toMatchObject({ sent: true, folder: 'Sent' });
    await waitUntil(20_000, async () => (await subjectsIn(reader, 'INBOX')).length > 0);
    expect(await subjectsIn(reader, 'INBOX')).toEqual(['once']);
    expect(await subjectsIn(owner, 'Drafts')).toEqual([]);
  },
);
