/** Attaches files to Missive drafts on a real server: from attachment links of this server, of any mailbox, and from no other URL. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../src/mail/account.ts';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { changeablePasswordAccount, newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { type MissiveStandIn, startMissive } from '../../support/missive/stand-in.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const bytes = randomBytes(40_000);
const Read = z.object({ attachments: z.array(z.object({ url: z.string() })).length(1) });
const Sent = z.object({
  drafts: z.object({ attachments: z.array(z.object({ filename: z.string(), base64_data: z.string() })) }),
});

const draft = (...attachment_urls: string[]) => ({
  body: '<div>See the file.</div>',
  to_fields: [{ address: 'jane.doe@customer.example' }],
  from_field: { address: 'support@example.org' },
  attachment_urls,
});

const draftsAt = ({ requests }: MissiveStandIn) => requests.filter(({ path }) => path === '/drafts');

/** An attachment link that a mail tool of this server returned. */
async function linkOf(account: MailAccount): Promise<string> {
  const attachments = [{ filename: 'offer.pdf', contentType: 'application/pdf', content: bytes }];
  await appendMessages(account, { INBOX: [message({ attachments })] });
  await using assistant = await app.assistant(account);
  const { attachments: listed } = Read.parse(await assistant.call('get_mail_message', { folder: 'INBOX', uid: 1 }));
  return listed[0]?.url ?? '';
}

test('a file of a message in a mailbox is attached to a draft at Missive, byte for byte', async () => {
  await using missive = await startMissive();
  await using assistant = await app.assistant({ url: missive.url, token: missive.token });
  await assistant.call('create_a_missive_draft', draft(await linkOf(newAccount())));
  const [sent] = draftsAt(missive);
  const [file] = Sent.parse(sent?.body).drafts.attachments;
  expect(file?.filename).toBe('offer.pdf');
  expect(Buffer.from(file?.base64_data ?? '', 'base64').equals(bytes)).toBe(true);
});

test.each([
  ['to another server', () => 'https://files.example.com/offer.pdf'],
  ['to this server that is invalid', () => `${app.origin}/attachments/x`],
  ['to another path of this server', () => `${app.origin}/health`],
])('a link %s is refused, and no draft is created at Missive', async (_what, url) => {
  await using missive = await startMissive();
  await using assistant = await app.assistant({ url: missive.url, token: missive.token });
  expect(await assistant.failure('create_a_missive_draft', draft(url()))).toContain('attachment_urls');
  expect(draftsAt(missive)).toEqual([]);
});

test('a link counts as expired after the mailbox password has changed, without a new sign-in to Missive', async () => {
  await using missive = await startMissive();
  await using assistant = await app.assistant({ url: missive.url, token: missive.token });
  const { account, changePassword } = changeablePasswordAccount();
  const link = await linkOf(account);
  await changePassword('second password');
  await using later = await app.replica();
  const token = assistant.provider.tokens()?.access_token;
  const response = await fetch(`http://localhost:${later.port}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'create_a_missive_draft', arguments: draft(link) },
    }),
  });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('has expired');
  expect(draftsAt(missive)).toEqual([]);
});
