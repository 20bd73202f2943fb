/** Proves each row of the table of answers, forwarded messages and drafts in docs/outcomes.md. */
import { randomBytes } from 'node:crypto';
import { afterAll, describe, type ExpectStatic, expect, test } from 'vitest';
import { ToolError, UpstreamError } from '../../../src/errors.ts';
import type { MailServer } from '../../../src/mail/account.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount, overCleartext } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { googleInvitation, invitationMail } from '../../support/mail/invitations.ts';
import { messagesIn, subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { type FaultProxy, startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { testServers } from '../../support/servers/servers.ts';
import { type AnswerOutcome, documentedAnswers } from './outcomes.ts';

type Account = ReturnType<typeof newAccount>;
type Call = AnswerOutcome['call'];

const rows = documentedAnswers();

/** Sends the markers of all tests. */
const markers = openMailTools(newAccount());
afterAll(() => markers[Symbol.asyncDispose]());

test('the table contains every kind of call, and the commands that are theirs', () => {
  expect(new Set(rows.map(({ call }) => call))).toEqual(
    new Set(['reply', 'forward', 'accept', 'draft', 'new version']),
  );
  expect(rows.length).toBeGreaterThan(80);
});

describe.concurrent('the outcome of an answer, a forwarded message or a draft when the network fails', () => {
  test.for(rows)('$call, $command, $moment: $reported, $afterwards', (row, { expect }) => proveRow(row, expect));
});

async function proveRow({ call, command, moment, reported, afterwards }: AnswerOutcome, expect: ExpectStatic) {
  const [owner, reader] = [newAccount(), newAccount()];
  const { tool, args } = await prepare(call, owner, reader);
  const direct = overCleartext(owner);
  const imapTarget = { host: direct.imap.server.host, port: testServers().imap.starttlsPort };
  await using imap = await startFaultProxy({ target: imapTarget, protocol: 'imap' });
  await using smtp = await startFaultProxy({ target: direct.smtp.server, protocol: 'smtp' });
  const at = ({ host, port }: FaultProxy): MailServer => ({ host, port, security: 'cleartext' });
  const account = {
    ...direct,
    imap: { ...direct.imap, server: at(imap) },
    smtp: { ...direct.smtp, server: at(smtp) },
  };
  const isQuiet = /^(silent|garbage)/.test(moment);
  // A large file takes longer between two answers.
  const silenceMs = call === 'forward' ? 5_000 : 1_500;
  const limits = { imap: { silenceMs }, smtp: { silenceMs, greetingMs: silenceMs } };
  await using tools = openMailTools(account, isQuiet ? limits : {});
  await tools.call('list_mailboxes');
  const proxy = /^(DATA|final dot)$/.test(command) ? smtp : imap;
  proxy.arm(patternOf(command), moment);
  const outcome = await tools.call(tool, args).then(describeResult, describeFailure);
  expect(proxy.happened(), 'faults that happened').toBe(1);
  expect({ reported: outcome.kind, afterwards: await stateOf(call, owner, reader) }, outcome.sentence).toEqual({
    reported,
    afterwards,
  });
}

async function prepare(call: Call, owner: Account, reader: Account) {
  const calendar = googleInvitation({ organizer: reader.email, attendee: owner.email });
  const original = message({
    ...(call === 'accept' && { raw: invitationMail({ from: reader.email, to: owner.email, calendar }) }),
    ...{ from: reader.email, to: owner.email, subject: 'original', messageId: '<one@x.test>' },
    ...(call === 'forward' && { attachments: [{ filename: 'a.bin', content: randomBytes(1_100_000) }] }),
  });
  const { INBOX, Drafts } = await appendMessages(owner, {
    INBOX: [original],
    Sent: [message({ from: owner.email, to: reader.email, subject: 'earlier', text: 'a\n\n-- \nIda\n' })],
    Drafts: [
      message({
        ...{ from: owner.email, to: reader.email, subject: 'new', inReplyTo: '<one@x.test>' },
        flags: ['\\Draft'],
      }),
    ],
  });
  const answered = { of: `INBOX/${INBOX[0]}`, subject: 'new' };
  const draft = { as: 'draft', of: `Drafts/${Drafts[0]}` };
  const tool = call === 'new version' ? 'create_draft_mail_message' : 'send_mail_message';
  const args: Record<Call, Record<string, unknown>> = {
    reply: { as: 'reply', ...answered, text_body: 'Yes' },
    forward: { as: 'forward', ...answered, to: reader.email },
    accept: { as: 'accept', ...answered },
    draft,
    'new version': { ...draft, text_body: 'Other words' },
  };
  return { tool, args: args[call] };
}

/** A command that matches for the nth time, counted from 0, once the one before it has been seen. */
function nth(pattern: RegExp, n: number, after?: RegExp): RegExp {
  let left = n;
  let isOpen = after === undefined;
  const test = (command: string) => {
    if (!isOpen) isOpen = after?.test(command) === true;
    else if (pattern.test(command)) return left-- === 0;
    return false;
  };
  return Object.assign(/./, { test });
}

const FILE = /^UID FETCH .*\[2\]<0\.524288>/;

function patternOf(command: string): RegExp {
  const patterns: Record<string, RegExp> = {
    original: nth(/^UID FETCH/, 0),
    'search in Sent': nth(/^UID SEARCH .*HEADER/, 0),
    signature: nth(/^UID FETCH/, 0, /^UID SEARCH .*HEADER/),
    'file, composed': nth(FILE, 0),
    'file, sent': nth(FILE, 1),
    'file, filed': nth(FILE, 2),
    claim: /^APPEND/,
    'move to Sent': /^UID MOVE/,
    mark: /^UID STORE .*(?:Answered|Forwarded)/i,
    removal: /^UID STORE .*Deleted/i,
    expunge: /^UID EXPUNGE/,
    'final dot': /^\.$/,
    DATA: /^DATA$/,
  };
  const pattern = patterns[command];
  if (pattern === undefined) throw new Error(`unknown command ${command}`);
  return pattern;
}

function describeResult({ warning, warnings }: Record<string, unknown>): { kind: string; sentence: string } {
  if (warning !== undefined) return { kind: 'sent, copy unknown', sentence: String(warning) };
  const sentence = Array.isArray(warnings) ? warnings.join(' ') : '';
  return { kind: sentence === '' ? 'result' : 'result, warned', sentence };
}

function describeFailure(error: unknown): { kind: string; sentence: string } {
  const sentence = error instanceof Error ? error.message : String(error);
  if (error instanceof UpstreamError && error.fault === 'unknown_outcome') {
    const saysWhatToCheck = /may|either|not known/.test(sentence) && /look|read/i.test(sentence);
    return { kind: saysWhatToCheck ? 'unknown outcome' : 'does not say what to check', sentence };
  }
  const isKnown = error instanceof UpstreamError || error instanceof ToolError;
  return isKnown ? { kind: 'nothing happened', sentence } : { kind: 'a bug', sentence };
}

/** Compares what has arrived, what is filed, the marks of the original and the drafts. */
async function stateOf(call: Call, owner: Account, reader: Account): Promise<string> {
  const arrived = call === 'new version' ? 0 : await countArrived(reader);
  const filed = (await subjectsIn(owner, 'Sent')).filter((subject) => subject === 'new').length;
  const marked = (await messagesIn(owner, 'INBOX')).some(({ flags }) =>
    flags.includes(call === 'forward' ? '$Forwarded' : '\\Answered'),
  );
  const drafts = (await subjectsIn(owner, 'Drafts')).length;
  const seen = JSON.stringify({ arrived, filed, marked, drafts });
  const state = (a: number, f: number, m: boolean, d: number) =>
    JSON.stringify({ arrived: a, filed: f, marked: m, drafts: d });
  const isDraft = call === 'draft';
  const names: Record<string, string> =
    call === 'new version'
      ? { [state(0, 0, false, 1)]: await versionOf(owner), [state(0, 0, false, 2)]: await twoDrafts(owner) }
      : {
          [state(0, 0, false, 1)]: 'as before',
          [state(1, 1, true, isDraft ? 0 : 1)]: 'done',
          [state(1, 1, false, isDraft ? 0 : 1)]: 'done, not marked',
          ...(isDraft && { [state(1, 1, true, 1)]: 'done, draft stays' }),
          [state(1, 0, false, 1)]: 'sent',
          [state(1, 0, true, 1)]: 'sent, marked',
          [state(0, 0, false, 2)]: 'two drafts',
          [state(1, 0, false, 2)]: 'sent, two drafts',
        };
  return names[seen] ?? seen;
}

const hasNewWords = ({ raw }: { raw: string }) => raw.includes('Other words');

async function versionOf(owner: Account): Promise<string> {
  return (await messagesIn(owner, 'Drafts')).every(hasNewWords) ? 'done' : 'as before';
}

/** The old version is marked as deleted, or as it was. */
async function twoDrafts(owner: Account): Promise<string> {
  const drafts = await messagesIn(owner, 'Drafts');
  return drafts.some((draft) => hasNewWords(draft)) ? 'done, draft stays' : 'two drafts';
}

/** Sends a marker message to the same recipient and waits for it: messages that were sent before have then arrived. */
async function countArrived(reader: Account): Promise<number> {
  await markers.call('send_mail_message', { to: reader.email, subject: 'marker', text_body: 'x' });
  const arrived = await waitUntil(20_000, async () => {
    const subjects = await subjectsIn(reader, 'INBOX');
    return subjects.includes('marker') && subjects;
  });
  return arrived.filter((subject) => subject === 'new').length;
}
