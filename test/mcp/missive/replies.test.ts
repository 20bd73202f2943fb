/** A reply has its sender, recipients, subject and references from the message that it answers. */
import { describe, expect, test } from 'vitest';
import { UNLIMITED } from '../../../src/policy.ts';
import { ids } from '../../support/missive/ids.ts';
import { type MissiveTools, startMissiveTools } from '../../support/missive/missive-tools.ts';
import { jane, message, support } from '../../support/missive/rows.ts';

const SEND = 'send_a_missive_message';
const written = (tools: MissiveTools) => tools.seen().filter(({ method }) => method !== 'GET');
const max = { name: 'Max Moe', address: 'max@company.example' };

describe.each([[SEND], ['create_a_missive_draft']])('MSV-21 %s', (tool) => {
  test.each([
    [{ conversation: ids.prospect }],
    [{ conversation_id: ids.prospect, as: 'reply' }],
    [{ of: ids.janesMessage }],
    [{ message_id: ids.janesMessage }],
    [{ conversation: `https://mail.missiveapp.com/#inbox/conversations/${ids.prospect}`, subject: '', to_fields: [] }],
  ])('needs a body only: %j', async (args) => {
    await using tools = await startMissiveTools();
    const result = await tools.call(tool, { ...args, body: 'Here it is.' });
    expect(written(tools)).toMatchObject([
      {
        body: {
          drafts: {
            conversation: ids.prospect,
            references: ['<a1@customer.example>'],
            from_field: support,
            to_fields: [jane],
            subject: 'Re: Offer for 200 seats',
            body: '<div>Here it is.</div>',
          },
        },
      },
    ]);
    expect(JSON.stringify(written(tools))).not.toMatch(/"(as|of|body_format|idempotency_key|cc_fields)"/);
    expect(result.filled_in).toEqual({
      of: ids.janesMessage,
      from_field: 'Support <support@example.org>',
      to_fields: ['Jane Doe <jane.doe@customer.example>'],
      subject: 'Re: Offer for 200 seats',
    });
  });

  test('answers all others outside, and none of our own addresses', async () => {
    await using tools = await startMissiveTools();
    const cc_fields = [max, { address: 'Bo@Example.org' }, { address: 'sales@example.org' }];
    tools.missive.data.messages.push(
      message({
        id: ids.message(90),
        _conversation: ids.older,
        subject: 'AW: Crane',
        to_fields: [support, max],
        cc_fields,
      }),
    );
    await tools.call(tool, { conversation: ids.older, as: 'reply_all', body: 'x' });
    const [request] = written(tools);
    expect(request?.body).toMatchObject({
      drafts: { to_fields: [jane, max], from_field: support, subject: 'Re: Crane' },
    });
    expect(JSON.stringify(request?.body)).not.toMatch(/bo@example|sales@example/i);
  });

  test('goes where Reply-To says, and warns of another domain', async () => {
    await using tools = await startMissiveTools();
    const reply_to_fields = [{ address: 'claims@other.example' }];
    tools.missive.data.messages.push(message({ id: ids.message(90), _conversation: ids.older, reply_to_fields }));
    const result = await tools.call(tool, { conversation: ids.older, body: 'x' });
    expect(written(tools)).toMatchObject([{ body: { drafts: { to_fields: [{ address: 'claims@other.example' }] } } }]);
    expect(result.warnings).toEqual(['Reply-To is on another domain than From: answers go to claims@other.example.']);
  });

  test('keeps what the call gives itself', async () => {
    await using tools = await startMissiveTools();
    const args = { conversation: ids.prospect, to_fields: ['max@company.example'], subject: 'Hello', body: 'x' };
    await tools.call(tool, args);
    expect(written(tools)).toMatchObject([
      { body: { drafts: { to_fields: [{ address: 'max@company.example' }], subject: 'Hello', from_field: support } } },
    ]);
  });

  test('answers a number from the number that it wrote to', async () => {
    await using tools = await startMissiveTools();
    tools.missive.data.messages.push(
      message({
        id: ids.message(90),
        _conversation: ids.older,
        type: 'sms',
        subject: null,
        from_field: { phone_number: '+15550100199', name: 'Jane' },
        to_fields: [{ phone_number: '+15550100100' }],
      }),
    );
    await tools.call(tool, { conversation: ids.older, body: 'a & b' });
    expect(written(tools)).toMatchObject([
      {
        body: {
          drafts: {
            to_fields: [{ phone_number: '+15550100199' }],
            from_field: { phone_number: '+15550100100' },
            body: 'a & b',
          },
        },
      },
    ]);
  });
});

test('MSV-21 the limits of recipients hold for those that follow', async () => {
  const permit = { ...UNLIMITED, policy: { recipients: ['@elsewhere.example'] } };
  await using tools = await startMissiveTools({ permit });
  expect(await tools.failure(SEND, { conversation: ids.prospect, body: 'x' })).toMatchObject({
    message: expect.stringMatching(/some recipients are not allowed/),
  });
  expect(written(tools)).toEqual([]);
});

test.each([
  [{ as: 'reply' }, /conversation is missing/],
  [{ of: ids.unknown }, /no such message/],
  [{ conversation: ids.closed }, /to_fields is empty/],
])('MSV-21 nothing is sent without an original: %j', async (args, says) => {
  await using tools = await startMissiveTools();
  expect(await tools.failure(SEND, { ...args, body: 'x' })).toMatchObject({
    name: 'ToolError',
    message: expect.stringMatching(says),
  });
  expect(written(tools)).toEqual([]);
});

