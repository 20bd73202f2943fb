/** The limits of operator and owner, in the list of tools and at each call. */
import { describe, expect, test } from 'vitest';
import type { MissiveTag } from '../../../src/mcp/tool.ts';
import { missiveOperations } from '../../../src/mcp/tools/missive.ts';
import { type Permit, type Policy, UNLIMITED } from '../../../src/policy.ts';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';

const limited = (policy: Policy): Permit => ({ ...UNLIMITED, policy });
const jane = { name: 'Jane Doe', address: 'jane.doe@customer.example' };
const support = { name: 'Support', address: 'support@example.org' };
const READ: Policy['methods'] = ['list', 'get', 'search'];

test.each(missiveOperations.filter(({ effect }) => effect !== 'reads').map(({ name }) => [name]))(
  'a connection that may only read neither lists nor calls %s',
  async (name) => {
    const permit = limited({ methods: READ });
    await using tools = await startMissiveTools({ permit });
    expect(tools.catalog.list(permit).map((tool) => tool.name)).not.toContain(name);
    expect(await tools.failure(name, {})).toMatchObject({
      name: 'ToolError',
      message: expect.stringMatching(/no tool/),
    });
    expect(tools.seen()).toEqual([]);
  },
);

test.each([
  ['contacts', 7],
  ['labels', 4],
  ['directory', 5],
  ['analytics', 3],
  ['webhooks', 3],
] satisfies [MissiveTag, number][])(
  'the tag %s leaves its %i tools, organizations among them, and no other',
  async (tag, count) => {
    const permit = limited({ tags: [tag] });
    await using tools = await startMissiveTools({ permit });
    const listed = tools.catalog.list(permit).map(({ name }) => name);
    expect(listed).toEqual(missiveOperations.filter(({ tags }) => tags.includes(tag)).map(({ name }) => name));
    expect(listed).toHaveLength(count);
  },
);

test('methods, tags and tools combine with AND', async () => {
  const permit = limited({
    methods: READ,
    tags: ['contacts', 'labels'],
    tools: ['list_all_missive_contacts', 'create_a_missive_contact', 'list_all_missive_users'],
  });
  await using tools = await startMissiveTools({ permit });
  expect(tools.catalog.list(permit).map(({ name }) => name)).toEqual(['list_all_missive_contacts']);
});

describe('a change of a conversation together with something new in it', () => {
  const along = [
    ['create_a_missive_post', { conversation: ids.outage, notification: { title: 'a', body: 'b' }, text: 'x' }],
    ['create_a_missive_draft', { conversation: ids.outage, body: 'x' }],
    ['send_a_missive_message', { conversation: ids.outage, body: 'x', from_field: support, to_fields: [jane] }],
  ] as const;
  const changes = [
    { close: true },
    { organization: ids.organization, add_shared_labels: [ids.urgent] },
    { organization: ids.organization, add_assignees: [ids.bo] },
    { conversation_subject: 'Other' },
    { add_to_inbox: true },
  ];

  test.each(along)('%s requires the permission for update_a_missive_conversation_by_id', async (tool, args) => {
    const permit = limited({ tools: [tool] });
    await using tools = await startMissiveTools({ permit });
    for (const change of changes) {
      const error = await tools.failure(tool, { ...args, ...change });
      expect(error).toMatchObject({ message: expect.stringContaining('update_a_missive_conversation_by_id') });
    }
    expect(tools.seen()).toEqual([]);
    await tools.call(tool, args);
    expect(tools.seen()).toHaveLength(1);
  });

  test('a post that reopens a conversation requires it too', async () => {
    const permit = limited({ tools: ['create_a_missive_post'] });
    await using tools = await startMissiveTools({ permit });
    const args = { conversation: ids.closed, notification: { title: 'a', body: 'b' }, text: 'x', reopen: true };
    expect(await tools.failure('create_a_missive_post', args)).toMatchObject({ name: 'ToolError' });
  });

  test('a new conversation may have a title without that permission', async () => {
    const permit = limited({ tools: ['create_a_missive_post'] });
    await using tools = await startMissiveTools({ permit });
    const args = { conversation_subject: 'New', notification: { title: 'a', body: 'b' }, text: 'x' };
    expect(await tools.call('create_a_missive_post', args)).toMatchObject({ post: { id: expect.any(String) } });
  });
});

describe('recipients', () => {
  const permit = limited({ recipients: ['@customer.example'] });
  const message = { body: 'x', from_field: support };

  test.each([
    ['an address elsewhere', { to_fields: [{ address: 'eve@elsewhere.example' }] }],
    ['an address elsewhere among allowed ones', { to_fields: [jane, { address: 'eve@elsewhere.example' }] }],
    ['a blind copy', { to_fields: [jane], bcc_fields: [{ address: 'eve@elsewhere.example' }] }],
    ['a copy', { to_fields: [jane], cc_fields: [{ address: 'eve@elsewhere.example' }] }],
    ['a number', { to_fields: [{ phone_number: '+15550100199' }] }],
    ['an id of a channel', { to_fields: [{ id: 'jane@customer.example' }] }],
    ['an allowed address beside a number', { to_fields: [{ address: jane.address, phone_number: '+15550100199' }] }],
  ])('that are limited exclude %s, without a request', async (_, to) => {
    await using tools = await startMissiveTools({ permit });
    const error = await tools.failure('send_a_missive_message', { ...message, ...to });
    expect(error).toMatchObject({ name: 'ToolError', message: expect.stringMatching(/recipients are not allowed/) });
    expect(tools.seen()).toEqual([]);
  });

  test('that are limited include addresses of an allowed domain', async () => {
    await using tools = await startMissiveTools({ permit });
    const to_fields = [{ address: 'Jane.Doe@Customer.Example' }];
    await tools.call('send_a_missive_message', { ...message, to_fields });
    expect(tools.seen()).toHaveLength(1);
  });

  test('that are limited exclude webhooks, which would send mail to others', async () => {
    await using tools = await startMissiveTools({ permit });
    const args = { type: 'incoming_email', url: 'https://customer.example/in' };
    expect(await tools.failure('create_a_missive_webhook', args)).toMatchObject({ name: 'ToolError' });
    expect(tools.seen()).toEqual([]);
  });

  test('that the owner limited are enforced as well', async () => {
    const consent = { recipients: ['bo@example.org'] };
    await using tools = await startMissiveTools({ permit: { ...UNLIMITED, consent } });
    const error = await tools.failure('send_a_missive_message', { ...message, to_fields: [jane] });
    expect(error).toMatchObject({ message: expect.stringMatching(/owner/) });
  });
});

test('a limit of no messages an hour refuses every message, without a request', async () => {
  await using tools = await startMissiveTools({ permit: limited({ max_sends_per_hour: 0 }) });
  const args = { body: 'x', from_field: support, to_fields: [jane] };
  expect(await tools.failure('send_a_missive_message', args)).toMatchObject({ name: 'ToolError' });
  expect(tools.seen()).toEqual([]);
});

test('every tool that sends declares its recipients, so that operator and owner can limit them', () => {
  const sending = missiveOperations.filter(({ effect }) => effect === 'sends');
  expect(sending.map(({ name }) => name)).toEqual(['send_a_missive_message', 'create_a_missive_webhook']);
  expect(sending.every(({ recipients }) => recipients !== undefined)).toBe(true);
});
