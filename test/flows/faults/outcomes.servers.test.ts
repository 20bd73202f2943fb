/** Proves each row of the table in docs/outcomes.md: what a call reports when the network fails, and the state of the mailbox. */
import { afterAll, describe, type ExpectStatic, expect, test } from 'vitest';
import { z } from 'zod';
import { UpstreamError } from '../../../src/errors.ts';
import type { MailAccount, MailServer } from '../../../src/mail/account.ts';
import { type MailToolsLimits, openMailTools } from '../../support/app/mail-tools.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount, onBasicServer, overCleartext } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { messagesIn } from '../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { withKeptImapFlow } from '../../support/mail/with-imapflow.ts';
import { type FaultProxy, startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { testServers } from '../../support/servers/servers.ts';
import { type OneClickStage, startOneClickStage } from './one-click-stage.ts';
import { documentedOutcomes, type Outcome } from './outcomes.ts';

const rows = documentedOutcomes();

/** Sends the markers of all tests. */
const markers = openMailTools(newAccount());
afterAll(() => markers[Symbol.asyncDispose]());

test('the table contains every tool', () => {
  expect(new Set(rows.map(({ call }) => call.split(' ')[0])).size).toBe(10);
  expect(rows.length).toBeGreaterThan(150);
});

const NAME = '$call, $command, $moment: $reported, $afterwards';
const isLarge = ({ call }: Outcome) => call.endsWith('(large)');

describe.concurrent('the outcome of a call when the network fails', () => {
  test.for(rows.filter((row) => !isLarge(row)))(NAME, (row, { expect }) => proveRow(row, expect));
});

// These tests run one by one: parsing a large message would delay other tests in this process beyond their timeouts.
describe('the outcome of a call with a large message when the network fails', () => {
  test.for(rows.filter(isLarge))(NAME, (row, { expect }) => proveRow(row, expect));
});

async function proveRow(row: Outcome, expect: ExpectStatic): Promise<void> {
  await using stage = await prepare(row);
  stage.arm();
  const outcome = await stage.call();
  expect(stage.happened(), 'faults that happened').toBe(1);
  expect({ reported: outcome.kind, afterwards: await stage.afterwards() }, outcome.sentence).toEqual({
    reported: row.reported,
    afterwards: row.afterwards,
  });
}

interface Stage extends AsyncDisposable {
  arm(): void;
  happened(): number;
  call(): Promise<{ kind: string; sentence: string }>;
  afterwards(): Promise<string>;
}

/** Commands of SMTP sessions; all others are IMAP commands. */
const SMTP_COMMANDS = new Set(['connect', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'message', 'final dot', 'QUIT']);

async function prepare(row: Outcome): Promise<Stage> {
  const account = { ...newAccount(), authservIds: [OWN_SERVER] };
  const reader = newAccount();
  const web = row.call.endsWith('(one-click)') ? await startOneClickStage(row) : undefined;
  const [tool = '', variant = ''] = row.call.split(/ \(|\)/);
  const {
    INBOX: [uid = 0],
  } = await appendMessages(account, {
    INBOX: [namedMessage(tool, reader, web), message({ subject: 'bystander' })],
    Archive: [],
  });
  const direct = overCleartext(account);
  const isPoor = ['no MOVE', 'set, no MOVE', 'no UIDPLUS'].includes(variant);
  const imap = await startFaultProxy({
    target: isPoor ? plainPort(overCleartext(onBasicServer(account)), 'basicImap') : plainPort(direct, 'imap'),
    protocol: 'imap',
    ...(variant === 'UIDPLUS, no MOVE' && { rewrite: (line: string) => line.replace(/ MOVE\b/g, '') }),
  });
  const smtp = await startFaultProxy({
    target: { host: direct.smtp.server.host, port: direct.smtp.server.port },
    protocol: 'smtp',
  });
  const tools = openMailTools(through(direct, imap, smtp), {
    ...limitsFor(row),
    ...(web && { postOneClick: web.post }),
  });
  if (variant !== 'cold') await tools.call('list_mailboxes');
  const proxy = SMTP_COMMANDS.has(row.command) ? smtp : imap;
  const args = argumentsOf(tool, variant, { uid, to: reader.email });
  const before = await stateOf(account);
  return {
    arm: () => web ?? proxy.arm(commandPattern(row.command), row.moment),
    happened: () => (web ?? proxy).happened(),
    call: () => tools.call(tool, args).then(describeResult, (error: unknown) => describeFailure(error, tool)),
    afterwards: async () => {
      if (web !== undefined) return web.arrived() === 1 ? 'done' : 'as before';
      if (SENDING_TOOLS.has(tool)) return describeDelivery(account, reader);
      const after = await stateOf(account);
      return describeChange(tool, before, after);
    },
    [Symbol.asyncDispose]: async () => {
      await tools[Symbol.asyncDispose]();
      await imap[Symbol.asyncDispose]();
      await smtp[Symbol.asyncDispose]();
      await web?.[Symbol.asyncDispose]();
    },
  };
}

const SENDING_TOOLS = new Set(['send_mail_message', 'unsubscribe_mail']);

const OWN_SERVER = 'mail.example.test';

/** For unsubscribing: a message of a list that takes requests by mail, or on the web. */
function namedMessage(tool: string, { email }: MailAccount, web: OneClickStage | undefined) {
  if (tool !== 'unsubscribe_mail') return message({ subject: 'named' });
  const fields = [
    `Authentication-Results: ${OWN_SERVER}; dkim=pass header.d=news.example`,
    `DKIM-Signature: d=news.example; h=from:list-unsubscribe:list-unsubscribe-post; b=eA==`,
    'From: letter@news.example',
    'Subject: named',
    `List-Unsubscribe: <${web?.url ?? `mailto:${email}?subject=new`}>`,
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  ];
  return message({ raw: [...fields, '', 'News.', ''].join('\n') });
}

/** Short timeouts for faults that are noticed by a timeout. */
function limitsFor({ call, moment }: Outcome): MailToolsLimits {
  if (!/^(silent|garbage|a literal of 2 GB)/.test(moment)) return {};
  return {
    imap: { silenceMs: 1_500, ...(call.endsWith('(cold)') && { connectMs: 1_500 }) },
    smtp: { silenceMs: 1_500, greetingMs: 1_500 },
  };
}

function plainPort(account: MailAccount, server: 'imap' | 'basicImap'): { host: string; port: number } {
  return { host: account.imap.server.host, port: testServers()[server].starttlsPort };
}

function through(account: MailAccount, imap: FaultProxy, smtp: FaultProxy): MailAccount {
  const at = ({ host, port }: FaultProxy): MailServer => ({ host, port, security: 'cleartext' });
  return {
    ...account,
    imap: { ...account.imap, server: at(imap) },
    smtp: { ...account.smtp, server: at(smtp) },
  };
}

function commandPattern(command: string): RegExp {
  if (command === 'first') return /./;
  if (command === 'connect' || command === 'greeting') return /^CONNECT$/;
  if (command === 'message') return /^MESSAGE$/;
  if (command === 'final dot') return /^\.$/;
  const [name, earlier] = command.split(' after ');
  const pattern = new RegExp(`^(UID )?${name}\\b`, 'i');
  return earlier === undefined ? pattern : onceSeen(new RegExp(`^${earlier}\\b`), pattern);
}

function onceSeen(earlier: RegExp, pattern: RegExp): RegExp {
  let isSeen = false;
  const test = (command: string) => {
    isSeen ||= earlier.test(command);
    return isSeen && pattern.test(command);
  };
  return Object.assign(/./, { test });
}

/** Much more than the 4 MiB of the send buffer of a socket, so that "within" happens during the transfer. */
const LARGE = { text_body: `${'漢'.repeat(70)}\n`.repeat(14_000), html_body: `${'字'.repeat(70)}\n`.repeat(14_000) };

function namedBy(variant: string, uid: number): Record<string, unknown> {
  if (variant === 'query') return { query: 'subject:named' };
  return variant.startsWith('set') ? { uids: `${uid},4000000` } : { uid };
}

function argumentsOf(tool: string, variant: string, { uid, to }: { uid: number; to: string }): Record<string, unknown> {
  const named = { folder: 'INBOX', ...namedBy(variant, uid) };
  switch (tool) {
    case 'list_mailboxes':
      return {};
    case 'list_mail_messages':
      return { folder: 'INBOX' };
    case 'search_mail_messages':
      return { folder: 'INBOX', query: 'SUBJECT named', with_envelopes: true };
    case 'get_mail_message':
    case 'unsubscribe_mail':
      return named;
    case 'move_mail_message':
      return variant === 'create'
        ? { ...named, destination: 'New', create: true }
        : { ...named, destination: 'Archive' };
    case 'update_mail_message_flags':
      return { ...named, add: ['\\Flagged'] };
    case 'delete_mail_message':
      return { ...named, permanent: !/^(to the trash|set)$/.test(variant) };
    default:
      return {
        to,
        subject: 'new',
        text_body: 'Hello',
        ...(variant === 'large' && LARGE),
        ...(variant === 'key' && { idempotency_key: 'k' }),
      };
  }
}

function describeResult(result: Record<string, unknown>): { kind: string; sentence: string } {
  const { requested: [request] = [], unknown: [unknown] = [], not_done: [notDone] = [] } = UNSUBSCRIBED.parse(result);
  if (notDone !== undefined)
    return describeFailure(new UpstreamError('SMTP', 'refused', notDone.why), 'unsubscribe_mail');
  if (unknown !== undefined)
    return describeFailure(new UpstreamError('SMTP', 'unknown_outcome', unknown.why), 'unsubscribe_mail');
  const warning = request?.warning ?? result.warning;
  return warning === undefined
    ? { kind: 'result', sentence: '' }
    : { kind: 'sent, copy unknown', sentence: String(warning) };
}

const Row = z.object({ why: z.string() });
const UNSUBSCRIBED = z.object({
  requested: z.array(z.object({ warning: z.string().optional() })).optional(),
  unknown: z.array(Row).optional(),
  not_done: z.array(Row).optional(),
});

function describeFailure(error: unknown, tool: string): { kind: string; sentence: string } {
  if (!(error instanceof UpstreamError))
    return { kind: 'a bug', sentence: `${error instanceof Error ? error.stack : error}` };
  const sentence = error.message;
  if (error.fault === 'unknown_outcome') {
    const saysWhatToCheck = /may|either/.test(sentence) && /look|read/i.test(sentence);
    return { kind: saysWhatToCheck ? 'unknown outcome' : 'does not say what to check', sentence };
  }
  const saysNothingSent = !SENDING_TOOLS.has(tool) || error.service === 'IMAP' || /Nothing was sent/.test(sentence);
  return { kind: saysNothingSent ? 'nothing happened' : 'does not say that nothing was sent', sentence };
}

type State = Record<'INBOX' | 'Archive' | 'Trash' | 'Drafts' | 'New', string[]>;

/** Subjects, with a star when marked \Flagged and a cross when marked \Deleted. */
async function stateOf(account: MailAccount): Promise<State> {
  const marksOf = (flags: string[]) =>
    `${flags.includes('\\Flagged') ? '*' : ''}${flags.includes('\\Deleted') ? '†' : ''}`;
  const look = async (mailbox: string) =>
    (await messagesIn(account, mailbox)).map(({ subject, flags }) => `${subject}${marksOf(flags)}`);
  const isMade = await withKeptImapFlow('read', account, async (imap) =>
    (await imap.list()).some(({ path }) => path === 'New'),
  );
  const [INBOX, Archive, Trash, Drafts, New] = [
    await look('INBOX'),
    await look('Archive'),
    await look('Trash'),
    await look('Drafts'),
    isMade ? await look('New') : [],
  ];
  return { INBOX, Archive, Trash, Drafts, New };
}

function describeChange(tool: string, before: State, after: State): string {
  const inboxes: Record<string, string> = {
    'named,bystander': 'stays',
    'named†,bystander': 'marked',
    'named*,bystander': 'flagged',
    bystander: 'gone',
  };
  const inbox = inboxes[after.INBOX.join()] ?? after.INBOX.join();
  const elsewhere = [...after.Archive, ...after.Trash, ...after.Drafts, ...after.New].join();
  const change = `${inbox}, ${elsewhere}`;
  if (JSON.stringify(before) === JSON.stringify(after)) return 'as before';
  if (change === 'gone, named' && /^(move|delete)/.test(tool)) return 'done';
  if (change === 'stays, named') return 'in both';
  if (change === 'marked, named') return 'in both, marked';
  if (change === 'gone, ' && tool === 'delete_mail_message') return 'done';
  if (change === 'marked, ') return 'marked';
  if (change === 'flagged, ' && tool === 'update_mail_message_flags') return 'done';
  if (change === 'stays, new' && tool === 'create_draft_mail_message') return 'done';
  return change;
}

/** Sends a marker message to the same recipient and waits for it: messages that were sent before have then arrived. */
async function describeDelivery(account: MailAccount, reader: MailAccount): Promise<string> {
  await markers.call('send_mail_message', { to: reader.email, subject: 'marker', text_body: 'x' });
  const arrived = await waitUntil(20_000, async () => {
    const subjects = (await messagesIn(reader, 'INBOX')).map(({ subject }) => subject);
    return subjects.includes('marker') && subjects.filter((subject) => subject !== 'marker');
  });
  const filed = (await messagesIn(account, 'Sent')).map(({ subject }) => subject);
  const names: Record<string, string> = { '/': 'as before', 'new/': 'sent', 'new/new': 'sent and filed' };
  const seen = `${arrived.join()}/${filed.join()}`;
  return names[seen] ?? seen;
}
