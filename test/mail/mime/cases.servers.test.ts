/** Reads the messages of test/fixtures/cases from a mail server, and compares the results with what a careful reader makes of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type MailTools, openMailTools } from '../../support/app/mail-tools.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';

const CASES = new URL('../../fixtures/cases/', import.meta.url);
const Words = z.array(z.string());

/** The expected result of `get_mail_message`, and with `listed` of `list_mail_messages`. */
const Expected = z
  .strictObject({
    subject: z.string(),
    date: z.string(),
    in_reply_to: z.string(),
    references: Words,
    from: Words,
    from_name: z.string(),
    from_names: Words,
    from_addresses: Words,
    sender_addresses: Words,
    to_addresses: Words,
    to_count_min: z.number(),
    /** All of them, or a warning. */
    to_whole_or_said: z.number(),
    /** No date, or a warning. */
    date_not_wrong: z.literal(true),
    text_has: Words,
    text_lacks: Words,
    text_match: Words,
    text_match_not: Words,
    text_starts: z.string(),
    text_null: z.literal(true),
    text_empty: z.literal(true),
    /** In the text, or a warning about it. */
    text_has_or_said: Words,
    readable_or_said: Words,
    /** In the text, or in that of an attachment. */
    readable: Words,
    /** A warning matches one of these. */
    said_any: Words,
    /** The cells of rows stay apart and in their columns. */
    rows_apart: z.array(Words),
    attachments: z.array(z.never()),
    attachments_any: z.array(z.object({ content_type: z.string() })),
    attachment_names: Words,
    attachment_name_match: Words,
    attachment_name_match_not: Words,
    answer_max_bytes: z.number(),
    listed: z.literal(true),
  })
  .partial();
type Expected = z.infer<typeof Expected>;

const Result = z.object({
  subject: z.string().default(''),
  date: z.string().optional(),
  from: z.string().default(''),
  sender: z.union([z.string(), Words]).default(''),
  to: Words.default([]),
  in_reply_to: z.string().optional(),
  references: Words.default([]),
  text_body: z.string().nullish(),
  attachments: z.array(z.object({ filename: z.string(), content_type: z.string(), part: z.string() })).default([]),
  warnings: Words.default([]),
});
type Result = z.infer<typeof Result>;

const EXPECTED = z
  .record(z.string(), Expected)
  .parse(JSON.parse(readFileSync(new URL('expected.json', CASES), 'utf8')));
const account = newAccount();
let mail: MailTools;
let uids: Map<string, number>;

beforeAll(async () => {
  const ids = Object.keys(EXPECTED);
  const messages = ids.map((id) => ({ raw: readFileSync(new URL(`${id}.eml`, CASES)), flags: [], date: new Date() }));
  const { INBOX } = await appendMessages(account, { INBOX: messages });
  uids = new Map(ids.map((id, index) => [id, INBOX[index] ?? 0]));
  mail = openMailTools(account);
});
afterAll(() => mail[Symbol.asyncDispose]());

test('every message has its expectations', () => {
  const messages = readdirSync(CASES).filter((name) => name.endsWith('.eml'));
  expect(messages.map((name) => name.replace('.eml', ''))).toEqual(Object.keys(EXPECTED).toSorted());
});

/** The result with the texts of its attachments behind its own. */
async function withAttachments(result: Result, uid: number | undefined): Promise<Result> {
  const texts = [result.text_body ?? ''];
  for (const { part } of result.attachments) {
    const args = { folder: 'INBOX', uid, attachment: part };
    texts.push(Result.parse(await mail.call('get_mail_message', args)).text_body ?? '');
  }
  return { ...result, text_body: texts.join('\n') };
}

describe('get_mail_message reads as a careful reader does', () => {
  test.each(Object.entries(EXPECTED))('%s', { timeout: 60_000 }, async (id, { listed, ...expected }) => {
    const uid = uids.get(id);
    const answer = await mail.call('get_mail_message', { folder: 'INBOX', uid });
    const result = Result.parse(answer);
    for (const key of Object.keys(expected).filter(isKey)) {
      const read = key === 'readable' ? await withAttachments(result, uid) : result;
      expect({ [key]: failuresOf(key, expected, read, JSON.stringify(answer)) }).toEqual({ [key]: [] });
    }
    if (listed === true) {
      const page = await mail.call('list_mail_messages', { folder: 'INBOX', per_page: 100 });
      expect(page).toMatchObject({ messages: expect.arrayContaining([expect.objectContaining({ uid })]) });
    }
  });
});

const isKey = (key: string): key is keyof Expected => key in Expected.shape;

/** What of one expectation does not hold. */
function failuresOf(key: keyof Expected, expected: Expected, result: Result, answer: string): unknown[] {
  const wanted = expected[key];
  const found = CHECKS[key]?.(expected, result, answer) ?? true;
  if (typeof found === 'boolean') return found ? [] : [{ wanted, result }];
  return found.length === 0 ? [] : [{ missing: found, result }];
}

