import { expect, test } from 'vitest';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { startDelayProxy } from '../../support/servers/proxies.ts';
import { testServers } from '../../support/servers/servers.ts';

const MARA = 'Mara Lindqvist <mara@harbour.example>';

/** An account with eight folders that are searched, or more, with mail from a person in each. */
async function seeded(folders: number) {
  const account = { ...newAccount(), email: 'ida@example.test' };
  const usual = ['INBOX', 'Sent', 'Archive'];
  const names = [...usual, ...Array.from({ length: folders - usual.length }, (_, n) => `Folder ${n}`)];
  const one = (name: string) => (name === 'Sent' ? { from: 'ida@example.test', to: MARA } : { from: MARA });
  const contents = Object.fromEntries(names.map((name) => [name, [message(one(name)), message(one(name))]]));
  await appendMessages(account, contents);
  return account;
}

test.each([
  ['a known sender, in eight folders', 8, 'known', 4],
  ['a known name at another address', 8, 'namesake', 5],
  ['a known sender, in nine folders', 9, 'known', 5],
] as const)(
  'evidence about %s takes a fixed number of round trips on a warm connection',
  async (_, folders, sender, expected) => {
    const account = await seeded(folders);
    const from = sender === 'known' ? MARA : 'Mara Lindqvist <mara@evil.example>';
    const { INBOX } = await appendMessages(account, { INBOX: [message({ from })] });
    const { host, tlsPort: port } = testServers().imap;
    await using proxy = await startDelayProxy({ target: { host, port }, delayMs: 40 });
    const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
    await using tools = openMailTools({ ...account, imap: { ...account.imap, server } });
    const call = () => tools.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0], evidence: true });
    await call();
    const before = proxy.roundTrips();
    const { evidence } = await call();
    expect(proxy.roundTrips() - before).toBe(expected);
    expect(JSON.stringify(evidence)).toMatch(sender === 'known' ? /"sent_to":2/ : /"same_name":"Mara Lindqvist/);
  },
);
