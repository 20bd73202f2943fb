/** Compares what the mail language finds with what the messages say, over generated mailboxes and queries. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ToolError } from '../../../src/errors.ts';
import { isMeant, type MessageFacts } from '../../../src/mail/query/check-message.ts';
import { compileQuery, splitQuery } from '../../../src/mail/query/compile-query.ts';
import { describeQuery } from '../../../src/mail/query/describe-query.ts';
import { asCriteria, parseQuery } from '../../../src/mail/query/parse-query.ts';
import type { SearchKey } from '../../../src/mail/search/keys.ts';
import {
  CONTEXT,
  HOUR_MS,
  messages,
  OWN,
  query,
  type ReferenceMessage,
  says,
} from '../../support/mail/query-reference.ts';

/** SEARCH as a server does it whose dates are in a zone of its own. */
function searches(key: SearchKey, message: ReferenceMessage, zoneHours: number): boolean {
  const has = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());
  const day = Math.floor((message.arrivedAt + zoneHours * HOUR_MS) / (24 * HOUR_MS));
  const dayOf = (date: string) => Date.parse(`${date.replaceAll('-', ' ')} UTC`) / (24 * HOUR_MS);
  switch (key.key) {
    case 'ALL':
      return true;
    case 'AND':
      return key.operands.every((each) => searches(each, message, zoneHours));
    case 'OR':
      return searches(key.left, message, zoneHours) || searches(key.right, message, zoneHours);
    case 'NOT':
      return !searches(key.operand, message, zoneHours);
    case 'TEXT':
      return [message.from, message.to, message.cc, message.subject, message.body].some((text) => has(text, key.text));
    case 'FROM':
      return has(message.from, key.text);
    case 'TO':
      return has(message.to, key.text);
    case 'CC':
      return has(message.cc, key.text);
    case 'SUBJECT':
      return has(message.subject, key.text);
    case 'BODY':
      return has(message.body, key.text);
    case 'HEADER':
      return message.isNewsletter;
    case 'KEYWORD':
      return message.flags.includes(key.flag);
    case 'SEEN':
      return message.flags.includes('\\Seen');
    case 'UNSEEN':
      return !message.flags.includes('\\Seen');
    case 'FLAGGED':
      return message.flags.includes('\\Flagged');
    case 'ANSWERED':
      return message.flags.includes('\\Answered');
    case 'SINCE':
      return day >= dayOf(key.date);
    case 'BEFORE':
      return day < dayOf(key.date);
    case 'LARGER':
      return message.sizeBytes > key.sizeBytes;
    case 'SMALLER':
      return message.sizeBytes < key.sizeBytes;
    default:
      throw new Error(`unexpected ${key.key}`);
  }
}

function hasTooManyParts(text: string): boolean {
  try {
    compileQuery(parseQuery(text, CONTEXT), { own: OWN, isGmail: false });
    return false;
  } catch (error) {
    if (error instanceof ToolError && error.message.includes('too many alternatives')) return true;
    throw error;
  }
}

function finds(text: string, mailbox: readonly ReferenceMessage[], zoneHours: number): number[] {
  const { wide: keys, check } = compileQuery(parseQuery(text, CONTEXT), { own: OWN, isGmail: false });
  const search = (wanted: readonly SearchKey[]) =>
    mailbox.filter((message) => wanted.every((key) => searches(key, message, zoneHours)));
  const wide = search(keys);
  if (check === null) return wide.map(({ uid }) => uid);
  const sure = new Set(check.sure === null ? [] : search(check.sure).map(({ uid }) => uid));
  const parts = new Map([...check.parts].map(([part, key]) => [part, new Set(search([key]).map(({ uid }) => uid))]));
  const toFacts = ({ uid, arrivedAt, files }: ReferenceMessage): MessageFacts => ({
    uid,
    arrivedAt,
    files,
    isInvite: false,
  });
  return wide
    .filter(
      (message) =>
        sure.has(message.uid) || isMeant(check, toFacts(message), (part, uid) => parts.get(part)?.has(uid) ?? false),
    )
    .map(({ uid }) => uid);
}

describe('the mail language', () => {
  test('finds what the messages say, whatever zone the server counts days in', () => {
    fc.assert(
      fc.property(query, messages, fc.integer({ min: -12, max: 14 }), (text, mailbox, zoneHours) => {
        const node = parseQuery(text, CONTEXT);
        const meant = mailbox.filter((message) => says(node, message)).map(({ uid }) => uid);
        fc.pre(!hasTooManyParts(text));
        expect(finds(text, mailbox, zoneHours)).toEqual(meant);
      }),
      { numRuns: 2_000 },
    );
  });

  test('OR binds tighter than the blank', () => {
    expect(parseQuery('a OR b c', CONTEXT)).toMatchObject({ kind: 'and', nodes: [{ kind: 'or' }, { kind: 'term' }] });
  });
});

