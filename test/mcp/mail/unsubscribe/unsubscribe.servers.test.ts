/** Tests how lists are left, over real mail servers and an https server of a sender. */
import { text } from 'node:stream/consumers';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../../src/mail/account.ts';
import type { OneClickOptions } from '../../../../src/web/one-click.ts';
import { type MailToolsLimits, openMailTools } from '../../../support/app/mail-tools.ts';
import { waitUntil } from '../../../support/app/wait-until.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { messagesIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import {
  createLoopbackOneClick,
  type DocumentServer,
  startDocumentServer,
} from '../../../support/servers/document-server.ts';
import { startDelayProxy } from '../../../support/servers/proxies.ts';
import { testServers } from '../../../support/servers/servers.ts';

const SERVER = 'mail.example.test';
const FROM = 'The Letter <letter@news.example>';
const SIGNED = 'from:to:subject:list-unsubscribe:list-unsubscribe-post';
const JUNK = expect.stringContaining('Move it to junk instead.');

let web: DocumentServer;
let reader: MailAccount;
beforeAll(async () => {
  web = await startDocumentServer();
  reader = newAccount();
});
afterAll(() => web[Symbol.asyncDispose]());

let bodies: string[];
beforeEach(() => {
  bodies = [];
  web.requests.length = 0;
  web.answer(async (request, response) => {
    bodies.push(await text(request));
    response.end();
  });
});

interface Issue {
  unsubscribe?: string;
  post?: string;
  h?: string;
  dmarc?: string;
  to?: string;
  more?: string[];
  flags?: string[];
}

const POST = 'List-Unsubscribe=One-Click';

/** An issue of a newsletter as the own server has delivered it: one-click by default. */
function issue({ unsubscribe, post = POST, h = SIGNED, dmarc = 'pass', to, more = [], flags = [] }: Issue = {}) {
  const fields = [
    `Authentication-Results: ${SERVER};\n dkim=pass header.d=news.example header.s=s1; dmarc=${dmarc} header.from=news.example`,
    `Received: from mx.news.example by ${SERVER}; Fri, 27 Nov 2026 13:00:00 +0000`,
    `DKIM-Signature: v=1; a=rsa-sha256; d=news.example; s=s1;\n h=${h}; bh=eA==; b=AbCd1234`,
    `From: ${FROM}`,
    `To: ${to ?? 'Ida <ida@example.test>'}`,
    'Subject: News',
    `List-Unsubscribe: ${unsubscribe ?? `<${web.url('/u')}>`}`,
    ...(post === '' ? [] : [`List-Unsubscribe-Post: ${post}`]),
    ...more,
  ];
  return message({ raw: [...fields, '', 'News.', ''].join('\n'), flags });
}

interface Options extends Omit<MailToolsLimits, 'postOneClick'> {
  oneClick?: OneClickOptions;
  folder?: string;
}

/** An account with the messages in INBOX, and tools that reach the web server of this test. */
async function open(issues: ReturnType<typeof message>[], { oneClick, folder = 'INBOX', ...limits }: Options = {}) {
  const account = { ...newAccount(), fullName: 'Ida', authservIds: [SERVER] };
  const { [folder]: uids = [] } = await appendMessages(account, { [folder]: issues });
  const tools = openMailTools(account, { ...limits, postOneClick: createLoopbackOneClick(oneClick) });
  const call = (args: Record<string, unknown> = { uids: uids.join() }) =>
    tools.call('unsubscribe_mail', { folder, ...args });
  return { account, uids, call, tools, [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose]() };
}

const whyOf = (result: Record<string, unknown>) => (result.not_done as { why: string }[]).map(({ why }) => why);
const arrivedAt = (account: MailAccount, count: number) =>
  waitUntil(20_000, async () => {
    const arrived = await messagesIn(account, 'INBOX');
    return arrived.length >= count && arrived;
  });

