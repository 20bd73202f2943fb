/** Sending with an idempotency key while the network fails at any one command, and calling again on another replica. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import type { MailServer } from '../../../src/mail/account.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount, onBasicServer, overCleartext } from '../../support/mail/accounts.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { type FaultProxy, type Moment, startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { testServers } from '../../support/servers/servers.ts';

type Told = 'sent' | 'nothing sent' | 'unknown';
/** `mute`: poor, and it never tells the UID of a new message. */
type Kind = 'rich' | 'poor' | 'mute';

interface Story {
  /** False: the call has fewer commands than that. */
  hasFailed: boolean;
  first: Told;
  /** What the other replica says to the same call, twice. */
  again: Told[];
  arrived: number;
  inSent: number;
  inDrafts: number;
}

async function tell(protocol: 'imap' | 'smtp', command: number, moment: Moment, kind: Kind): Promise<Story> {
  const [person, reader] = [newAccount(), newAccount()];
  const direct = overCleartext(kind === 'rich' ? person : onBasicServer(person));
  const servers = testServers();
  const imapPort = kind === 'rich' ? servers.imap.starttlsPort : servers.basicImap.starttlsPort;
  await using imap = await startFaultProxy({
    target: { host: direct.imap.server.host, port: imapPort },
    protocol: 'imap',
    ...(kind === 'mute' && { rewrite: (line: string) => line.replace(/ \[(APPEND|COPY)UID [^\]]*\]/, '') }),
  });
  await using smtp = await startFaultProxy({ target: direct.smtp.server, protocol: 'smtp' });
  const at = ({ host, port }: FaultProxy): MailServer => ({ host, port, security: 'cleartext' });
  const messageIdSecret = randomBytes(32);
  const before = { ...direct, smtp: { ...direct.smtp, server: at(smtp) }, imap: { ...direct.imap, server: at(imap) } };
  const isSilence = moment.startsWith('silent');
  await using here = openMailTools(before, { messageIdSecret, ...(isSilence && QUICK) });
  await here.call('list_mailboxes');

  const call = { to: reader.email, subject: 'once', text_body: 'x', idempotency_key: 'k' };
  const send = (tools: typeof here) =>
    tools.call('send_mail_message', call).then(
      (): Told => 'sent',
      (error: unknown): Told => {
        if (!(error instanceof UpstreamError)) throw error;
        return error.fault === 'unknown_outcome' ? 'unknown' : 'nothing sent';
      },
    );
  const proxy = protocol === 'imap' ? imap : smtp;
  const fault = nth(command);
  proxy.arm(fault.pattern, moment);
  const first = await send(here);
  fault.disarm();
  const hasFailed = proxy.happened() > 0;

  // The same proxies, which fail no more: the mailbox has to be the same one.
  await using elsewhere = openMailTools(before, { messageIdSecret });
  const again = [await send(elsewhere), await send(elsewhere)];
  await elsewhere.call('send_mail_message', { to: reader.email, subject: 'last', text_body: '' });
  await waitUntil(20_000, async () => (await subjectsIn(reader, 'INBOX')).includes('last'));
  const count = async (account: typeof person, mailbox: string) =>
    (await subjectsIn(account, mailbox)).filter((subject) => subject === 'once').length;
  return {
    hasFailed,
    first,
    again,
    arrived: await count(reader, 'INBOX'),
    inSent: await count(person, 'Sent'),
    inDrafts: await count(person, 'Drafts'),
  };
}

/** For a server that falls silent on purpose. */
const QUICK = { imap: { silenceMs: 1_500 }, smtp: { silenceMs: 1_500, greetingMs: 1_500 } };

/** Matches the nth command from now on, from 0. */
function nth(n: number): { pattern: RegExp; disarm(): void } {
  let left = n;
  return {
    pattern: Object.assign(/./, { test: () => left-- === 0 }),
    disarm: () => {
      left = -1;
    },
  };
}