test('each word within key:( ) is written with its key', () => {
  const node = parseQuery('subject:(ghent OR "two words" -"no") from:ann newer_than:2d', CONTEXT);
  expect(describeQuery(node)).toMatch(
    /^\(\(subject:ghent OR subject:"two words"\) AND NOT subject:"no"\) AND from:ann AND from 2026-\S+$/,
  );
});

describe('times are those of the account owner', () => {
  const span = (text: string, timeZone = 'Europe/Berlin') => {
    const node = parseQuery(text, { ...CONTEXT, timeZone });
    if (node.kind !== 'term' || node.term.key !== 'time') throw new Error('no time');
    return [node.term.start, node.term.end].map((instant) =>
      instant === null ? null : new Date(instant).toISOString(),
    );
  };

  test.each([
    ['after:2026-03-01', 'Europe/Berlin', '2026-02-28T23:00:00.000Z', null],
    ['before:2026-03-01', 'America/New_York', null, '2026-03-01T05:00:00.000Z'],
    ['on:2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['on:2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['after:2026-03-01T20:00', 'Asia/Kolkata', '2026-03-01T14:30:00.000Z', null],
    ['after:2026-03-01T20:00Z', 'Asia/Kolkata', '2026-03-01T20:00:00.000Z', null],
    ['after:2026-03-01T20:00:05+02:00', 'UTC', '2026-03-01T18:00:05.000Z', null],
    ['after:2026/3/1', 'UTC', '2026-03-01T00:00:00.000Z', null],
    ['after:1-Mar-2026', 'UTC', '2026-03-01T00:00:00.000Z', null],
    ['newer_than:12h', 'UTC', '2026-11-28T08:00:00.000Z', null],
    ['older_than:2w', 'UTC', null, '2026-11-14T20:00:00.000Z'],
    ['newer_than:1m', 'Europe/Berlin', '2026-10-28T20:00:00.000Z', null],
    ['on:yesterday', 'Europe/Berlin', '2026-11-26T23:00:00.000Z', '2026-11-27T23:00:00.000Z'],
  ])('%s in %s', (text, timeZone, start, end) => {
    expect(span(text, timeZone)).toEqual([start, end]);
  });
});

describe('a query that cannot be read', () => {
  test.each([
    ['', /empty/],
    ['(a', /never closed/],
    ['a)', /closes nothing/],
    ['"a', /no closing quote/],
    ['a OR', /missing/],
    ['OR a', /OR stands between/],
    ['-NOT a', /two negations/],
    ['from:', /"from:".*value is missing/],
    ['after:2026-02-30', /"after:2026-02-30": expected a day/],
    ['after:soon', /expected a day/],
    ['is:red', /is:unread/],
    ['has:cat', /has:pdf/],
    ['larger:big', /5M/],
    ['newer_than:3', /12h/],
    ['since:2026-01-01', /use after:/],
    ['from:(a subject:b)', /within from:/],
    [`${'('.repeat(40)}a`, /nested/],
    ['a '.repeat(200), /at most 100 terms/],
  ])('%s', (text, expected) => {
    expect(() => parseQuery(text, CONTEXT)).toThrow(expected);
  });

  test.each(['in:Trash OR harbour', '-(in:Trash harbour)', 'is:waiting OR harbour'])('%s', (text) => {
    expect(() => splitQuery(parseQuery(text, CONTEXT))).toThrow(/alone|negated/);
  });
});

describe('IMAP SEARCH criteria and the mail language', () => {
  test.each([
    'UNSEEN',
    'unseen',
    'FROM ann',
    'from ann since 1-Jan-2025',
    '(UNSEEN FLAGGED)',
    'OR FROM a FROM b',
    'NOT SEEN',
  ])('%s is criteria', (text) => {
    expect(asCriteria(text)).toBeDefined();
  });

  test.each([
    'harbour',
    '2026',
    '7,12:20',
    'new',
    'all',
    'from:ann',
    'FROM:ann',
    'recent draft',
    'harbour lights',
    'a OR b',
  ])('%s is the mail language', (text) => {
    expect(asCriteria(text)).toBeUndefined();
  });
});
