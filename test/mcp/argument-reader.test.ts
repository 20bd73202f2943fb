/** Tests how arguments are read: what counts as absent, what is converted, and what is refused in one sentence. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createArgumentReader } from '../../src/mcp/argument-reader.ts';
import { clears, joins, narrows } from '../../src/mcp/parameter-meanings.ts';
import { defineTool, type Effect } from '../../src/mcp/tool.ts';
import { mailTools } from '../../src/mcp/tools/mail.ts';
import { missiveTools } from '../../src/mcp/tools/missive.ts';

const Person = z.strictObject({ name: z.string().optional(), address: z.string().optional() });

const INPUT = z.object({
  uid: z.int().min(1).max(100).optional().describe('UID of the message.'),
  ratio: z.number().optional(),
  folder: z.string().min(1).max(20).optional(),
  permanent: narrows(z.boolean()).default(true).describe('False moves it to the trash.'),
  close: z.literal(true).optional(),
  format: z.enum(['text', 'html']).default('text'),
  flags: z.array(z.string()).max(3).optional(),
  labels: clears(z.array(z.string())).optional(),
  notes: clears(z.string()).optional(),
  only: narrows(z.string()).optional().describe('Only with this text.'),
  uids: narrows(z.array(z.int())).optional(),
  to: joins(z.string()).optional(),
  people: z.array(Person).optional(),
  sender: Person.optional(),
  values: z.record(z.string(), z.string()).optional(),
});

const readerOf = (effect: Effect) =>
  createArgumentReader(
    defineTool({
      name: 'change_it',
      title: 'Change it',
      description: 'Changes it.',
      effect,
      method: 'update',
      tags: [],
      input: INPUT,
      output: z.object({}),
      run: async () => ({}),
    }),
  );

const changing = readerOf('writes');
const reading = readerOf('reads');

/** What the tool gets, without the two defaults. */
function meaning(args: unknown, read = changing): Record<string, unknown> {
  const result = read(args);
  if (!result.success) throw result.error;
  const { permanent, format, ...others } = result.data;
  return { ...others, ...(permanent !== true && { permanent }), ...(format !== 'text' && { format }) };
}

function sentence(args: unknown, read = changing): string {
  const result = read(args);
  return result.success ? `It was read as ${JSON.stringify(result.data)}` : result.error.message;
}

describe('an absent parameter', () => {
  test.each([
    ['no arguments', undefined],
    ['null', null],
    ['an empty list', []],
    ['an empty text', ''],
    ['the text of an empty object', '{}'],
    ['null for each parameter', Object.fromEntries(Object.keys(INPUT.shape).map((name) => [name, null]))],
    ['null inside of values', { people: [null, { name: null, address: null }], sender: { name: null }, flags: [null] }],
    ['empty texts', { folder: '', flags: '', sender: '', values: '', uid: '', close: '', format: '' }],
    ['empty lists', { folder: [], flags: [], sender: [], values: [], uid: [], close: [], format: [] }],
    ['empty objects', { folder: {}, flags: {}, sender: {}, values: {}, uid: {}, close: {}, format: {} }],
    ['lists of nothing', { flags: ['', null], people: [{}, null, { name: '' }], labels: [null], to: ['', null] }],
    ['the text null where no text is wanted', { uid: 'null', close: 'null', flags: 'null', sender: 'null' }],
    ['false where only true has a meaning', { close: false }],
    ['null for a parameter that does not exist', { nothing: null }],
    ['what hosts add', { _meta: { a: 1 }, random_string: 'x', explanation: 'because', wait_for_previous: true }],
  ])('%s means the same as leaving it out', (_, args) => {
    expect(meaning(args)).toEqual({});
    expect(meaning(args, reading)).toEqual({});
  });

  test.each([
    [{ notes: '' }, { notes: '' }],
    [{ labels: [] }, { labels: [] }],
    [{ labels: '[]' }, { labels: [] }],
  ])('%j empties the field if the declaration says so', (args, expected) => {
    expect(meaning(args)).toEqual(expected);
  });

  test.each([
    [{ notes: [] }],
    [{ notes: null }],
    [{ labels: '' }],
    [{ labels: {} }],
    [{ labels: 'null' }],
    [{ labels: [null] }],
  ])('%j empties no field', (args) => {
    expect(meaning(args)).toEqual({});
  });

  test.each([
    [{ permanent: '' }],
    [{ permanent: [] }],
    [{ permanent: {} }],
    [{ permanent: 'null' }],
    [{ only: '' }],
    [{ only: [] }],
    [{ uids: [] }],
    [{ uids: '' }],
    [{ uids: '[]' }],
    [{ uids: [null] }],
    [{ uids: [''] }],
  ])('%j is an error if the call would do more without it, and only in a tool that changes something', (args) => {
    const [name] = Object.keys(args);
    expect(sentence(args)).toMatch(new RegExp(`^Nothing was done, because ${name}\\b.* is empty`));
    expect(meaning(args, reading)).toEqual({});
  });
});