describe('unsubscribe_mail', () => {
  test('makes one request for each list, by one-click where the signature covers it (RFC 8058)', async () => {
    await using box = await open([
      issue(),
      issue(),
      issue({ unsubscribe: `<${web.url('/other')}>, <mailto:a@x.example>` }),
    ]);
    const [one, two, three] = box.uids;
    expect(await box.call()).toEqual({
      requested: [
        { uid: one, also: String(two), from: FROM, how: 'one-click', to: web.host },
        { uid: three, from: FROM, how: 'one-click', to: web.host },
      ],
      not_done: [],
      uid_validity: expect.any(String),
    });
    expect(bodies).toEqual([POST, POST]);
    expect(web.requests.map(({ url }) => url)).toEqual(['/u', '/other']);
    expect(await messagesIn(box.account, 'Sent')).toEqual([]);
  });

  test('UNSUB-04 sends a plain message otherwise, from the address that was written to, and files a copy (RFC 2369)', async () => {
    const unsubscribe = `<https://page.example/u>, <mailto:${reader.email}?subject=leave%20me%20out&body=token%201>`;
    const bare = `<mailto:${reader.email}>`;
    const toIdentity = ['ann@example.org', 'x@example.net, Ann <ANN@example.org>'].map((to) =>
      issue({ unsubscribe, post: '', to }),
    );
    await using box = await open([...toIdentity, issue({ unsubscribe, post: '' }), issue({ unsubscribe: bare })], {
      identities: ['Ida at Home <ann@example.org>'],
    });
    const [one, again, other, two] = box.uids;
    expect(await box.call()).toMatchObject({
      requested: [
        { uid: one, also: String(again), from: FROM, how: 'mail', to: reader.email },
        { uid: other, from: FROM, how: 'mail', to: reader.email },
        { uid: two, from: FROM, how: 'mail', to: reader.email },
      ],
      not_done: [],
    });
    const arrived = await Promise.all((await arrivedAt(reader, 3)).map(({ raw }) => simpleParser(raw)));
    const from = (address: string, subject: string) =>
      arrived.find((each) => each.from?.value[0]?.address === address && each.subject === subject);
    const first = from('ann@example.org', 'leave me out');
    const second = from(box.account.email, 'unsubscribe');
    expect(from(box.account.email, 'leave me out')).toBeDefined();
    expect(first).toMatchObject({ subject: 'leave me out', html: false, attachments: [] });
    expect(first?.from?.text).toBe('"Ida at Home" <ann@example.org>');
    expect(first?.text).toMatch(/^token 1\n\n-- \nSent by a program /);
    expect(first?.headers.has('auto-submitted')).toBe(false);
    expect(second).toMatchObject({ subject: 'unsubscribe', text: expect.stringMatching(/^unsubscribe\n\n-- \n/) });
    const filed = await messagesIn(box.account, 'Sent');
    expect(filed.map(({ subject, flags }) => [subject, flags.includes('\\Seen')])).toEqual([
      ['leave me out', true],
      ['leave me out', true],
      ['unsubscribe', true],
    ]);
    expect(web.requests).toEqual([]);
  });

  test('UNSUB-01 says why not, and never opens what nothing proves', async () => {
    const page = 'https://page.example/u';
    const cases: [Issue, unknown][] = [
      [{ unsubscribe: `<${page}>`, post: '' }, `It has only a web page: ${page}`],
      [{ h: 'from:to' }, `It has only a web page: ${web.url('/u')}`],
      [{ more: ['From: ann@x.example'] }, `It has only a web page: ${web.url('/u')}`],
      [{ more: [`List-Unsubscribe: <${web.url('/v')}>`] }, expect.stringContaining('says twice')],
      [
        { unsubscribe: `<https://page.example/${'a'.repeat(2_000)}>`, post: '' },
        expect.stringMatching(/page, on page\.example,/),
      ],
      [
        { unsubscribe: '<javascript:alert(1)>, <mailto:a@x.example?bcc=b@x.example>' },
        expect.stringContaining('nothing that can be done safely'),
      ],
      [
        { unsubscribe: `<https://ann:pw@localhost:${web.port}/u>` },
        expect.stringContaining('nothing that can be done safely'),
      ],
      // A valid signature below 200 fields would contradict the one above.
      [
        {
          more: [
            ...Array.from({ length: 200 }, () => 'Received: x'),
            'DKIM-Signature: v=1; d=news.example; s=s1; h=from; b=AbCd1234',
          ],
        },
        expect.stringContaining('too long'),
      ],
      [
        { unsubscribe: `<${page}/${'a '.repeat(30)}>\n ${`(${'x'.repeat(900)})\n `.repeat(110)}` },
        expect.stringContaining('too long'),
      ],
    ];
    await using box = await open([...cases.map(([each]) => issue(each)), message({ subject: 'no list' })]);
    const result = await box.call({ uids: `${box.uids.join()},4000000` });
    expect(result.requested).toEqual([]);
    const reasons = result.not_done as { uid: number; also?: string; why: string }[];
    const whyNot = (uid: number | undefined) =>
      reasons.find((each) => each.uid === uid || `,${each.also},`.includes(`,${uid},`))?.why;
    for (const [index, [, why]] of cases.entries()) expect(whyNot(box.uids[index])).toEqual(why);
    expect(whyNot(box.uids.at(-1))).toContain('no List-Unsubscribe');
    expect(whyNot(4_000_000)).toBe('There is no such message.');
    expect(web.requests).toEqual([]);
  });

  test('UNSUB-05 requests nothing from senders of junk, or of mail that failed DMARC', async () => {
    await using box = await open([
      issue({ dmarc: 'fail' }),
      issue({ flags: ['$Junk'] }),
      issue({ dmarc: 'fail', unsubscribe: `<mailto:${reader.email}>` }),
    ]);
    const [one, two, three] = box.uids;
    expect(await box.call()).toMatchObject({
      requested: [],
      not_done: [{ uid: one, also: `${two}:${three}`, why: JUNK }],
    });
    await using junk = await open([issue()], { folder: 'Junk' });
    expect(whyOf(await junk.call())).toEqual([JUNK]);
    expect(web.requests).toEqual([]);
  });

  test('UNSUB-03 reports what the server of the sender says, and an unknown outcome as unknown', async () => {
    const paths = ['/moved', '/gone', '/silent', '/dropped', '/done'];
    web.answer((request, response) => {
      const status = { '/moved': 302, '/gone': 410, '/done': 200 }[request.url ?? ''];
      if (status !== undefined) response.writeHead(status, { Location: web.url('/elsewhere') }).end();
      if (request.url === '/dropped') request.socket.destroy();
    });
    await using box = await open(
      paths.map((path) => issue({ unsubscribe: `<${web.url(path)}>, <mailto:${reader.email}>` })),
      {
        oneClick: { timeoutMs: 1_000 },
      },
    );
    const [moved, gone, silent, dropped, done] = box.uids;
    const why = expect.stringContaining('may have been carried out or not');
    expect(await box.call()).toMatchObject({
      requested: [{ uid: done }],
      unknown: [
        { uid: silent, to: web.host, from: FROM, why },
        { uid: dropped, why },
      ],
      not_done: [
        { uid: moved, why: expect.stringContaining('which is not followed') },
        { uid: gone, why: expect.stringContaining('(status 410)') },
      ],
    });
    expect(web.requests.map(({ url }) => url)).toEqual(paths);
    expect(await messagesIn(box.account, 'Sent')).toEqual([]);
  });

  test('UNSUB-02 reports a server that cannot be reached, which a private address is too', async () => {
    await using box = await open([issue()], {
      oneClick: { resolve: async () => [{ address: '10.0.0.1', family: 4 }] },
    });
    expect(whyOf(await box.call())).toEqual([expect.stringContaining('could not be reached')]);
    expect(web.requests).toEqual([]);
  });
});

