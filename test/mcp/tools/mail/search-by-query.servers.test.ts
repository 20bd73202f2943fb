import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseQuery } from '../../../../src/mail/query/parse-query.ts';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { type Assistant, startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { query, type ReferenceMessage, says } from '../../../support/mail/query-reference.ts';

const NOW = new Date('2026-11-28T20:00:00Z');

let app: TestApp;
beforeAll(async () => {
  app = await startApp({}, () => NOW);
});
afterAll(() => app.stop());

const subjectsOf = (found: Record<string, unknown>) =>
  (found.messages as { subject: string }[]).map(({ subject }) => subject);
const pdf = { filename: 'Plan.pdf', contentType: 'application/pdf', content: 'x' };
const at = (text: string) => new Date(text);

async function seeded(): Promise<Assistant> {
  const account = newAccount();
  const twice = message({
    subject: 'in two folders',
    messageId: '<twice@example.test>',
    date: at('2026-11-02T10:00:00Z'),
  });
  await appendMessages(account, {
    INBOX: [
      message({ subject: 'Grüße aus Köln', text: 'crane', date: at('2026-11-01T10:00:00Z') }),
      message({ subject: 'late evening', date: at('2026-11-26T22:30:00Z'), from: 'Mara <mara@example.test>' }),
      message({ subject: 'early morning', date: at('2026-11-26T23:30:00Z'), flags: ['\\Seen'] }),
      twice,
    ],
    Archive: [message({ subject: 'filed', attachments: [pdf], date: at('2026-10-01T10:00:00Z') }), twice],
    Projects: [message({ subject: 'Liebe Grüße', html: '<p>Viele Grüße</p>', date: at('2026-11-03T10:00:00Z') })],
    Trash: [message({ subject: 'Grüße im Müll', date: at('2026-11-04T10:00:00Z') })],
    'Trash/old': [message({ subject: 'alte Grüße', date: at('2026-11-04T11:00:00Z') })],
  });
  return app.assistant(account);
}

describe('a search over every folder', () => {
  let assistant: Assistant;
  beforeAll(async () => {
    assistant = await seeded();
  });
  const search = (args: Record<string, unknown>) => assistant.call('search_mail_messages', args);

  test('finds in all folders but Trash and Junk, newest first, and says so', async () => {
    const found = await search({ folder: '*', query: 'Grüße' });
    expect(found).toMatchObject({
      count: 2,
      messages: [
        { folder: 'Projects', subject: 'Liebe Grüße' },
        { folder: 'INBOX', subject: 'Grüße aus Köln' },
      ],
    });
    expect(found.searched).toMatch(/^all \d folders but (?:Junk and Trash|Trash and Junk)$/);
    expect(found).not.toHaveProperty('uid_validity');
    expect(found).not.toHaveProperty('not_searched');
  });

  test.each([
    ['in:anywhere Grüße', ['alte Grüße', 'Grüße im Müll', 'Liebe Grüße', 'Grüße aus Köln']],
    ['in:trash Grüße', ['Grüße im Müll']],
    ['-in:Projects Grüße', ['Grüße aus Köln']],
    ['in:inbox OR in:Projects Grüße', ['Liebe Grüße', 'Grüße aus Köln']],
    ['in:projects Grüße', ['Liebe Grüße']],
  ])('%s', async (text, subjects) => {
    expect(subjectsOf(await search({ query: text }))).toEqual(subjects);
  });

  test('shows a message that is in two folders once', async () => {
    expect(await search({ folder: '*', query: 'subject:"in two folders"' })).toMatchObject({
      count: 1,
      messages: [{ subject: 'in two folders' }],
    });
  });

  test('pages are in one order over all folders', async () => {
    const pages = await Promise.all(
      [1, 2, 3, 4].map((page) => search({ folder: '*', query: 'subject:e', page, per_page: 2 })),
    );
    const whole = await search({ folder: '*', query: 'subject:e', per_page: 50 });
    expect(pages.flatMap(subjectsOf)).toEqual(subjectsOf(whole));
    expect(new Set(subjectsOf(whole)).size).toBe(subjectsOf(whole).length);
  });

  test('each preview belongs to the message in its folder', async () => {
    const found = await search({ folder: '*', query: 'Grüße', preview: 40 });
    expect(found).toMatchObject({ messages: [{ preview: 'Viele Grüße' }, { preview: 'crane' }] });
  });

  test.each([
    ['in:Nowhere x', /There is no mailbox "Nowhere"/],
    ['in:INBOX -in:inbox x', /no folder to search/],
    ['in:Projects OR x', /stand alone or be negated/],
    ['(x', /^Query, at character 1, "\(": this parenthesis is never closed/],
    ['is:reed', /is:unread/],
  ])('%s is refused with the next step', async (text, expected) => {
    expect(await assistant.failure('search_mail_messages', { folder: '*', query: text })).toMatch(expected);
  });

  test('only uids of several folders are refused', async () => {
    const args = { folder: '*', query: 'x', with_envelopes: false };
    expect(await assistant.failure('search_mail_messages', args)).toMatch(/takes one folder/);
  });

  test('raw SEARCH criteria are run in every folder as well', async () => {
    expect(subjectsOf(await search({ folder: '*', query: 'SUBJECT filed' }))).toEqual(['filed']);
  });
});

describe('a query that finds nothing', () => {
  let assistant: Assistant;
  beforeAll(async () => {
    assistant = await seeded();
  });

  test('is answered with what each term finds alone, and what most of them find together', async () => {
    const args = { folder: '*', query: 'Grüße has:pdf nothere after:2026-01-01' };
    expect(await assistant.call('search_mail_messages', args)).toMatchObject({
      count: 0,
      messages: [],
      alone: { Grüße: 2, 'has:pdf': 1, nothere: 0, 'after:2026-01-01': 7 },
      closest: { query: 'has:pdf after:2026-01-01', count: 1, messages: [{ folder: 'Archive', subject: 'filed' }] },
    });
  });

  test('in one folder too', async () => {
    expect(await assistant.call('search_mail_messages', { query: 'crane is:flagged' })).toMatchObject({
      folder: 'INBOX',
      alone: { crane: 1, 'is:flagged': 0 },
      closest: { query: 'crane', count: 1, messages: [{ subject: 'Grüße aus Köln' }] },
    });
  });
});

describe('a query with times', () => {
  test('takes days and times in the zone of the account owner, and shows them in UTC', async () => {
    const account = newAccount();
    await appendMessages(account, {
      INBOX: [
        message({ subject: 'late evening', date: at('2026-11-26T22:30:00Z') }),
        message({ subject: 'early morning', date: at('2026-11-26T23:30:00Z') }),
      ],
    });
    await using tools = openMailTools(account, { timeZone: 'Europe/Berlin', now: () => NOW });
    const find = (text: string) => tools.call('search_mail_messages', { query: text });
    expect(await find('on:2026-11-27')).toMatchObject({
      count: 1,
      read_as: 'from 2026-11-26T23:00:00Z to before 2026-11-27T23:00:00Z',
      messages: [{ subject: 'early morning', date: '2026-11-27T00:30:00+01:00' }],
    });
    expect(subjectsOf(await find('before:2026-11-27'))).toEqual(['late evening']);
    expect(subjectsOf(await find('after:2026-11-26T23:00Z'))).toEqual(['early morning']);
    expect(subjectsOf(await find('-after:2026-11-27T00:00'))).toEqual(['late evening']);
    expect(subjectsOf(await find('newer_than:45h'))).toEqual(['early morning']);
  });
});

describe('what a query finds on a real server', () => {
  const WORDS = ['harbour', 'lights', 'crane', 'invoice'];
  const PEOPLE = ['ida@example.test', 'mara@example.test', 'tomas@example.test'];
  const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

  /** Thirty messages around a midnight, different in all that a query can ask for. */
  const references = Array.from({ length: 30 }, (_, n): ReferenceMessage & { subjectId: string } => ({
    uid: n + 1,
    subjectId: `${pick(WORDS, n)} ${n}`,
    from: pick(PEOPLE, n * 7),
    to: pick(PEOPLE, n * 5 + 1),
    cc: n % 3 === 0 ? pick(PEOPLE, n + 2) : '',
    subject: pick(WORDS, n),
    body: pick(WORDS, n * 3 + 1),
    flags: ['\\Seen', '\\Flagged', '\\Answered', 'Work'].filter((_flag, bit) => ((n * 5) >> bit) % 2 === 1),
    sizeBytes: 0,
    arrivedAt: Date.parse('2026-11-26T23:00:00Z') + (n - 15) * 5 * 3_600_000,
    files: [
      ...(n % 4 === 0 ? [{ name: 'Plan.PDF', type: 'application/pdf' }] : []),
      ...(n % 6 === 1 ? [{ name: 'notes.txt', type: 'text/plain' }] : []),
    ],
    isNewsletter: n % 5 === 0,
  }));

  const toMessage = (each: (typeof references)[number]) =>
    message({
      from: each.from,
      to: each.to,
      ...(each.cc !== '' && { cc: each.cc }),
      subject: each.subjectId,
      text: `${each.body}\n`,
      date: new Date(each.arrivedAt),
      flags: each.flags,
      ...(each.isNewsletter && { headers: { 'List-Unsubscribe': '<https://lists.example.test/>' } }),
      attachments: each.files.map(({ name, type }) => ({ filename: name, contentType: type, content: 'x' })),
    });

  test('is what the messages say, whatever the query', { timeout: 120_000 }, async () => {
    const account = newAccount();
    await appendMessages(account, {
      INBOX: references.filter((_, n) => n % 2 === 0).map(toMessage),
      Archive: references.filter((_, n) => n % 2 === 1).map(toMessage),
    });
    const own = { ...account, email: 'ida@example.test' };
    await using tools = openMailTools(own, { timeZone: 'Europe/Berlin', now: () => NOW });
    const context = { now: NOW, timeZone: 'Europe/Berlin' };
    // The size of a message is that of its source, which is not generated here.
    const sized = query.filter((text) => !/larger:|smaller:/.test(text));
    await fc.assert(
      fc.asyncProperty(sized, async (text) => {
        const node = parseQuery(text, context);
        const found = await tools.call('search_mail_messages', { folder: '*', query: text, per_page: 100 });
        const meant = references.filter((each) => says(node, each)).map(({ subjectId }) => subjectId);
        expect(subjectsOf(found).toSorted()).toEqual(meant.toSorted());
        expect(found.count).toBe(meant.length);
      }),
      // The messages in Archive are all seen.
      { numRuns: 120, examples: [['(-is:answered OR -is:read -harbour) -harbour']] },
    );
  });
});