describe('another spelling', () => {
  test.each([
    [{ uid: '7' }, { uid: 7 }],
    [{ uid: '7.0' }, { uid: 7 }],
    [{ ratio: '-0.5' }, { ratio: -0.5 }],
    [{ permanent: 'false' }, { permanent: false }],
    [{ permanent: 'False' }, { permanent: false }],
    [{ close: 'true' }, { close: true }],
    [{ close: 'TRUE' }, { close: true }],
    [{ close: 'false' }, {}],
    [{ folder: 2025 }, { folder: '2025' }],
    [{ flags: '["a","b"]' }, { flags: ['a', 'b'] }],
    [{ flags: '\\Seen' }, { flags: ['\\Seen'] }],
    [{ flags: ['a', null, 5] }, { flags: ['a', '5'] }],
    [{ uids: 5 }, { uids: [5] }],
    [{ uids: ['5', 6] }, { uids: [5, 6] }],
    [{ to: ['a@example.com', 'Bo <b@example.com>'] }, { to: 'a@example.com, Bo <b@example.com>' }],
    [{ to: '["a@example.com"]' }, { to: 'a@example.com' }],
    [{ people: { name: 'Ann' } }, { people: [{ name: 'Ann' }] }],
    [{ people: '[{"name":"Ann","address":null}]' }, { people: [{ name: 'Ann' }] }],
    [{ people: '{"name":"Ann"}' }, { people: [{ name: 'Ann' }] }],
    [{ sender: '{"name":"Ann"}' }, { sender: { name: 'Ann' } }],
    [{ values: '{"1":"Ann","2":null,"3":""}' }, { values: { 1: 'Ann', 3: '' } }],
    ['{"uid":"7"}', { uid: 7 }],
  ])('%j is read as %j', (args, expected) => {
    expect(meaning(args)).toEqual(expected);
  });

  test.each([
    ['uid', '1e3'],
    ['uid', ' 1'],
    ['uid', '0x10'],
    ['uid', '01'],
    ['uid', '+1'],
    ['uid', '1.5'],
    ['uid', '１'],
    ['uid', '9'.repeat(400)],
    ['uid', true],
    ['uid', [1, 2]],
    ['permanent', 'yes'],
    ['permanent', '1'],
    ['permanent', 0],
    ['permanent', 'no'],
    ['folder', true],
    ['folder', 1.5],
    ['folder', ['a', 'b']],
    ['people', 'ann@example.com'],
    ['sender', 'Ann'],
    ['sender', '{"name":'],
    ['values', 'a=b'],
    ['flags', [['a']]],
  ])('%s %j is not clear, and is refused', (name, value) => {
    expect(sentence({ [name]: value })).toMatch(new RegExp(`^Wrong arguments for change_it: ${name}`));
  });

  test('JSON in a long text is not parsed', () => {
    const flags = JSON.stringify(['a', 'b'.repeat(70_000)]);
    expect(meaning({ flags })).toEqual({ flags: [flags] });
  });
});

