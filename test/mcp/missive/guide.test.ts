/** The two workflows of the guide, with its own words, by a caller that makes no mistake: few calls and few tokens. */
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Policy, UNLIMITED } from '../../../src/policy.ts';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';

const READ = ['list', 'get', 'search'] as const;

const spent: Record<string, { calls: number; tokens: number }> = {};
afterAll(() => process.stdout.write(`${JSON.stringify(spent)}\n`));

/** Counts the characters of requests and answers; four are about one token. */
async function counted(name: string, policy: Policy) {
  const tools = await startMissiveTools({ permit: { ...UNLIMITED, policy } });
  const total = { calls: 0, tokens: 0 };
  spent[name] = total;
  return {
    tools,
    total,
    async call(tool: string, args: Record<string, unknown>) {
      const result = await tools.call(tool, args);
      total.calls += 1;
      total.tokens += Math.ceil(JSON.stringify({ tool, args, result }).length / 4);
      return result;
    },
  };
}

test('MSV-23 the external sender of a conversation becomes a contact in "VIP Prospects"', async () => {
  const { tools, total, call } = await counted('prospect', {
    methods: [...READ, 'create'],
    tags: ['contacts', 'conversations'],
  });
  await using _ = tools;
  const { outside } = z
    .object({ outside: z.array(z.string()) })
    .parse(await call('get_missive_conversation_timeline', { conversation_id: ids.prospect }));
  expect(outside).toEqual(['Jane Doe <jane.doe@customer.example>']);
  await call('create_a_missive_contact', {
    contact_book: 'VIP Prospects',
    first_name: 'Jane',
    last_name: 'Doe',
    infos: [{ kind: 'email', label: 'work', value: 'jane.doe@customer.example' }],
  });
  expect(tools.missive.data.contacts.at(-1)).toMatchObject({ contact_book: ids.vipProspects, first_name: 'Jane' });
  expect(total.calls).toBe(2);
  expect(total.tokens).toBeLessThan(1_000);
});

test.each([
  ['Escalated / Engineering', ids.engineering],
  ['Support / Urgent', ids.urgent],
])('MSV-23 a thread whose comments mention a database outage gets the label "%s"', async (label, id) => {
  const { tools, total, call } = await counted(label, {
    methods: [...READ, 'update'],
    tags: ['conversations', 'labels'],
  });
  await using _ = tools;
  const { comments } = z
    .object({ comments: z.array(z.object({ body: z.string() })) })
    .parse(await call('list_all_missive_conversation_comments', { conversation_id: ids.outage }));
  expect(comments.some(({ body }) => body.includes('database outage'))).toBe(true);
  await call('update_a_missive_conversation_by_id', { id: ids.outage, add_shared_labels: [label] });
  expect(
    JSON.stringify(tools.missive.data.conversations.find((row) => row.id === ids.outage)?.shared_labels),
  ).toContain(id);
  expect(total.calls).toBe(2);
  expect(total.tokens).toBeLessThan(700);
});

test('MSV-23 both together take at most 4 calls and 2,500 tokens', () => {
  const all = [spent.prospect, spent['Escalated / Engineering']];
  expect(all.reduce((sum, each) => sum + (each?.calls ?? 0), 0)).toBeLessThanOrEqual(4);
  expect(all.reduce((sum, each) => sum + (each?.tokens ?? 0), 0)).toBeLessThanOrEqual(2_500);
});
