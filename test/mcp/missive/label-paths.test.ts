/** Answers name labels by the path that every tool takes, with one request more at most. */
import { expect, test } from 'vitest';
import { ids } from '../../support/missive/ids.ts';
import { type MissiveTools, startMissiveTools } from '../../support/missive/missive-tools.ts';

const lists = (tools: MissiveTools) => tools.seen().filter(({ path }) => path === '/shared_labels').length;
const answers: [tool: string, args: Record<string, unknown>][] = [
  ['list_all_missive_conversations', { inbox: true }],
  ['list_all_missive_conversations', { shared_label: 'Support / Urgent' }],
  ['get_single_missive_conversation_by_id', { id: ids.outage }],
  ['get_missive_conversation_timeline', { conversation_id: ids.outage }],
  ['update_a_missive_conversation_by_id', { id: ids.outage, close: true }],
  ['update_a_missive_conversation_by_id', { id: ids.outage, add_shared_labels: 'Escalated / Engineering' }],
  ['merge_a_missive_conversation_by_id', { id: ids.older, target: ids.outage }],
  ['list_all_missive_responses', {}],
];

async function started(): Promise<MissiveTools> {
  const tools = await startMissiveTools();
  Object.assign(tools.missive.data.responses[0] ?? {}, { shared_labels: [ids.urgent] });
  Object.assign(tools.missive.data.conversations.find(({ id }) => id === ids.older) ?? {}, {
    shared_labels: [{ id: ids.urgent, name: 'Urgent' }],
  });
  return tools;
}

test.each(answers)('MSV-24 %s %j names the label by its path, and lists labels once', async (tool, args) => {
  await using tools = await started();
  expect(JSON.stringify(await tools.call(tool, args))).toContain('"shared_labels":["Support/Urgent"');
  expect(lists(tools)).toBe(1);
});

test('MSV-24 labels are not listed for conversations without one', async () => {
  await using tools = await startMissiveTools();
  await tools.call('get_missive_conversation_timeline', { conversation_id: ids.prospect });
  await tools.call('get_single_missive_conversation_by_id', { id: ids.closed });
  expect(lists(tools)).toBe(0);
});

test.each([{ kind: 'rate limited', retryAfter: 9 } as const, { kind: 'empty' } as const, { kind: 'cut' } as const])(
  'an answer has the names of labels whose list cannot be read: %j',
  async (fault) => {
    await using tools = await startMissiveTools();
    tools.missive.misbehave(fault, { path: '/shared_labels' });
    const args = { id: ids.outage, close: true };
    expect(await tools.call('update_a_missive_conversation_by_id', args)).toMatchObject({
      conversation: { shared_labels: ['Urgent'], users: [expect.stringContaining('closed'), expect.anything()] },
    });
  },
);