describe('an error', () => {
  test.each([
    [{ uid: 'first' }, 'uid: must be a whole number such as 20 (UID of the message)'],
    [{ uid: 0 }, 'uid: must be at least 1'],
    [{ uid: 101 }, 'uid: must be at most 100'],
    [{ folder: 'f'.repeat(21) }, 'folder: must have at most 20 characters'],
    [{ flags: ['a', 'b', 'c', 'd'] }, 'flags: must have at most 3 entries'],
    [{ format: 'xml' }, 'format: must be one of "text", "html"'],
    [{ sender: { name: true } }, 'sender.name: must be a text'],
    [{ people: [{ nam: 'Ann' }] }, 'people.0: there is no parameter "nam"; probably name is meant'],
    [{ permanant: false }, 'there is no parameter "permanant"; probably permanent is meant'],
    [{ isPermanent: false }, 'there is no parameter "isPermanent"; probably permanent is meant'],
    [{ Folder: 'a' }, 'there is no parameter "Folder"; probably folder is meant'],
    [5, 'the arguments must be an object with the parameters by name'],
    [[1], 'the arguments must be an object with the parameters by name'],
    ['folder', 'the arguments must be an object with the parameters by name'],
  ])('of %j is one sentence', (args, expected) => {
    expect(sentence(args)).toBe(`Wrong arguments for change_it: ${expected}.`);
    expect(sentence(args, reading)).toBe(`Wrong arguments for change_it: ${expected}.`);
  });

  test('of a parameter that resembles none names all', () => {
    expect(sentence({ xyz: 1 }, reading)).toMatch(/no parameter "xyz"; there are uid, ratio, folder, .*values\.$/);
  });

  test.each([
    ['notes', (text: string) => ({ notes: text })],
    ['labels[1]', (text: string) => ({ labels: ['a', text] })],
    ['people[0].name', (text: string) => ({ people: [{ name: text }] })],
    ['values', (text: string) => ({ values: { '1': text } })],
  ])('of a text that is too long names it: %s', (path, argumentsWith) => {
    expect(sentence(argumentsWith('漢'.repeat(1_000_001)))).toBe(`${path} may have 1,000,000 characters at most.`);
    expect(sentence(argumentsWith('漢'.repeat(1_000_000)))).not.toContain('1,000,000');
  });

  test.each([[{ folder: 'a\u0000b' }], [{ flags: ['a\u0000'] }], [{ people: [{ name: '\u0000' }] }]])(
    'of %j says where NUL is',
    (args) => {
      expect(sentence(args)).toMatch(/^(folder|flags\[0\]|people\[0\]\.name) holds the character U\+0000/);
    },
  );

  test.each([
    ['{"__proto__":{"permanent":false}}'],
    ['{"constructor":{"prototype":{"permanent":false}}}'],
    ['{"sender":{"__proto__":{"name":"Ann"}}}'],
    ['{"toString":"a"}'],
    ['{"hasOwnProperty":true}'],
  ])('of %s changes no prototype', (json) => {
    expect(sentence(JSON.parse(json))).toMatch(/^Wrong arguments for change_it: .*there is no parameter/);
    expect(({} as Record<string, unknown>).permanent).toBeUndefined();
  });

  const many = (entry: unknown) => Array.from({ length: 100_000 }, () => entry);
  test.each([
    ['members', Object.fromEntries(many(0).map((_, index) => [`parameter${index}`, index]))],
    ['entries of a list', { flags: many(true) }],
    ['objects of a list', { people: many({ nam: 1 }) }],
    ['members of an object', { sender: Object.fromEntries(many(0).map((_, index) => [`m${index}`, 1])) }],
    ['addresses', { to: many('a@example.com') }],
  ])('of a hundred thousand wrong %s is short and comes at once', (_, args) => {
    const begin = performance.now();
    expect(sentence(args).length).toBeLessThan(200);
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  test('of a thousand wrong members is short', () => {
    const args = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${index}`.repeat(200), index]));
    expect(sentence(args).length).toBeLessThan(1000);
  });
});

/** Parameters without which a call does more: an empty one is an error. */
const NARROWING: Record<string, string[]> = {
  delete_mail_message: ['uid_validity', 'permanent', 'dry_run'],
  move_mail_message: ['dry_run', 'uid_validity'],
  update_mail_message_flags: ['dry_run', 'uid_validity'],
  unsubscribe_mail: ['uid_validity'],
  create_a_missive_webhook: [
    'organization',
    'content_contains',
    'content_starts_with',
    'content_ends_with',
    'from_eq',
    'subject_contains',
    'is_task',
    'author',
    'mention',
  ],
  send_a_missive_message: ['conversation', 'send_at', 'auto_followup'],
  create_a_missive_draft: ['conversation'],
  create_a_missive_message: ['conversation'],
  create_a_missive_post: ['conversation'],
  create_a_missive_shared_label: ['visibility'],
  update_a_missive_shared_label_by_id: ['visibility'],
  create_a_missive_response: ['share_with_team'],
  update_a_missive_response_by_id: ['share_with_team'],
};

/** Fields that an empty value empties. */
const CLEARING: Record<string, string[]> = {
  send_mail_message: ['subject'],
  create_draft_mail_message: ['subject'],
  update_a_missive_contact_by_id: [
    'first_name',
    'middle_name',
    'last_name',
    'phonetic_first_name',
    'phonetic_middle_name',
    'phonetic_last_name',
    'prefix',
    'suffix',
    'nickname',
    'file_as',
    'notes',
    'gender',
    'infos',
    'memberships',
  ],
  update_a_missive_conversation_by_id: ['subject'],
  update_a_missive_task_by_id: ['description', 'assignees'],
  update_a_missive_team_by_id: ['emoji', 'active_members', 'observers'],
  update_a_missive_shared_label_by_id: ['share_with_users'],
  update_a_missive_response_by_id: ['body', 'subject', 'shared_labels', 'to_fields', 'cc_fields', 'bcc_fields'],
};

test.each([[''], [[]], [null], [undefined]])('a draft with the recipients %j has none yet', (to) => {
  const draft = [...mailTools].find(({ name }) => name === 'create_draft_mail_message') ?? expect.unreachable();
  const read = createArgumentReader<never>(draft)({ subject: '', to });
  expect(read).toMatchObject({ success: true, data: { subject: '' } });
  expect(read).not.toHaveProperty('data.to');
});

/** Parameters that are required unless the message follows from another one. */
const REQUIRED_ALONE: Record<string, Record<string, unknown>> = {
  send_mail_message: { to: 'ann@example.com', subject: 'a' },
  create_draft_mail_message: { subject: 'a' },
};

test.each([
  [{ to: 'ann@example.com' }, 'subject: is missing'],
  [{ subject: 'a' }, 'to: is missing'],
  [{ as: 'reply', text_body: 'a' }, 'of: is missing'],
  [{ of: 'INBOX/5', text_body: 'a' }, 'as: is missing'],
  [{ as: 'reply', of: 'INBOX' }, 'of: must name a message'],
])('a message that lacks a parameter names it: %j', (args, sentence) => {
  const send = [...mailTools].find(({ name }) => name === 'send_mail_message') ?? expect.unreachable();
  const read = createArgumentReader<never>(send)(args);
  expect(read.success ? '' : read.error.message).toContain(sentence);
});

const changingTools = [...mailTools, ...missiveTools].filter(({ effect }) => effect !== 'reads');

/** A value that the schema accepts, found by trying. */
function example(schema: z.ZodType): unknown {
  const id = '0a900000-0000-4000-8000-000000000001';
  const person = { address: 'ann@example.com' };
  const samples = [
    'INBOX',
    5,
    id,
    [id],
    person,
    [person],
    true,
    'https://example.com/a',
    ['a'],
    { title: 'a', body: 'b' },
  ];
  const more = [
    'incoming_email',
    'group',
    'todo',
    'ann@example.com',
    { tz: 'a', t: [] },
    { a: 'b' },
    '#c02020',
    'organization',
  ];
  return [...samples, ...more].find((value) => schema.safeParse(value).success);
}

describe.each(changingTools.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  const read = createArgumentReader<never>(tool);
  const required = {
    ...Object.fromEntries(
      Object.entries(tool.input.shape)
        .filter(([, schema]) => !schema.safeParse(undefined).success)
        .map(([parameter, schema]) => [parameter, example(schema)]),
    ),
    ...REQUIRED_ALONE[name],
  };
  const without = read(required);
  const optional = Object.keys(tool.input.shape).filter((parameter) => !(parameter in required));

  test('its required parameters alone are accepted', () => {
    expect(without).toMatchObject({ success: true });
  });

  test.each(optional.map((parameter) => [parameter]))('null as %s means the same as leaving it out', (parameter) => {
    expect(read({ ...required, [parameter]: null })).toEqual(without);
  });

  test('an empty optional parameter never asks for more than the call without it', () => {
    const outcomes: Record<string, Set<string>> = { refused: new Set(), cleared: new Set() };
    for (const parameter of optional) {
      for (const empty of ['', [], {}, 'null', [null], [''], '[]', '{}']) {
        const result = read({ ...required, [parameter]: empty });
        if (!result.success) {
          if (result.error.message.startsWith('Nothing was done')) outcomes.refused?.add(parameter);
          continue;
        }
        const value = result.data[parameter];
        const isCleared = value === '' || (Array.isArray(value) && value.length === 0);
        const isText = typeof empty === 'string' && value === empty;
        if (JSON.stringify(result) === JSON.stringify(without)) continue;
        expect(isCleared || isText, `${parameter} ${JSON.stringify(empty)}`).toBe(true);
        if (isCleared) outcomes.cleared?.add(parameter);
      }
    }
    expect([...(outcomes.refused ?? [])].sort()).toEqual([...(NARROWING[name] ?? [])].sort());
    const clearing = (CLEARING[name] ?? []).filter((parameter) => optional.includes(parameter));
    expect([...(outcomes.cleared ?? [])].sort()).toEqual(clearing.sort());
  });

  test.each(Object.keys(required).map((parameter) => [parameter]))(
    'an empty %s is refused, as it is required',
    (parameter) => {
      for (const empty of [null, '', [], {}]) {
        const result = read({ ...required, [parameter]: empty });
        const mayBeEmpty = CLEARING[name]?.includes(parameter) === true && empty === '';
        expect(result.success, JSON.stringify(empty)).toBe(mayBeEmpty);
      }
    },
  );

  test('a parameter that does not exist is refused, whatever it holds', () => {
    for (const value of ['x', false, 0, '', [], {}]) {
      expect(read({ ...required, permanently: value })).toMatchObject({ success: false });
    }
  });
});