test('takes one round trip, and as many more as another send for a request by mail', async () => {
  const account = { ...newAccount(), authservIds: [SERVER] };
  const byMail = issue({ unsubscribe: `<mailto:${newAccount().email}>` });
  const { INBOX } = await appendMessages(account, { INBOX: [issue(), byMail] });
  const { host, tlsPort: port } = testServers().imap;
  await using proxy = await startDelayProxy({ target: { host, port }, delayMs: 20 });
  const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
  const slow = { ...account, imap: { ...account.imap, server } };
  await using tools = openMailTools(slow, { postOneClick: createLoopbackOneClick() });
  await tools.call('list_mail_messages', { folder: 'sent' });
  await tools.call('list_mail_messages', { folder: 'INBOX' });
  const tripsOf = async (tool: string, args: Record<string, unknown>) => {
    const before = proxy.roundTrips();
    await tools.call(tool, args);
    return proxy.roundTrips() - before;
  };
  expect(await tripsOf('unsubscribe_mail', { folder: 'INBOX', uid: INBOX[0] })).toBe(1);
  const sending = await tripsOf('send_mail_message', { to: account.email, subject: 's', text_body: 't' });
  expect(await tripsOf('unsubscribe_mail', { folder: 'INBOX', uid: INBOX[1] })).toBe(1 + sending);
});

