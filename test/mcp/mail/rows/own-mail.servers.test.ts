import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { startDelayProxy } from '../../../support/servers/proxies.ts';
import { testServers } from '../../../support/servers/servers.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const ALIAS = 'ida@example.org';
const RECEIVED =
  'Received: from mx.evil.example by mail.example.test with ESMTPS id 1; Fri, 27 Nov 2026 13:00:00 +0000\n';
const results = (body: string) => `Authentication-Results: ${body}\n`;
const domainOf = (address: string) => address.slice(address.indexOf('@') + 1);
const letter = (from: string, header = '') =>
  message({ raw: `${header}From: ${from}\nTo: bo@example.test\nSubject: x\n\nHi\n` });

/** Rows of a folder that has these messages, the oldest first. */
async function rowsOf(
  folder: string,
  letters: (own: string) => ReturnType<typeof message>[],
  given: { authservIds?: string[]; identities?: string[] } = { authservIds: ['mail.example.test'] },
): Promise<Record<string, unknown>[]> {
  const { identities, authservIds } = given;
  const account = newAccount();
  await appendMessages(account, { [folder]: letters(account.email) });
  await using tools = openMailTools(
    { ...account, ...(authservIds && { authservIds }) },
    identities ? { identities } : {},
  );
  const { messages } = await tools.call('list_mail_messages', { folder });
  return (messages as Record<string, unknown>[]).toReversed();
}

describe('the author of a row', () => {
  test.each(['Sent', 'Drafts'])('is "me" in %s, for the address of the sign-in and for identities', async (folder) => {
    const rows = await rowsOf(folder, (own) => [letter(own), letter(`Ida <${ALIAS}>`), letter('bo@example.test')], {
      identities: [`Ida Brandt <${ALIAS}>`],
    });
    expect(rows.map(({ from }) => from)).toEqual(['me', 'me', 'bo@example.test']);
    expect(rows.some((row) => 'claims_me' in row)).toBe(false);
  });

  test('is "me" elsewhere if the own server has proven the domain', async () => {
    const rows = await rowsOf('INBOX', (own) => [
      letter(own, results(`mail.example.test; dkim=pass header.d=${domainOf(own)}`)),
      letter(own, RECEIVED + results(`mail.example.test; dmarc=pass header.from=${domainOf(own)}`)),
      letter(own, results(`MAIL.example.test 1;\n\tdkim=pass (good) header.i=@${domainOf(own)}`)),
    ]);
    expect(rows.map(({ from }) => from)).toEqual(['me', 'me', 'me']);
    expect(rows.some((row) => 'claims_me' in row)).toBe(false);
  });

  test('is the written address, with a mark, if a stranger may have written it', async () => {
    const forged = (own: string) =>
      `mail.example.test; dkim=pass header.d=${domainOf(own)}; dmarc=pass header.from=${domainOf(own)}`;
    const failed = results('mail.example.test; dkim=none; dmarc=fail header.from=example.test');
    const rows = await rowsOf('INBOX', (own) => [
      letter(`Ada <${own}>`),
      letter(`Ada <${own}>`, failed + results(forged(own))),
      letter(`Ada <${own}>`, results('mail.example.test; none') + results(forged(own))),
      letter(`Ada <${own}>`, results(`mx.evil.example; dkim=pass header.d=${domainOf(own)}`)),
      letter(`Ada <${own}>`, results('mail.example.test; dkim=pass header.d=evil.example')),
      letter(`Eve <eve@evil.example>, Ada <${own}>`, results('mail.example.test; dmarc=pass header.from=evil.example')),
    ]);
    for (const { from, claims_me } of rows) {
      expect(from).toMatch(/Ada <[^<>]+@[^<>]+>$/);
      expect(claims_me).toBe(true);
    }
  });

  test.each([
    ['no server is named', {}],
    ['another server is named', { authservIds: ['mx.example.test'] }],
    ['the address is an identity', { authservIds: ['mx.example.test'], identities: [ALIAS] }],
  ])('is not proven by the server that is assumed: %s', async (_what, given) => {
    const rows = await rowsOf(
      'Projects',
      (own) =>
        [own, ...('identities' in given ? [ALIAS] : [])].map((from) =>
          letter(from, RECEIVED + results(`mail.example.test; dkim=pass header.d=${domainOf(from)}`)),
        ),
      given,
    );
    for (const { from, claims_me } of rows) expect([from, claims_me]).toEqual([expect.stringContaining('@'), true]);
  });

  test('is the same in a search, with the server that the operator has named at the minting', async () => {
    const account = newAccount();
    const proof = results(`mail.example.test; dkim=pass header.d=${domainOf(account.email)}`);
    await appendMessages(account, { INBOX: [letter(account.email, proof), letter(account.email)] });
    await using assistant = await app.assistant(account, { flags: { authservId: ['Mail.Example.test'] } });
    const found = await assistant.call('search_mail_messages', { query: 'SUBJECT x', folder: 'INBOX' });
    expect(found.messages).toMatchObject([{ from: account.email, claims_me: true }, { from: 'me' }]);
  });

  test('costs a round trip only on a page with an own address outside Sent and Drafts', async () => {
    const account = { ...newAccount(), authservIds: ['mail.example.test'] };
    await appendMessages(account, {
      INBOX: [letter(account.email)],
      Other: [letter('bo@example.test')],
      Sent: [letter(account.email)],
    });
    const { host, tlsPort: port } = testServers().imap;
    await using proxy = await startDelayProxy({ target: { host, port }, delayMs: 40 });
    const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
    await using tools = openMailTools({ ...account, imap: { ...account.imap, server } });
    const counted = async (folder: string) => {
      await tools.call('list_mail_messages', { folder });
      const before = proxy.roundTrips();
      await tools.call('list_mail_messages', { folder });
      return proxy.roundTrips() - before;
    };
    expect(await counted('Other')).toBe(1);
    expect(await counted('Sent')).toBe(1);
    expect(await counted('INBOX')).toBe(2);
  });
});
