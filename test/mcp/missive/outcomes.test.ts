/** The errors of a call whose response from Missive is lost, unreadable or an error. No request is repeated. */
import { describe, expect, test } from 'vitest';
import { missiveOperations } from '../../../src/mcp/tools/missive.ts';
import { createMissiveApi } from '../../../src/missive/api.ts';
import { unusedPort } from '../../support/mail/faulty-servers.ts';
import type { Fault } from '../../support/missive/faults.ts';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';

const jane = { name: 'Jane Doe', address: 'jane.doe@customer.example' };
const support = { name: 'Support', address: 'support@example.org' };

/** One write of each HTTP method, and sending, which cannot be undone. */
const WRITES: [tool: string, args: Record<string, unknown>][] = [
  ['create_a_missive_contact', { contact_book: ids.vipProspects, first_name: 'Jane' }],
  ['send_a_missive_message', { conversation: ids.outage, body: 'Done', from_field: support, to_fields: [jane] }],
  ['update_a_missive_conversation_by_id', { id: ids.outage, close: true }],
  ['delete_a_missive_draft_by_id', { id: ids.draft }],
];

const READS: [tool: string, args: Record<string, unknown>][] = [
  ['list_all_missive_conversations', { inbox: true }],
  ['get_single_missive_message_by_id', { id: ids.janesMessage }],
];

/** Ways to lose a response or make it unreadable, with the fault reported for a call that only reads. */
const LOST: [what: string, fault: Fault, reading: string][] = [
  ['no answer in time', { kind: 'silent' }, 'timeout'],
  ['no answer in time after the change was made', { kind: 'silent', done: true }, 'timeout'],
  ['a connection that is cut', { kind: 'cut' }, 'unreachable'],
  ['a connection that is cut after the change was made', { kind: 'cut', done: true }, 'unreachable'],
  ['half an answer', { kind: 'half an answer' }, 'unreachable'],
  ['an answer that is not JSON', { kind: 'garbage' }, 'refused'],
  ['a fault of the server', { kind: 'answer', status: 500, text: 'Internal Server Error' }, 'refused'],
  ['an error of a gateway', { kind: 'answer', status: 502, text: '<html>Bad Gateway</html>' }, 'refused'],
];

/** A short timeout only where no response comes; other responses may be slow on a busy machine. */
const timeoutFor = ({ kind }: Fault) => (kind === 'silent' ? { totalMs: 1000 } : {});

// Concurrent, as most of the time is spent waiting for the timeout.
describe.concurrent.each(LOST)('%s', (_, fault, reading) => {
  test.each(WRITES)('%s has an unknown outcome, with one request', async (tool, args) => {
    await using tools = await startMissiveTools(timeoutFor(fault));
    tools.missive.misbehave(fault, { times: 99 });
    const error = await tools.failure(tool, args);
    expect(error).toMatchObject({
      name: 'UpstreamError',
      service: 'Missive',
      fault: 'unknown_outcome',
      message: expect.stringMatching(/may have happened or not.*before trying again/),
    });
    expect(tools.seen()).toHaveLength(1);
  });

  test.each(READS)('%s may be repeated by the caller, with one request', async (tool, args) => {
    await using tools = await startMissiveTools(timeoutFor(fault));
    tools.missive.misbehave(fault, { times: 99 });
    const error = await tools.failure(tool, args);
    expect(error).toMatchObject({ name: 'UpstreamError', service: 'Missive', fault: reading });
    expect(tools.seen()).toHaveLength(1);
  });
});

test('a write that was never sent is not an unknown outcome', async () => {
  const { port } = await unusedPort();
  const api = createMissiveApi({ url: `http://127.0.0.1:${port}/v1`, token: 'any' }, { now: () => new Date() });
  await expect(api.request({ http: 'POST', path: '/posts', body: {} })).rejects.toMatchObject({
    name: 'UpstreamError',
    fault: 'unreachable',
  });
});

test.each([
  ['create_a_missive_contact', { contact_book: ids.vipProspects, first_name: 'Jane' }, { contacts: [] }],
  ['create_a_missive_post', { notification: { title: 'a', body: 'b' }, text: 'x' }, { post: null }],
  ['create_a_missive_draft', { body: 'x' }, { draft: null, body_format: 'text' }],
])('%s succeeds if the response is empty', async (tool, args, result) => {
  await using tools = await startMissiveTools();
  tools.missive.misbehave({ kind: 'empty' });
  expect(await tools.call(tool, args)).toEqual(result);
  expect(tools.seen()).toHaveLength(1);
});

test('a response of another shape is an error', async () => {
  await using tools = await startMissiveTools();
  tools.missive.misbehave({ kind: 'answer', status: 200, json: { contact_books: 'none' } });
  const error = await tools.failure('list_all_missive_contact_books');
  expect(error).toMatchObject({ name: 'UpstreamError', fault: 'refused' });
});