describe('the limits of a connection', () => {
  const byBoth = () => issue({ unsubscribe: `<${web.url('/u')}>, <mailto:${reader.email}>` });

  test('UNSUB-06 a list of recipients holds for hosts too: the way that it allows is taken, or none', async () => {
    await using host = await open([byBoth()], { policy: { recipients: ['@localhost'] } });
    expect(await host.call()).toMatchObject({ requested: [{ how: 'one-click' }] });
    await using address = await open([byBoth()], { policy: { recipients: [reader.email] } });
    expect(await address.call()).toMatchObject({ requested: [{ how: 'mail', to: reader.email }] });
    await using other = await open([byBoth()], { policy: { recipients: ['@example.org', 'x@localhost'] } });
    expect(await other.call()).toMatchObject({
      requested: [],
      not_done: [{ why: expect.stringContaining('limited it to certain recipients') }],
    });
    await expect(other.tools.session.postUnsubscribe(web.url('/u'))).rejects.toThrow('its host is not allowed');
    expect(web.requests).toHaveLength(1);
  });

  test('UNSUB-06 each request counts as a message, and one that was not sent does not', async () => {
    const issues = ['/1', '/2', '/3'].map((path) => issue({ unsubscribe: `<${web.url(path)}>` }));
    const unreachable = issue({ unsubscribe: '<https://localhost:1/u>' });
    await using box = await open([unreachable, ...issues], { policy: { max_sends_per_hour: 2 } });
    const result = await box.call();
    expect(result.requested).toHaveLength(2);
    expect(whyOf(result)).toEqual([
      expect.stringContaining('could not be reached'),
      expect.stringContaining('may send 2 messages an hour, and has'),
    ]);
    const send = { to: reader.email, subject: 's', text_body: 't' };
    expect(await box.tools.failure('send_mail_message', send)).toMatchObject({
      message: expect.stringContaining('2 messages an hour'),
    });
  });

  test('UNSUB-06 no connection makes more than 20 requests an hour, of both kinds together', async () => {
    const byMail = issue({ unsubscribe: `<mailto:${newAccount().email}>` });
    const issues = Array.from({ length: 20 }, (_, n) => issue({ unsubscribe: `<${web.url(`/${n}`)}>` }));
    await using box = await open([byMail, ...issues]);
    const result = await box.call();
    expect(result.requested).toHaveLength(20);
    expect(result.not_done).toEqual([
      { uid: box.uids.at(-1), why: expect.stringContaining('may send 20 unsubscribe requests an hour, and has') },
    ]);
  });

  test('the folders hold, and arguments that name no message, or too many, are refused', async () => {
    await using box = await open([issue()], { policy: { folders: ['Archive'] } });
    const sentenceOf = async (args: Record<string, unknown>) =>
      String(await box.tools.failure('unsubscribe_mail', { folder: 'INBOX', ...args }));
    expect(await sentenceOf({ uid: 1 })).toContain('may not use the mailbox');
    expect(await sentenceOf({})).toContain('by uid or by uids');
    expect(await sentenceOf({ uid: 1, uids: '2' })).toContain('by uid or by uids');
    expect(await sentenceOf({ uids: '1:101' })).toContain('more than 100 messages');
    expect(await sentenceOf({ folder: '*', uid: 1 })).toContain('takes one folder');
    await using other = await open([issue()]);
    const stale = other.tools.failure('unsubscribe_mail', { folder: 'INBOX', uid: other.uids[0], uid_validity: '1' });
    expect(String(await stale)).toContain('not valid any more');
    expect(web.requests).toEqual([]);
  });
});