describe.each(['cut before', 'cut after', 'silent after'] as const)('%s', (moment) => {
  test.each([
    ['imap', 'rich'],
    ['smtp', 'rich'],
    ['imap', 'poor'],
    ['imap', 'mute'],
  ] as const)(
    'each %s command in turn, %s server: never sent twice, nothing claimed that is not so',
    async (protocol, kind) => {
      // Silence costs time and nothing else.
      const step = moment.startsWith('silent') ? 10 : 4;
      const told: string[] = [];
      for (let command = 0; command < 80; command += step) {
        const several = Array.from({ length: step }, (_, n) => command + n);
        const stories = await Promise.all(several.map((one) => tell(protocol, one, moment, kind)));
        for (const [n, story] of stories.entries()) {
          const { first, again, arrived, inSent, inDrafts, hasFailed } = story;
          const context = `command ${command + n}: ${JSON.stringify(story)}`;
          if (hasFailed) told.push(`${first}, then ${again[0]}`);
          expect(arrived, context).toBeLessThanOrEqual(1);
          expect(again[1], context).toBe(again[0]);
          const isSent = [first, ...again].includes('sent');
          // Whoever was told "sent" can rely on it, and whoever was told nothing certain finds the text.
          if (isSent) expect({ arrived, inSent, inDrafts }, context).toEqual({ arrived: 1, inSent: 1, inDrafts: 0 });
          else expect(inSent + inDrafts, context).toBeGreaterThanOrEqual(1);
          if (first === 'sent') expect(again, context).toEqual(['sent', 'sent']);
        }
        if (stories.some(({ hasFailed }) => !hasFailed)) break;
      }
      expect(told.length).toBeGreaterThan(5);
      // Only when the answer to APPEND is lost nobody knows whether there is a draft, and the same key has to be given up.
      if (kind !== 'mute')
        expect(told.filter((one) => one === 'nothing sent, then unknown').length).toBeLessThanOrEqual(1);
    },
    240_000,
  );
});

test('a draft of an attempt that was cut off, turning up after a later one was sent, is taken back by the next call', async () => {
  const [person, reader] = [newAccount(), newAccount()];
  const direct = overCleartext(person);
  await using proxy = await startFaultProxy({
    target: { host: direct.imap.server.host, port: testServers().imap.starttlsPort },
    protocol: 'imap',
  });
  const server: MailServer = { host: proxy.host, port: proxy.port, security: 'cleartext' };
  const account = { ...direct, imap: { ...direct.imap, server } };
  const messageIdSecret = randomBytes(32);
  const call = { to: reader.email, subject: 'once', text_body: 'x', idempotency_key: 'k' };
  await using first = openMailTools(account, { messageIdSecret });
  proxy.arm(/^APPEND\b/, 'late');
  expect(String(await first.failure('send_mail_message', call))).toMatch(/Nothing was sent/);
  await using second = openMailTools(account, { messageIdSecret });
  await second.call('send_mail_message', call);
  proxy.release();
  await waitUntil(20_000, async () => (await subjectsIn(person, 'Drafts')).length > 0);
  expect(await subjectsIn(person, 'Sent')).toEqual(['once']);

  await using third = openMailTools(account, { messageIdSecret });
  expect(await third.call('send_mail_message', call)).toMatchObject({ already_sent: true, folder: 'Sent' });
  expect(await subjectsIn(person, 'Drafts')).toEqual([]);
  expect(await subjectsIn(person, 'Sent')).toEqual(['once']);
  await third.call('send_mail_message', { to: reader.email, subject: 'last', text_body: '' });
  await waitUntil(20_000, async () => (await subjectsIn(reader, 'INBOX')).includes('last'));
  expect(await subjectsIn(reader, 'INBOX')).toEqual(['once', 'last']);
});

test('a server that finds nothing is not relied on: nothing is sent, and nothing is left', async () => {
  const [person, reader] = [newAccount(), newAccount()];
  const direct = overCleartext(person);
  await using imap = await startFaultProxy({
    target: { host: direct.imap.server.host, port: testServers().imap.starttlsPort },
    protocol: 'imap',
    rewrite: (line) => line.replace(/(ESEARCH \(TAG [^)]*\) UID) ALL .*\r\n/, '$1\r\n'),
  });
  const server: MailServer = { host: imap.host, port: imap.port, security: 'cleartext' };
  await using tools = openMailTools({ ...direct, imap: { ...direct.imap, server } });
  const call = { to: reader.email, subject: 'once', text_body: 'x' };
  const error = await tools.failure('send_mail_message', { ...call, idempotency_key: 'k' });
  expect(String(error)).toMatch(/Nothing was sent.*without idempotency_key/);
  expect(await subjectsIn(person, 'Drafts')).toEqual([]);
  await tools.call('send_mail_message', { ...call, subject: 'without' });
  await waitUntil(20_000, async () => (await subjectsIn(reader, 'INBOX')).length > 0);
  expect(await subjectsIn(reader, 'INBOX')).toEqual(['without']);
});