test('MSV-21 a connection that may not read conversations drafts as before, and sends with sender and recipients', async () => {
  await using tools = await startMissiveTools({ permit: { ...UNLIMITED, policy: { tags: ['drafts'] } } });
  await tools.call('create_a_missive_draft', { conversation: ids.prospect, body: 'x' });
  expect(tools.seen()).toHaveLength(1);
  expect(await tools.failure(SEND, { conversation: ids.prospect, body: 'x' })).toMatchObject({ name: 'ToolError' });
  await tools.call(SEND, { conversation: ids.prospect, body: 'x', from_field: support, to_fields: [jane] });
  expect(tools.seen()).toHaveLength(2);
});

test('one post labels, assigns, closes and leaves a note', async () => {
  await using tools = await startMissiveTools();
  await tools.call('create_a_missive_post', {
    conversation: ids.outage,
    notification: { title: 'Escalated', body: 'Database outage' },
    markdown: 'Escalated: **database outage**.',
    add_shared_labels: 'Escalated / Engineering',
    remove_shared_labels: ['Support / Urgent'],
    add_assignees: 'Bo Li',
    close: true,
  });
  expect(written(tools)).toMatchObject([
    {
      path: '/posts',
      body: {
        posts: {
          organization: ids.organization,
          add_shared_labels: [ids.engineering],
          remove_shared_labels: [ids.urgent],
          add_assignees: [ids.bo],
          close: true,
        },
      },
    },
  ]);
});

describe('MSV-22 a call with an idempotency_key', () => {
  const args = { conversation: ids.prospect, body: 'Here it is.', idempotency_key: 'k-1' };
  const sends = (tools: MissiveTools) => written(tools).length;

  test.each([
    [SEND, 'message'],
    ['create_a_missive_draft', 'draft'],
  ])('%s is made once', async (tool, as) => {
    await using tools = await startMissiveTools();
    const first = await tools.call(tool, args);
    const again = await tools.call(tool, args);
    expect(again).toEqual({ ...first, already_done: true });
    expect([sends(tools), first[as]]).toMatchObject([1, { id: expect.any(String) }]);
    await tools.call(tool, { ...args, idempotency_key: 'k-2' });
    expect(sends(tools)).toBe(2);
  });

  test.each([
    [{ body: 'Other' }],
    [{ to_fields: ['max@company.example'] }],
    [{ subject: 'x' }],
    [{ conversation: ids.outage }],
  ])('is an error with other contents: %j', async (other) => {
    await using tools = await startMissiveTools();
    await tools.call(SEND, args);
    expect(await tools.failure(SEND, { ...args, ...other })).toMatchObject({
      name: 'ToolError',
      message: expect.stringMatching(/was used for another message/),
    });
    expect(sends(tools)).toBe(1);
  });

  test('is sent by one of two replicas at a time, and the other says so', async () => {
    await using first = await startMissiveTools();
    await using second = await startMissiveTools({ state: first.state, data: first.missive.data });
    const both = await Promise.allSettled([first.call(SEND, args), second.call(SEND, args)]);
    expect(sends(first) + sends(second)).toBe(1);
    expect(both.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    const later = await second.call(SEND, args);
    expect(later).toMatchObject({ already_done: true, message: { conversation: ids.prospect } });
    expect(sends(first) + sends(second)).toBe(1);
    expect(await second.failure(SEND, { ...args, body: 'Other' })).toMatchObject({ name: 'ToolError' });
  });

  test.each([['silent' as const], ['cut' as const]])('is not sent again after a lost answer (%s)', async (kind) => {
    await using tools = await startMissiveTools({ totalMs: 300 });
    tools.missive.misbehave({ kind, done: false }, { method: 'POST' });
    expect(await tools.failure(SEND, args)).toMatchObject({ fault: 'unknown_outcome' });
    expect(await tools.failure(SEND, args)).toMatchObject({ fault: 'unknown_outcome' });
    expect(sends(tools)).toBe(1);
  });

  test('has the message that Missive shows after a lost answer', async () => {
    await using tools = await startMissiveTools({ totalMs: 300 });
    tools.missive.misbehave({ kind: 'cut', done: true }, { method: 'POST' });
    expect(await tools.failure(SEND, args)).toMatchObject({ fault: 'unknown_outcome' });
    expect(await tools.call(SEND, args)).toMatchObject({
      already_done: true,
      message: { id: expect.any(String), conversation: ids.prospect },
    });
    expect(sends(tools)).toBe(1);
  });

  test('may be repeated after a refusal, which certainly sent nothing', async () => {
    await using tools = await startMissiveTools();
    tools.missive.misbehave({ kind: 'answer', status: 400, json: { error: { message: 'no' } } }, { method: 'POST' });
    await tools.failure(SEND, args);
    expect(await tools.call(SEND, args)).not.toHaveProperty('already_done');
    expect(sends(tools)).toBe(2);
  });

  test('is refused where the key cannot be remembered', async () => {
    await using tools = await startMissiveTools();
    await using other = await startMissiveTools({ areAllShared: false });
    expect(await other.failure(SEND, args)).toMatchObject({ message: expect.stringMatching(/several replicas/) });
    expect(sends(other) + sends(tools)).toBe(0);
  });
});