test.each([
  ['no known field', { posts: 'done' }],
  ['no id', { posts: { conversation: ids.outage } }],
])('a write succeeds if the response has %s', async (_, json) => {
  await using tools = await startMissiveTools();
  tools.missive.misbehave({ kind: 'answer', status: 200, json });
  const args = { notification: { title: 'a', body: 'b' }, text: 'x' };
  expect(await tools.call('create_a_missive_post', args)).toEqual({ post: null });
});

test('a field of an unexpected type is dropped, and the others are returned', async () => {
  await using tools = await startMissiveTools();
  const drafts = { id: ids.draft, conversation: { id: ids.outage }, subject: { text: 'Re: Nothing works' } };
  tools.missive.misbehave({ kind: 'answer', status: 201, json: { drafts } });
  expect(await tools.call('create_a_missive_draft', { body: 'x' })).toEqual({
    draft: { id: ids.draft, conversation: ids.outage },
    body_format: 'text',
  });
});

test('a response larger than 20 MB is an error', async () => {
  await using tools = await startMissiveTools();
  tools.missive.misbehave({ kind: 'answer', status: 200, text: ' '.repeat(21 * 1024 * 1024) });
  const error = await tools.failure('list_all_missive_contact_books');
  expect(error).toMatchObject({
    name: 'UpstreamError',
    fault: 'refused',
    message: expect.stringMatching(/fewer rows/),
  });
});

test('a redirect is not followed, so that the token is sent to no other server', async () => {
  await using tools = await startMissiveTools();
  await using elsewhere = await startMissiveTools();
  const headers = { Location: `${elsewhere.missive.url}/contact_books` };
  tools.missive.misbehave({ kind: 'answer', status: 302, headers });
  const error = await tools.failure('list_all_missive_contact_books');
  expect(error).toMatchObject({ name: 'UpstreamError' });
  expect(elsewhere.seen()).toEqual([]);
});

test('a revoked token is a credentials fault, so that the client signs in again', async () => {
  await using tools = await startMissiveTools();
  tools.missive.misbehave({
    kind: 'answer',
    status: 401,
    json: { error: { message: 'Authentication token is invalid or has been revoked' } },
  });
  const error = await tools.failure('list_all_missive_contact_books');
  expect(error).toMatchObject({ name: 'UpstreamError', service: 'Missive', fault: 'credentials' });
});

test('no error contains the token', async () => {
  const check = async (fault: Fault) => {
    await using tools = await startMissiveTools(timeoutFor(fault));
    tools.missive.misbehave(fault);
    const error = await tools.failure('list_all_missive_contact_books');
    const { message, cause } = error as Error;
    expect(`${message} ${JSON.stringify(error)} ${String(cause)}`).not.toContain(tools.missive.token);
  };
  await Promise.all(LOST.map(([, fault]) => check(fault)));
});

describe('a report', () => {
  test('that is pending returns what to call and when; the request is not repeated', async () => {
    await using tools = await startMissiveTools();
    const made = await tools.call('create_a_missive_analytics_report', {
      organization: ids.organization,
      start: 1,
      end: 2,
    });
    const { id } = made.report as { id: string };
    const error = await tools.failure('get_single_missive_analytics_report_by_id', { id });
    expect(error).toMatchObject({ name: 'ToolError', message: expect.stringMatching(/Call again after 5 seconds/) });
    expect(tools.seen()).toHaveLength(2);
    expect(await tools.call('get_single_missive_analytics_report_by_id', { id })).toMatchObject({
      report: { selected_period: { global: {} } },
    });
  });
});

test('a message with an unknown outcome counts as sent', async () => {
  const permit = {
    scope: ['mail.read', 'mail.write', 'mail.send', 'mail.delete'],
    consent: {},
    policy: { max_sends_per_hour: 1 },
  };
  await using tools = await startMissiveTools({ permit });
  const args = { body: 'Done', from_field: support, to_fields: [jane] };
  tools.missive.misbehave({ kind: 'answer', status: 400, json: { error: { message: 'No' } } });
  expect(await tools.failure('send_a_missive_message', args)).toMatchObject({ name: 'ToolError' });
  tools.missive.misbehave({ kind: 'cut', done: true });
  expect(await tools.failure('send_a_missive_message', args)).toMatchObject({ fault: 'unknown_outcome' });
  expect(await tools.failure('send_a_missive_message', args)).toMatchObject({
    name: 'ToolError',
    message: expect.stringMatching(/may send 1 message an hour/),
  });
  expect(tools.seen()).toHaveLength(2);
});

test('records that read use GET, and all others use POST, PATCH or DELETE', () => {
  const writing = missiveOperations.filter(({ effect }) => effect !== 'reads');
  expect(new Set(writing.map(({ http }) => http))).toEqual(new Set(['POST', 'PATCH', 'DELETE']));
  expect(missiveOperations.filter(({ effect, http }) => effect === 'reads' && http !== 'GET')).toEqual([]);
});