type Check = (expected: Expected, result: Result, answer: string) => boolean | string[];

const textOf = ({ text_body }: Result) => text_body ?? '';
const isMatch = (pattern: string, text: string) =>
  pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'i').test(text) : new RegExp(pattern).test(text);
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Addresses of a list as rows and messages have it: `"Berg, Ola" <ola@example.test>, ann@example.test`. */
function addressesOf(texts: readonly string[]): { name: string; address: string }[] {
  return [
    ...texts.join(', ').matchAll(/(?:"((?:[^"\\]|\\.)*)"|([^,<>"]*?))\s*<([^<>]*)>(?:, |$)|([^,<>]+)(?:, |$)/g),
  ].map(([, quoted, plain, address, bare]) => ({
    name: (quoted ?? plain ?? '').replace(/\\(.)/g, '$1'),
    address: address ?? bare ?? '',
  }));
}
const addresses = (...texts: string[]) => addressesOf(texts).map(({ address }) => address);
const names = (text: string) => addressesOf([text]).map(({ name }) => name);
const list = (value: string | string[]) => (Array.isArray(value) ? value : value === '' ? [] : [value]);
const lacking = (wanted: readonly string[] = [], text: string) => wanted.filter((words) => !text.includes(words));
const unmatched = (wanted: readonly string[] = [], texts: readonly string[]) =>
  wanted.filter((pattern) => !texts.some((text) => isMatch(pattern, text)));

const CHECKS: Readonly<Partial<Record<keyof Expected, Check>>> = {
  subject: ({ subject }, result) => result.subject === subject,
  date: ({ date = '' }, result) => Date.parse(result.date ?? '') === Date.parse(date),
  in_reply_to: ({ in_reply_to }, result) => result.in_reply_to === in_reply_to,
  references: ({ references }, result) => isSame(result.references, references),
  from: ({ from }, result) => isSame(addresses(...list(result.from)), from),
  from_name: ({ from_name }, { from }) => names(from)[0] === from_name,
  from_names: ({ from_names }, { from }) => isSame(names(from), from_names),
  from_addresses: ({ from_addresses }, { from }) => isSame(addresses(from), from_addresses),
  sender_addresses: ({ sender_addresses }, { sender }) => isSame(addresses(...list(sender)), sender_addresses),
  to_addresses: ({ to_addresses }, { to }) => isSame(addresses(...to), to_addresses),
  to_count_min: ({ to_count_min = 0 }, { to }) => to.length >= to_count_min,
  to_whole_or_said: ({ to_whole_or_said }, { to, warnings }) => to.length === to_whole_or_said || warnings.length > 0,
  date_not_wrong: (_, { date, warnings }) => date === undefined || warnings.length > 0,
  text_has: ({ text_has }, result) => lacking(text_has, textOf(result)),
  text_lacks: ({ text_lacks = [] }, result) => text_lacks.filter((words) => textOf(result).includes(words)),
  text_match: ({ text_match }, result) => unmatched(text_match, [textOf(result)]),
  text_match_not: ({ text_match_not = [] }, result) => text_match_not.filter((each) => isMatch(each, textOf(result))),
  text_starts: ({ text_starts = '' }, result) => textOf(result).startsWith(text_starts),
  text_null: (_, { text_body }) => text_body === null || text_body === undefined,
  text_empty: (_, result) => textOf(result).trim() === '',
  text_has_or_said: ({ text_has_or_said }, result) =>
    lacking(text_has_or_said, textOf(result)).length === 0 || result.warnings.length > 0,
  readable_or_said: ({ readable_or_said }, result) =>
    lacking(readable_or_said, textOf(result)).length === 0 || result.warnings.length > 0,
  readable: ({ readable }, result) => lacking(readable, textOf(result)),
  said_any: ({ said_any = [] }, { warnings }) => said_any.some((each) => warnings.some((text) => isMatch(each, text))),
  rows_apart: ({ rows_apart = [] }, result) => {
    const rows = textOf(result)
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    return rows_apart.every((wanted) => rows.some((row) => isSame(row, wanted)));
  },
  attachments: (_, { attachments }) => attachments.length === 0,
  attachments_any: ({ attachments_any = [] }, { attachments }) =>
    attachments_any.every(({ content_type }) => attachments.some((each) => each.content_type === content_type)),
  attachment_names: ({ attachment_names = [] }, { attachments }) =>
    attachment_names.filter((name) => !attachments.some(({ filename }) => filename === name)),
  attachment_name_match: ({ attachment_name_match }, { attachments }) =>
    unmatched(
      attachment_name_match,
      attachments.map(({ filename }) => filename),
    ),
  attachment_name_match_not: ({ attachment_name_match_not = [] }, { attachments }) =>
    attachment_name_match_not.filter((each) => attachments.some(({ filename }) => isMatch(each, filename))),
  answer_max_bytes: ({ answer_max_bytes = 0 }, _, answer) => Buffer.byteLength(answer) <= answer_max_bytes,
};
